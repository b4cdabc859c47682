package gitea_test

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	sdk "code.gitea.io/sdk/gitea"
	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
)

// member is somebody with a token, as after a sign-in.
type member struct {
	server
	directory *gitea.Directory
	user      app.DirectoryUser
	token     app.Secret
}

func newMember(t *testing.T, accountID, name string) member {
	t.Helper()
	s := shared(t)
	m := member{server: s, directory: newDirectory(t, s.options()), user: app.DirectoryUser{
		AccountID: accountID, Username: name, Email: name + "@example.com", FullName: name, Password: "abcdefg7",
	}}
	_, err := m.directory.CreateUser(t.Context(), m.user)
	require.NoError(t, err)
	m.token, err = m.directory.CreateToken(t.Context(), m.ref(), "accord-use")
	require.NoError(t, err)
	return m
}

// api is the client that people use.
func (m member) api(t *testing.T) *sdk.Client {
	t.Helper()
	client, err := sdk.NewClient(m.URL, sdk.SetToken(m.token.Reveal()), sdk.SetContext(t.Context()))
	require.NoError(t, err)
	return client
}

// git runs it in the directory, with a configuration of its own.
func git(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestTokenWorksForGit(t *testing.T) {
	m := newMember(t, "26020200000001", "gituser")
	repository, _, err := m.api(t).CreateRepo(sdk.CreateRepoOption{Name: "work", Private: true})
	require.NoError(t, err)

	remote, err := url.Parse(m.URL)
	require.NoError(t, err)
	remote = remote.JoinPath(repository.FullName + ".git")
	remote.User = url.UserPassword(m.user.Username, m.token.Reveal())
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README"), []byte("hello\n"), 0o600))
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"add", "README"},
		{"commit", "-q", "-m", "first"},
		{"push", "-q", remote.String(), "main"},
	} {
		out, err := git(t, dir, args...)
		require.NoError(t, err, out)
	}
	clone := t.TempDir()
	out, err := git(t, clone, "clone", "-q", remote.String(), "copy")
	require.NoError(t, err, out)
	text, err := os.ReadFile(filepath.Join(clone, "copy", "README"))
	require.NoError(t, err)
	require.Equal(t, "hello\n", string(text))

	require.NoError(t, m.directory.DeleteToken(t.Context(), m.ref(), "accord-use"))
	out, err = git(t, clone, "clone", "-q", remote.String(), "again")
	require.Error(t, err)
	require.Contains(t, strings.ToLower(out), "authentication failed")
	status, _ := m.askAs(t, asToken(m.token), http.MethodGet, "/user", nil)
	require.Equal(t, http.StatusUnauthorized, status)
}

// Each scope of DefaultScopes is here because one of these calls needs it.
func TestTokenWorksForOnesOwnThings(t *testing.T) {
	m := newMember(t, "26020200000002", "apiuser")
	api := m.api(t)
	_, _, err := api.CreateRepo(sdk.CreateRepoOption{Name: "work", AutoInit: true}) // repository and user
	require.NoError(t, err)
	_, _, err = api.CreateIssue(m.user.Username, "work", sdk.CreateIssueOption{Title: "one"})
	require.NoError(t, err)
	_, _, err = api.CreateOrg(sdk.CreateOrgOption{Name: "apiorg"})
	require.NoError(t, err)
	_, _, err = api.ReadNotifications(sdk.MarkNotificationOptions{})
	require.NoError(t, err)
	upload, err := http.NewRequestWithContext(t.Context(), http.MethodPut,
		m.URL+"/api/packages/"+m.user.Username+"/generic/pack/1.0/file", strings.NewReader("content"))
	require.NoError(t, err)
	upload.SetBasicAuth(m.user.Username, m.token.Reveal())
	res, err := http.DefaultClient.Do(upload)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusCreated, res.StatusCode)

	status, _ := m.askAs(t, asToken(m.token), http.MethodGet, "/admin/users", nil)
	require.Equal(t, http.StatusForbidden, status)
	status, _ = m.askAs(t, asToken(m.token), http.MethodPost, "/users/apiuser/tokens", fields{"name": "x"})
	require.Equal(t, http.StatusUnauthorized, status, "a token makes no tokens, so none outlives its session")
}

func TestEachDefaultScopeIsNeeded(t *testing.T) {
	s := shared(t)
	for i, scope := range gitea.DefaultScopes() {
		require.NotContains(t, scope, "admin")
		o := s.options()
		for j, other := range gitea.DefaultScopes() {
			if i != j {
				o.Scopes = append(o.Scopes, other)
			}
		}
		t.Run(scope, func(t *testing.T) { withoutScope(t, s, newDirectory(t, o), strings.TrimPrefix(scope, "write:")) })
	}
}

// withoutScope makes a token that lacks one and wants that to be felt.
func withoutScope(t *testing.T, s server, d *gitea.Directory, scope string) {
	name := "no" + scope
	ref := app.DirectoryRef{AccountID: "26020300000001", Username: name}
	_, err := d.CreateUser(t.Context(), app.DirectoryUser{
		AccountID: ref.AccountID, Username: name, Email: name + "@example.com", Password: "abcdefg7",
	})
	require.NoError(t, err)
	s.must(t, http.StatusCreated, http.MethodPost, "/admin/users/"+name+"/repos", fields{"name": "r"})
	token, err := d.CreateToken(t.Context(), ref, "accord-scopes")
	require.NoError(t, err)
	call := map[string]struct{ method, path string }{
		"issue":        {http.MethodPost, "/repos/" + name + "/r/issues"},
		"notification": {http.MethodPut, "/notifications"},
		"organization": {http.MethodPost, "/orgs"},
		"package":      {http.MethodGet, "/packages/" + name},
		"repository":   {http.MethodPost, "/user/repos"},
		"user":         {http.MethodPost, "/user/repos"},
	}[scope]
	status, answer := s.askAs(t, asToken(token), call.method, call.path, fields{"name": "x", "title": "x", "username": name + "o"})
	require.Equal(t, http.StatusForbidden, status, answer)
	require.Contains(t, answer, "scope")
}
