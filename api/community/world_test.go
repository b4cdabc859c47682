package community_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/community"
	"accord/api/infinite"
	"accord/api/portal"
	"accord/api/wiretest"
	"accord/api/wiretest/stage"
	"accord/app"
)

// newStage serves this dialect, the main one, and the one whose paths lie
// around it; what this one answers is held against its document.
func newStage(t *testing.T, pair bool) *stage.Stage {
	t.Helper()
	document := published(t)
	return stage.New(t, stage.Options{
		Dialects: func(s *app.Service) []api.Dialect {
			return []api.Dialect{
				infinite.New(infinite.Options{Service: s, Zone: stage.Zone}), portal.New(portal.Options{Service: s}),
				community.New(community.Options{Service: s, Zone: stage.Zone, TokenPair: pair}),
			}
		},
		Around: func(h http.Handler) http.Handler {
			checked := document.Checked(t, h)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/api/v1/user/") || strings.HasPrefix(r.URL.Path, "/api/v1/verify/") {
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
	return wiretest.NewContract(community.New(community.Options{TokenPair: true}), func(body string) bool {
		return strings.Contains(body, `"code":200,`)
	})
})
