package session_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/infinite"
	"accord/api/session"
	"accord/api/wiretest"
	"accord/api/wiretest/stage"
	"accord/app"
)

var readDocument = sync.OnceValues(func() (wiretest.Contract, error) {
	return wiretest.NewContract(session.New(session.Options{Envelope: infinite.Envelope{}}), func(body string) bool {
		return strings.Contains(body, `"General.Success"`)
	})
})

func published(t testing.TB) wiretest.Contract {
	t.Helper()
	c, err := readDocument()
	require.NoError(t, err)
	return c
}

// newWorld is a stage with a dialect to sign in by, whose answers about sessions
// are held against the document.
func newWorld(t *testing.T) *stage.Stage {
	t.Helper()
	document := published(t)
	return stage.New(t, stage.Options{
		Dialects: func(s *app.Service) []api.Dialect {
			return []api.Dialect{
				infinite.New(infinite.Options{Service: s, Zone: stage.Zone}),
				session.New(session.Options{Service: s, Envelope: infinite.Envelope{}}),
			}
		},
		Around: func(next http.Handler) http.Handler {
			checked := document.Checked(t, next)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/api/session/") {
					checked.ServeHTTP(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		},
	})
}

func TestDocumentIsValid(t *testing.T) {
	doc := published(t).Doc
	require.NoError(t, doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.IsOpenAPI31OrLater()))
}

func TestDocumentAndRoutesAgree(t *testing.T) {
	routed := []string{"GET /healthz", "GET /readyz", "GET /.well-known/jwks.json"}
	for _, route := range session.New(session.Options{Envelope: infinite.Envelope{}}).Routes {
		routed = append(routed, route.Method+" "+route.Path)
	}
	for path, item := range published(t).Doc.Paths.Map() {
		for method := range item.Operations() {
			require.Contains(t, routed, method+" "+path)
		}
	}
}
