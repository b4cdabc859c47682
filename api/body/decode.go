// Package body reads request bodies into DTOs of Values and checks them by
// rules that are named as on the wire. All of it is safe for concurrent use.
package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"

	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v4"

	"accord/app"
)

// Value is one JSON value as the client sent it, so that a wrong type becomes a
// violation of that field and not of the whole body.
type Value struct {
	// Sent is nil, a bool, a string, or a json.RawMessage of anything else.
	Sent any
}

// UnmarshalJSON keeps any JSON value. The decoder calls it with valid JSON only.
func (v *Value) UnmarshalJSON(text []byte) error {
	if bytes.ContainsAny(text[:1], `"tfn`) {
		return json.Unmarshal(text, &v.Sent)
	}
	v.Sent = json.RawMessage(bytes.Clone(text))
	return nil
}

// Text is the value where it is a string, else empty.
func (v Value) Text() string {
	s, _ := v.Sent.(string)
	return s
}

// Secret is Text as a secret.
func (v Value) Secret() app.Secret { return app.Secret(v.Text()) }

// Int is the value where it is a whole number, or a string of one; else false.
func (v Value) Int() (int64, bool) {
	text := v.Text()
	if raw, ok := v.Sent.(json.RawMessage); ok {
		text = string(raw)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// Decode reads a request body into a DTO of values and checks the DTO's rules.
// No body and null are an object without fields; a byte order mark before it is
// passed over. The error is Invalid, without violations where the body is no JSON
// object: its cause is then Malformed or ErrNotAnObject. Or it is that of a body over
// its limit.
func Decode[T any](c echo.Context, validate *validator.Validate) (T, error) {
	var in T
	body, err := io.ReadAll(c.Request().Body)
	var tooLarge *echo.HTTPError
	switch {
	case errors.As(err, &tooLarge):
		return in, err
	case err != nil:
		err = errBrokeOff
	}
	if err == nil && len(bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark))) > 0 {
		err = Object(body, &in)
	}
	if err != nil {
		return in, &app.Error{Kind: app.Invalid, Op: "decode", Err: err}
	}
	if found := Check(validate, in); len(found) > 0 {
		return in, &app.Error{Kind: app.Invalid, Op: "decode", Violations: found}
	}
	return in, nil
}

// Check lists what is wrong with a DTO, in the order of its fields.
func Check(validate *validator.Validate, in any) []app.Violation {
	var faults validator.ValidationErrors
	if !errors.As(validate.Struct(in), &faults) {
		return nil
	}
	found := make([]app.Violation, len(faults))
	for i, fault := range faults {
		found[i] = app.Violation{Field: fault.Field(), Rule: rules[fault.Tag()].name}
		if fault.Tag() == "field" {
			text, _ := fault.Value().(string)
			found[i].Rule = brokenOf(fault.Param(), text)
		}
	}
	return found
}

// sentValue shows the validator what the client sent; nothing is an empty
// string.
func sentValue(field reflect.Value) any {
	if sent := field.Interface().(Value).Sent; sent != nil {
		return sent
	}
	return ""
}
