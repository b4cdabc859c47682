package gitea_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func (s server) outdate(t *testing.T, username string) {
	t.Helper()
	s.must(t, http.StatusOK, http.MethodPatch, "/admin/users/"+username, fields{
		"source_id": 0, "login_name": "accord:" + s.markOf(t, username), "must_change_password": true,
	})
}

// Gitea looks at the user before it looks at the scopes of the token.
func TestATokenOfOtherScopesIsLetIn(t *testing.T) {
	s := shared(t)
	o := s.options()
	o.Scopes = []string{"write:repository"}
	d := newDirectory(t, o)
	u := app.DirectoryUser{AccountID: "26020200000060", Username: "scoped", Email: "scoped@example.com", Password: foreignPassword}
	ref := app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}
	_, err := d.CreateUser(t.Context(), u)
	require.NoError(t, err)
	token, err := d.CreateToken(t.Context(), ref, "accord-scoped")
	require.NoError(t, err)
	for _, want := range []bool{true, false, true} {
		require.NoError(t, d.SetActive(t.Context(), ref, want))
		in, err := d.LetsIn(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, want, in)
	}
	s.outdate(t, u.Username)
	_, err = d.LetsIn(t.Context(), token)
	require.ErrorContains(t, err, "You must change your password")
}
