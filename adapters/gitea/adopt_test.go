package gitea_test

import (
	"context"
	"database/sql"
	"net/http"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"accord/adapters/adaptertest"
	"accord/adapters/servers"
	"accord/app"
)

var loginName = regexp.MustCompile(`"login_name":"[^"]*"`)

// TestDirectoryAdoption has a Gitea of its own: nobody but a person can set up a
// second factor, so it is put into the database.
func TestDirectoryAdoption(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gitea")
	running, err := servers.StartGitea(t.Context(), servers.Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, running.Stop(context.Background())) })
	s := server{running}
	edit := func(key string, value any) func(*testing.T, string) {
		return func(t *testing.T, username string) {
			s.must(t, http.StatusOK, http.MethodPatch, "/admin/users/"+username, fields{"login_name": username, key: value})
		}
	}
	d := newDirectory(t, s.options())
	adaptertest.DirectoryAdoption(t, func(*testing.T) adaptertest.AdoptionFixture {
		return adaptertest.AdoptionFixture{
			DirectoryFixture: s.fixture(d), PlacedPassword: foreignPassword,
			DescribeButLogin: func(t *testing.T, name string) string {
				return loginName.ReplaceAllString(s.describe(t, name), "")
			},
			Restrict: edit("restricted", true), Deactivate: edit("active", false), Promote: edit("admin", true),
			SecondFactor: func(t *testing.T, username string) { enrol(t, dir, username) },
			Login: func(t *testing.T, username, name string) {
				s.must(t, http.StatusOK, http.MethodPatch, "/admin/users/"+username, fields{"login_name": name, "restricted": false})
			},
		}
	})
}

// enrol gives the user a second factor that nobody can produce.
func enrol(t *testing.T, dir, username string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "gitea.db")+"?_pragma=busy_timeout(20000)")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), "INSERT INTO two_factor (uid, secret) SELECT id, 'AAAA' FROM user WHERE lower_name = ?", app.FoldKey(username))
	require.NoError(t, err)
}
