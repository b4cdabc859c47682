package body

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"accord/app"
)

// rule is a tag of the DTOs: its name on the wire and its check, which passes
// whatever an earlier tag of the same field is there to catch.
type rule struct {
	name  app.Rule
	holds validator.Func
}

var rules = map[string]rule{
	"notBlank":     {app.NotBlank, func(fl validator.FieldLevel) bool { return !blank(fl.Field()) }},
	"present":      {app.NotBlank, present},
	"notBlankWith": {app.NotBlank, func(fl validator.FieldLevel) bool { return !blank(fl.Field()) || !blank(other(fl)) }},
	"text":         {app.TypeMismatch, func(fl validator.FieldLevel) bool { return fl.Field().Kind() == reflect.String }},
	"textOrSwitch": {app.TypeMismatch, textOrSwitch},
	"length":       {app.Length, withinLength},
	"printable":    {app.Pattern, func(fl validator.FieldLevel) bool { return Printable(fl.Field().String()) }},
	// field is a definition of the use cases, and which of its rules is broken they say.
	"field":   {"", func(fl validator.FieldLevel) bool { return brokenOf(fl.Param(), fl.Field().String()) == "" }},
	"integer": {app.TypeMismatch, integer},
	"boolean": {app.TypeMismatch, boolean},
	"repositoryName": {app.Pattern, func(fl validator.FieldLevel) bool {
		return app.RepositoryNameAllowed(fl.Field().String())
	}},
}

// NewValidator knows the rules above, and fields by their JSON names without
// blanks around them.
func NewValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterCustomTypeFunc(sentValue, Value{})
	v.RegisterTagNameFunc(func(f reflect.StructField) string { return strings.TrimSpace(f.Tag.Get("json")) })
	for tag, r := range rules {
		if err := v.RegisterValidation(tag, r.holds); err != nil {
			panic("body: rule " + tag + ": " + err.Error()) // a defect of the table above
		}
	}
	return v
}

func blank(field reflect.Value) bool {
	return field.Kind() == reflect.String && strings.TrimSpace(field.String()) == ""
}

// present reports whether the client sent the field, be it empty.
func present(fl validator.FieldLevel) bool {
	return fl.Parent().FieldByName(fl.StructFieldName()).Interface().(Value).Sent != nil
}

// other is the field that the tag's parameter names.
func other(fl validator.FieldLevel) reflect.Value {
	return reflect.ValueOf(sentValue(fl.Parent().FieldByName(fl.Param())))
}

// integer takes a whole number, a string of one, and nothing at all.
func integer(fl validator.FieldLevel) bool {
	sent := Value{Sent: fl.Field().Interface()}
	_, ok := sent.Int()
	return ok || sent.Sent == ""
}

// boolean takes true, false, and nothing at all.
func boolean(fl validator.FieldLevel) bool {
	sent := fl.Field().Interface()
	_, ok := sent.(bool)
	return ok || sent == ""
}

func textOrSwitch(fl validator.FieldLevel) bool {
	return fl.Field().Kind() == reflect.String || fl.Field().Kind() == reflect.Bool
}

// withinLength counts characters, as the columns of the document do.
func withinLength(fl validator.FieldLevel) bool {
	limit, err := strconv.Atoi(fl.Param())
	return err == nil && utf8.RuneCountInString(fl.Field().String()) <= limit
}

// brokenOf is the rule of the named field that the text breaks, if any.
func brokenOf(name, text string) app.Rule {
	definition, known := app.FieldNamed(name)
	if !known { // a mistake in a tag, which would accept everything
		panic("body: there is no field " + name)
	}
	return definition.Check(text)
}

// Printable refuses control characters, and U+FFFD, which is what the decoder
// puts for bytes that are not UTF-8. White space at the ends is passed over.
func Printable(s string) bool {
	return !strings.ContainsFunc(strings.TrimSpace(s), func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}
