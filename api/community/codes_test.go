package community

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/app"
)

// TestCodesAreTotal: every kind of failure has a code and a message, and none
// has that of success.
func TestCodesAreTotal(t *testing.T) {
	require.Len(t, codes, len(app.Kinds()))
	require.Len(t, messages, len(app.Kinds()))
	for _, kind := range app.Kinds() {
		err := fmt.Errorf("wrapped: %w", &app.Error{Kind: kind})
		want, ok := codes[kind]
		require.True(t, ok, "no code for %q", kind)
		require.NotEqual(t, success, want)
		if status := api.Status(err); status != http.StatusOK {
			require.EqualValues(t, want, status, "the status of %q is its code", kind)
		}
		require.Equal(t, want, codeOf(err))
		said := explanation(err)
		require.NotEmpty(t, said.ZH, "%q", kind)
		require.NotEmpty(t, said.EN, "%q", kind)
	}
}

// TestFailuresOfHTTPHaveTheirStatus: also where it is no use case that fails.
func TestFailuresOfHTTPHaveTheirStatus(t *testing.T) {
	for status, said := range refusals {
		err := echo.NewHTTPError(status)
		require.EqualValues(t, status, codeOf(err))
		require.Equal(t, said, explanation(err))
	}
	require.Equal(t, serverError, codeOf(echo.NewHTTPError(http.StatusTeapot)), "a defect")
	require.Equal(t, messages[app.Internal], explanation(echo.ErrTeapot))
}

// TestComplaintsNameTheFieldAsItIsHere: whatever a use case finds wrong.
func TestComplaintsNameTheFieldAsItIsHere(t *testing.T) {
	for field, here := range map[string]string{"nickname": "name", "avatarUrl": "avatar", "cover": "spacecover", "sign": "sign"} {
		for _, rule := range []app.Rule{app.NotBlank, app.Length, app.TypeMismatch, app.Pattern, app.Past, app.NotContainsDict, app.EmailSyntax} {
			said := explanation(&app.Error{Kind: app.Invalid, Violations: []app.Violation{{Field: field, Rule: rule}}})
			require.NotEmpty(t, said.ZH)
			named := slices.Contains([]app.Rule{app.NotBlank, app.Length, app.TypeMismatch}, rule)
			if _, own := complaints[here]; named || !own {
				require.Contains(t, said.ZH, here)
				require.Contains(t, said.EN, here)
			}
		}
	}
}
