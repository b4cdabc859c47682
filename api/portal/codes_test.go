package portal

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/app"
)

// TestCodesAreTotal: every endpoint has a code and a message for every kind.
func TestCodesAreTotal(t *testing.T) {
	for _, route := range New(Options{}).Routes {
		require.Contains(t, failures, route.Path)
		for _, kind := range app.Kinds() {
			code, ok := codes[kind]
			require.True(t, ok, "no code for %q", kind)
			err := fmt.Errorf("wrapped: %w", &app.Error{Kind: kind})
			said := explanation(route.Path, codeOf(route.Path, err), err)
			require.NotEmpty(t, said.ZH, "%s meets %q", route.Path, kind)
			require.NotEmpty(t, said.EN, "%s meets %q", route.Path, kind)
			if api.Status(err) != http.StatusOK {
				code = failure
			}
			if _, own := codesAt[route.Path][kind]; !own {
				require.Equal(t, code, codeOf(route.Path, err))
			}
		}
	}
}
