package app_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// An error names its kind once, however many use cases it passed.
func TestErrorsNameTheirKindOnce(t *testing.T) {
	bad := &app.Error{Kind: app.BadCredentials}
	for want, err := range map[string]error{
		"bad credentials":                             bad,
		"sign in: bad credentials":                    &app.Error{Kind: app.BadCredentials, Op: "sign in", Err: bad},
		"sign in: check: bad credentials":             &app.Error{Kind: app.BadCredentials, Op: "sign in", Err: fmt.Errorf("check: %w", bad)},
		"sign in: busy: bad credentials":              &app.Error{Kind: app.Busy, Op: "sign in", Err: bad},
		"sign in: internal: disk full":                &app.Error{Kind: app.Internal, Op: "sign in", Err: errors.New("disk full")},
		"register: invalid: email pattern: invalid":   &app.Error{Kind: app.Invalid, Op: "register", Violations: []app.Violation{{"email", app.Pattern}}, Err: &app.Error{Kind: app.Invalid}},
		"delete: look for another: last owner: \"a\"": &app.Error{Kind: app.LastOwner, Op: "delete", Err: &app.Error{Kind: app.LastOwner, Op: "look for another", Err: errors.New(`"a"`)}},
	} {
		require.EqualError(t, err, want)
	}
}
