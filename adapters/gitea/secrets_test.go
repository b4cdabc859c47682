package gitea_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

// A server that repeats all it was told does not get it into an error.
func TestErrorsHoldNoSecrets(t *testing.T) {
	secrets := []string{
		adminPassword, adminToken, userPassword, madeToken,
		base64.StdEncoding.EncodeToString([]byte("root:" + adminPassword)),
	}
	told := func(r *http.Request) string {
		body, _ := io.ReadAll(r.Body)
		return strings.Join(append(secrets, r.Header.Get("Authorization"), string(body)), " ")
	}
	message := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"message":%q,"url":""}`, told(r))
		}
	}
	for name, handler := range map[string]http.HandlerFunc{
		"400": message(400), "403": message(403), "404": message(404), "422": message(422), "500": message(500),
		"token of another name": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, ours)
				return
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprintf(w, `{"sha1":%q,"name":%q}`, madeToken, told(r))
		},
		"no HTTP": func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = fmt.Fprintf(conn, "%s\r\n\r\n", told(r))
				_ = conn.Close()
			}
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere.invalid/?"+strings.ReplaceAll(told(r), " ", "+"), http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for call, do := range calls(standIn(t, handler)) {
				err := do(t.Context())
				for _, secret := range secrets {
					require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret, call)
				}
			}
		})
	}
}

// A redirect leads to another user's path on the same server, or nowhere.
func TestRedirectsToOtherHostsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("asked %s with %q", r.URL, r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	for _, target := range []string{elsewhere.URL + "/api/v1/users/bob/tokens/accord-x", "/outside", "/api/v1/admin/users/bob"} {
		asked := make(chan string, 10)
		d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
			asked <- r.URL.Path
			http.Redirect(w, r, target, http.StatusTemporaryRedirect)
		})
		err := d.DeleteToken(t.Context(), amy, "accord-x")
		require.True(t, saga.IsRefused(err), "%v", err)
		close(asked)
		paths := slices.Sorted(func(yield func(string) bool) {
			for path := range asked {
				if !yield(path) {
					return
				}
			}
		})
		require.Equal(t, []string{"/api/v1/users/amy", "/api/v1/users/amy/tokens/accord-x"}, paths)
	}
}
