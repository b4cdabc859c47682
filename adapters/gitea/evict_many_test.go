package gitea_test

import (
	"io"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// A credential that Gitea refuses to end does not hide that it is not known whether
// another one ended.
func TestARefusalHidesNoUnclearEnd(t *testing.T) {
	d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		switch name := path.Base(r.URL.Path); {
		case r.Method == http.MethodGet:
			_, _ = io.WriteString(w, strings.Replace(ours, `"login":"amy"`, `"login":"`+name+`"`, 1))
		case name == "1":
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, `{"message":"refused","url":""}`)
		case name == "2":
			cut(w)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	end := func(ids ...string) ([]app.Credential, error) {
		var all []app.Credential
		for _, id := range ids { // of a user each, so that they end one after the other
			all = append(all, app.Credential{Kind: app.GiteaToken, User: "amy" + id, ID: id})
		}
		return d.EndCredentials(t.Context(), someone.AccountID, all)
	}
	ended, err := end("1", "3", "2")
	require.Len(t, ended, 1)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.False(t, saga.IsRefused(err))
	ended, err = end("1", "3")
	require.Len(t, ended, 1)
	require.True(t, saga.IsRefused(err))
}
