package session_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/infinite"
	"accord/api/session"
	"accord/app"
)

// useCases records what reaches the domain.
type useCases struct{ asked []app.NewRepository }

func (*useCases) Authenticate(context.Context, app.Secret) (app.Principal, error) {
	return app.Principal{}, nil
}

func (u *useCases) CreateRepository(_ context.Context, _ app.Principal, in app.NewRepository) (app.Repository, error) {
	u.asked = append(u.asked, in)
	return app.Repository{Name: in.Name}, nil
}

// FuzzRepository sends any body: the answer is a documented one, and a name that
// reaches the use case keeps Gitea's rule.
func FuzzRepository(f *testing.F) {
	for _, body := range []string{
		`{"name":"work"}`, `{"name":"work","private":false,"autoInit":true}`, `{"name":"a..b"}`, `{"name":"../x"}`,
		`{"name":["work"]}`, `{"name":"x.git","private":null}`, "{\"name\":\"\xff\"}", "null", "[]", "{", "",
	} {
		f.Add("application/json", []byte(body))
	}
	f.Add("", []byte(`{"name":"work"}`))
	f.Add("text/plain", []byte("name=work"))
	f.Fuzz(func(t *testing.T, mediaType string, body []byte) {
		u := &useCases{}
		h, err := api.New(api.Options{
			Dialects: []api.Dialect{session.New(session.Options{Service: u, Envelope: infinite.Envelope{}})},
			Logger:   slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/api/session/repositories", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", mediaType)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.True(t, utf8.Valid(w.Body.Bytes()))
		var got struct {
			Code string `json:"code"`
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		status, ok := map[string]int{"General.Success": 200, "General.ParameterInvalid": 200, "General.Failure": 415}[got.Code]
		require.True(t, ok, got.Code)
		require.Equal(t, status, w.Code)
		require.Equal(t, got.Code == "General.Success", len(u.asked) == 1)
		for _, in := range u.asked {
			require.True(t, app.RepositoryNameAllowed(in.Name))
		}
	})
}
