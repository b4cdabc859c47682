package gitea_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
	"accord/saga"
)

// forgetful is a Gitea whose answer to a creation is lost, after it has carried it
// out or not.
func forgetful(t *testing.T, creates bool) *gitea.Directory {
	t.Helper()
	var there atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/users/alice", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"id":7,"login":"alice","login_name":"accord:26010100000001"}`)
	})
	mux.HandleFunc("GET /api/v1/repos/alice/work", func(w http.ResponseWriter, _ *http.Request) {
		if !there.Load() {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"message":"","url":"x"}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"name":"work","full_name":"alice/work","private":true,"owner":{"id":7}}`)
	})
	mux.HandleFunc("POST /api/v1/admin/users/alice/repos", func(http.ResponseWriter, *http.Request) {
		there.Store(creates)
		panic(http.ErrAbortHandler)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return newDirectory(t, gitea.Options{URL: server.URL, AdminUser: "root", AdminPassword: "secret"})
}

func TestARepositoryWhoseAnswerWasLostIsLookedFor(t *testing.T) {
	ref := app.DirectoryRef{AccountID: "26010100000001", Username: "alice"}
	made, err := forgetful(t, true).CreateRepository(t.Context(), ref, app.NewRepository{Name: "work", Private: true})
	require.NoError(t, err)
	require.Equal(t, app.Repository{Name: "work", FullName: "alice/work", Private: true}, made)

	_, err = forgetful(t, false).CreateRepository(t.Context(), ref, app.NewRepository{Name: "work"})
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.False(t, saga.IsRefused(err), "it may come yet")
}
