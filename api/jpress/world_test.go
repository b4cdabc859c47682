package jpress_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/infinite"
	"accord/api/jpress"
	"accord/api/wiretest"
	"accord/api/wiretest/stage"
	"accord/app"
)

const goldens = "../../testdata/wire/jpress"

// newStage serves this dialect and the main one; what this one answers is held
// against its document.
func newStage(t *testing.T) *stage.Stage { return newStageWith(t, jpress.Options{}) }

func newStageWith(t *testing.T, o jpress.Options) *stage.Stage {
	t.Helper()
	document := published(t)
	return stage.New(t, stage.Options{
		Dialects: func(s *app.Service) []api.Dialect {
			o.Service, o.Zone = s, stage.Zone
			return []api.Dialect{infinite.New(infinite.Options{Service: s, Zone: stage.Zone}), jpress.New(o)}
		},
		Around: func(h http.Handler) http.Handler {
			h = withoutSecrets(t, h)
			checked := document.Checked(t, h)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet || strings.Contains(r.Header.Get("Content-Type"), "form") {
					checked.ServeHTTP(w, r)
					return
				}
				h.ServeHTTP(w, r)
			})
		},
	})
}

// secret is a password that tests use, or any hash of one, or a salt.
var secret = regexp.MustCompile(`1qazxsw2|2wsxzaq1|\$argon2|"(password|salt)":"[^"]`)

// withoutSecrets fails the test where an answer has a secret.
func withoutSecrets(t *testing.T, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told := &overheard{ResponseWriter: w}
		next.ServeHTTP(told, r)
		if secret.Match(told.said.Bytes()) {
			t.Errorf("%s %s tells a secret", r.Method, r.URL.Path)
		}
	})
}

// overheard keeps what is written.
type overheard struct {
	http.ResponseWriter
	said bytes.Buffer
}

func (o *overheard) Write(text []byte) (int, error) {
	o.said.Write(text)
	return o.ResponseWriter.Write(text)
}

// published is the document as a server has it, read once.
func published(t testing.TB) wiretest.Contract {
	t.Helper()
	c, err := readDocument()
	require.NoError(t, err)
	return c
}

var readDocument = sync.OnceValues(func() (wiretest.Contract, error) {
	return wiretest.NewContract(jpress.New(jpress.Options{}), func(body string) bool {
		return strings.Contains(body, `"state":"ok"`)
	})
})
