package infinite

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"

	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v4"

	"accord/app"
)

// value is one JSON value as the client sent it, so that a wrong type becomes a
// violation of that field and not of the whole body: nil, a bool, a string, or
// a json.RawMessage of anything else.
type value struct{ sent any }

// UnmarshalJSON keeps any JSON value. The decoder calls it with valid JSON only.
func (v *value) UnmarshalJSON(text []byte) error {
	if bytes.ContainsAny(text[:1], `"tfn`) {
		return json.Unmarshal(text, &v.sent)
	}
	v.sent = json.RawMessage(bytes.Clone(text))
	return nil
}

// text is the value where it is a string, else empty.
func (v value) text() string {
	s, _ := v.sent.(string)
	return s
}

func (v value) secret() app.Secret { return app.Secret(v.text()) }

// decode reads a request body into a DTO of values and checks the DTO's rules.
// No body and null are an object without fields. The error is Invalid, without
// violations where the body is no JSON object; or that of a body over its limit.
func decode[T any](c echo.Context, validate *validator.Validate) (T, error) {
	var in T
	body, err := io.ReadAll(c.Request().Body)
	var tooLarge *echo.HTTPError
	if errors.As(err, &tooLarge) {
		return in, err
	}
	if err == nil && len(bytes.TrimSpace(body)) > 0 {
		err = json.Unmarshal(body, &in)
	}
	if err != nil {
		return in, &app.Error{Kind: app.Invalid, Op: "decode", Err: errNotAnObject}
	}
	if found := check(validate, in); len(found) > 0 {
		return in, &app.Error{Kind: app.Invalid, Op: "decode", Violations: found}
	}
	return in, nil
}

// errNotAnObject stands for the decoder's own error, whose text may quote the
// body.
var errNotAnObject = errors.New("the body is not a JSON object")

// check lists what is wrong with a DTO, in the order of its fields.
func check(validate *validator.Validate, in any) []app.Violation {
	var faults validator.ValidationErrors
	if !errors.As(validate.Struct(in), &faults) {
		return nil
	}
	found := make([]app.Violation, len(faults))
	for i, fault := range faults {
		found[i] = app.Violation{Field: fault.Field(), Rule: rules[fault.Tag()].name}
	}
	return found
}

// sentValue shows the validator what the client sent; nothing is an empty
// string.
func sentValue(field reflect.Value) any {
	if sent := field.Interface().(value).sent; sent != nil {
		return sent
	}
	return ""
}
