package registry_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/infinite"
	"accord/api/registry"
	"accord/api/wiretest"
	"accord/api/wiretest/stage"
	"accord/app"
)

const (
	goldens = "../../testdata/wire/registry"
	// invited are the goldens of a platform that asks for invitations.
	invited = "../../testdata/wire/registry-invitations"
)

// newStage serves this dialect and the main one; what this one answers is held
// against its document.
func newStage(t *testing.T, invitations bool) *stage.Stage {
	t.Helper()
	document := published(t)
	return stage.New(t, stage.Options{
		Dialects: func(s *app.Service) []api.Dialect {
			return []api.Dialect{
				infinite.New(infinite.Options{Service: s, Zone: stage.Zone}), registry.New(registry.Options{Service: s, Invitations: invitations}),
			}
		},
		Around: func(h http.Handler) http.Handler {
			checked := document.Checked(t, h)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/registry/") {
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
	return wiretest.NewContract(registry.New(registry.Options{}), func(body string) bool {
		return body == "true\n" || strings.HasPrefix(body, `{"token":`)
	})
})
