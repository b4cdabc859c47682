package registry

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/app"
)

// TestStatusesAreTotal: every kind has a status and a message in both languages,
// on every path.
func TestStatusesAreTotal(t *testing.T) {
	require.Len(t, statuses, len(app.Kinds()))
	require.Len(t, phrases, len(app.Kinds()))
	for _, route := range New(Options{}).Routes {
		for _, kind := range app.Kinds() {
			err := fmt.Errorf("wrapped: %w", &app.Error{Kind: kind})
			require.GreaterOrEqual(t, statusOf(err), http.StatusBadRequest, kind)
			said := explanation(err)
			require.NotEmpty(t, said.ZH, "%s meets %q", route.Path, kind)
			require.NotEmpty(t, said.EN, "%s meets %q", route.Path, kind)
		}
	}
	require.Equal(t, http.StatusInternalServerError, statusOf(http.ErrBodyNotAllowed), "a defect")
}

// TestRefusalsAreTold: what comes to no use case keeps its status.
func TestRefusalsAreTold(t *testing.T) {
	for _, status := range []int{400, 404, 405, 413, 415, 429, 503} {
		err := fmt.Errorf("wrapped: %w", echo.NewHTTPError(status))
		require.Equal(t, status, statusOf(err))
		said := explanation(err)
		require.NotEmpty(t, said.ZH, status)
		require.NotEmpty(t, said.EN, status)
	}
}

// TestEveryComplaintHasItsWords: a broken rule of any field is told, by the
// field's own words where it has some.
func TestEveryComplaintHasItsWords(t *testing.T) {
	for v, why := range complaints {
		require.NotEmpty(t, why.ZH, v)
		require.NotEmpty(t, why.EN, v)
		if v.Rule == "" {
			v.Rule = app.NotBlank
		}
		require.Equal(t, why, complaint(v))
	}
	said := complaint(app.Violation{Field: "introduce", Rule: app.Length})
	require.Equal(t, "自我简介最多1000个字符", said.ZH)
	require.Equal(t, "An introduction has at most 1000 characters", said.EN)
}
