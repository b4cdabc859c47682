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

// push pushes a first commit to the repository of that name, which may not exist,
// and returns its URL with the token in it.
func (m member) push(t *testing.T, owner, name string) string {
	t.Helper()
	remote, err := url.Parse(m.URL)
	require.NoError(t, err)
	remote = remote.JoinPath(owner, name+".git")
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
	return remote.String()
}

func TestTokenWorksForGit(t *testing.T) {
	m := newMember(t, "26020200000001", "gituser")
	remote := m.push(t, m.user.Username, "work")
	created, _, err := m.api(t).GetRepo(m.user.Username, "work")
	require.NoError(t, err, "the push created the repository")
	require.True(t, created.Private)
	clone := t.TempDir()
	out, err := git(t, clone, "clone", "-q", remote, "copy")
	require.NoError(t, err, out)
	text, err := os.ReadFile(filepath.Join(clone, "copy", "README"))
	require.NoError(t, err)
	require.Equal(t, "hello\n", string(text))

	require.NoError(t, m.directory.DeleteToken(t.Context(), m.ref(), "accord-use"))
	out, err = git(t, clone, "clone", "-q", remote, "again")
	require.Error(t, err)
	require.Contains(t, strings.ToLower(out), "authentication failed")
	status, _ := m.askAs(t, asToken(m.token), http.MethodGet, "/user", nil)
	require.Equal(t, http.StatusUnauthorized, status)
}

// Each scope of DefaultScopes is needed by one of these calls.
func TestTokenWorksForUsersOwnThings(t *testing.T) {
	m := newMember(t, "26020200000002", "apiuser")
	api := m.api(t)
	_, _, err := api.GetMyUserInfo() // read:user
	require.NoError(t, err)
	m.push(t, m.user.Username, "work") // write:repository
	_, _, err = api.CreateIssue(m.user.Username, "work", sdk.CreateIssueOption{Title: "one"})
	require.NoError(t, err)
	_, _, err = api.CreateOrg(sdk.CreateOrgOption{Name: "apiorg"})
	require.NoError(t, err)
	_, _, err = api.CreateOrgRepo("apiorg", sdk.CreateRepoOption{Name: "work"})
	require.NoError(t, err)
	m.push(t, "apiorg", "pushed")
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
		_, category, _ := strings.Cut(scope, ":")
		t.Run(scope, func(t *testing.T) { withoutScope(t, s, newDirectory(t, o), category) })
	}
}

// withoutScope makes a token that lacks a scope, and requires the call that needs
// it to be refused.
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
		"repository":   {http.MethodPatch, "/repos/" + name + "/r"},
		"user":         {http.MethodGet, "/user"},
	}[scope]
	status, answer := s.askAs(t, asToken(token), call.method, call.path, fields{"name": "x", "title": "x", "username": name + "o"})
	require.Equal(t, http.StatusForbidden, status, answer)
	require.Contains(t, answer, "scope")
}
