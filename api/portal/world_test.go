package portal_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/infinite"
	"accord/api/portal"
	"accord/api/wiretest"
	"accord/api/wiretest/stage"
	"accord/app"
)

const goldens = "../../testdata/wire/portal"

// newStage serves this dialect and the main one; what this one answers is held
// against its document.
func newStage(t *testing.T) *stage.Stage {
	t.Helper()
	document := published(t)
	return stage.New(t, stage.Options{
		Dialects: func(s *app.Service) []api.Dialect {
			return []api.Dialect{
				infinite.New(infinite.Options{Service: s, Zone: stage.Zone}), portal.New(portal.Options{Service: s}),
			}
		},
		Around: func(h http.Handler) http.Handler {
			checked := document.Checked(t, h)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/api/v1/") {
					checked.ServeHTTP(w, r)
					return
				}
				h.ServeHTTP(w, r)
			})
		},
	})
}

// published is the document as a server has it, read once.
func published(t testing.TB) wiretest.Contract {
	t.Helper()
	c, err := readDocument()
	require.NoError(t, err)
	return c
}

var readDocument = sync.OnceValues(func() (wiretest.Contract, error) {
	return wiretest.NewContract(portal.New(portal.Options{}), func(body string) bool {
		return strings.Contains(body, `"code":1000,`)
	})
})
