package gitea_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/adaptertest"
	"accord/adapters/gitea"
	"accord/adapters/servers"
	"accord/adapters/servers/serverstest"
	"accord/app"
)

func TestMain(m *testing.M) { os.Exit(serverstest.Run(m)) }

// foreignPassword is that of every user that tests place.
const foreignPassword = "foreign-Password1"

// server is the real Gitea, spoken to by means of its own.
type server struct{ *servers.Gitea }

func shared(t *testing.T) server {
	t.Helper()
	return server{serverstest.Gitea(t)}
}

func (s server) options() gitea.Options {
	return gitea.Options{
		URL: s.URL, AdminUser: s.AdminUser, AdminPassword: app.Secret(s.AdminPassword),
		Timeout: time.Minute, // dozens of calls at once, on whatever machine
	}
}

func newDirectory(t *testing.T, o gitea.Options) *gitea.Directory {
	t.Helper()
	d, err := gitea.New(o)
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// identity is how a request says whose it is.
type identity func(*http.Request)

func asToken(token app.Secret) identity {
	return func(r *http.Request) { r.Header.Set("Authorization", "token "+token.Reveal()) }
}

func asUser(name, password string) identity {
	return func(r *http.Request) { r.SetBasicAuth(name, password) }
}

// ask sends one request to the API as the administrator.
func (s server) ask(t *testing.T, method, path string, body any) (int, string) {
	t.Helper()
	return s.askAs(t, asUser(s.AdminUser, s.AdminPassword), method, path, body)
}

func (s server) askAs(t *testing.T, who identity, method, path string, body any) (int, string) {
	t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/api/v1"+path, bytes.NewReader(encoded))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	who(req)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(answer)
}

// must wants that status and returns the answer.
func (s server) must(t *testing.T, status int, method, path string, body any) string {
	t.Helper()
	got, answer := s.ask(t, method, path, body)
	require.Equal(t, status, got, answer)
	return answer
}

type fields map[string]any

// placeUser makes a user without the mark.
func (s server) placeUser(t *testing.T, name string, emails ...string) {
	t.Helper()
	s.must(t, http.StatusCreated, http.MethodPost, "/admin/users", fields{
		"username": name, "email": emails[0], "password": foreignPassword, "must_change_password": false,
	})
	if len(emails) > 1 {
		s.addEmails(t, name, emails[1:]...)
	}
}

func (s server) addEmails(t *testing.T, name string, emails ...string) {
	t.Helper()
	s.must(t, http.StatusCreated, http.MethodPost, "/user/emails?sudo="+name, fields{"emails": emails})
}

// describe is all that Gitea's API shows of a user or organization.
func (s server) describe(t *testing.T, name string) string {
	t.Helper()
	escaped := url.PathEscape(name)
	status, user := s.ask(t, http.MethodGet, "/users/"+escaped, nil)
	if status != http.StatusOK {
		return ""
	}
	_, tokens := s.ask(t, http.MethodGet, "/users/"+escaped+"/tokens?limit=50", nil)
	_, emails := s.ask(t, http.MethodGet, "/user/emails?sudo="+escaped, nil)
	_, repositories := s.ask(t, http.MethodGet, "/users/"+escaped+"/repos", nil)
	return strings.Join([]string{user, lastUsed.ReplaceAllString(tokens, ""), emails, repositories}, "\n")
}

// lastUsed is what a token's use changes.
var lastUsed = regexp.MustCompile(`,"last_used_at":"[^"]*"`)

func (s server) markOf(t *testing.T, name string) string {
	t.Helper()
	var user struct {
		LoginName string `json:"login_name"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.must(t, http.StatusOK, http.MethodGet, "/users/"+name, nil)), &user))
	mark, ours := strings.CutPrefix(user.LoginName, "accord:")
	if !ours {
		return ""
	}
	return strings.TrimSuffix(mark, ":adopted")
}

// ownerOf names the user that the identity is good for; empty for none.
func (s server) ownerOf(t *testing.T, who identity) string {
	t.Helper()
	status, answer := s.askAs(t, who, http.MethodGet, "/user", nil)
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return ""
	}
	require.Equal(t, http.StatusOK, status, answer)
	var user struct {
		Login string `json:"login"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &user))
	return user.Login
}

func (s server) fixture(d *gitea.Directory) adaptertest.DirectoryFixture {
	return adaptertest.DirectoryFixture{
		Directory: d, Organizations: d,
		PlaceUser: s.placeUser,
		PlaceOrganization: func(t *testing.T, name string) {
			s.must(t, http.StatusCreated, http.MethodPost, "/orgs", fields{"username": name})
		},
		AddEmails: s.addEmails,
		GiveRepository: func(t *testing.T, username, name string) {
			s.must(t, http.StatusCreated, http.MethodPost, "/admin/users/"+username+"/repos", fields{"name": name})
		},
		GivePackage: s.givePackage,
		Found: func(t *testing.T, organization, username string) {
			s.must(t, http.StatusCreated, http.MethodPost, "/admin/users/"+username+"/orgs", fields{"username": organization})
		},
		Join: s.join, Team: s.team,
		Rename: func(t *testing.T, from, to string) {
			s.must(t, http.StatusNoContent, http.MethodPost, "/admin/users/"+from+"/rename", fields{"new_username": to})
		},
		Describe: s.describe,
		MarkOf:   s.markOf,
		SignsIn: func(t *testing.T, username string, password app.Secret) bool {
			return s.ownerOf(t, asUser(username, password.Reveal())) == username
		},
		TokenOwner: func(t *testing.T, token app.Secret) string { return s.ownerOf(t, asToken(token)) },
		Outdate:    s.outdate,
		Avatar:     s.avatar,
	}
}

// adminToken makes the optional token of the administrator.
func (s server) adminToken(t *testing.T, name string, scopes ...string) app.Secret {
	t.Helper()
	var made struct {
		Text app.Secret `json:"sha1"`
	}
	answer := s.must(t, http.StatusCreated, http.MethodPost, "/users/"+s.AdminUser+"/tokens",
		fields{"name": name, "scopes": scopes})
	require.NoError(t, json.Unmarshal([]byte(answer), &made))
	return made.Text
}
