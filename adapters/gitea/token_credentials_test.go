package gitea_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"accord/app"
)

// presentations are the ways in which a client can send an access token.
func presentations(name string, token app.Secret) map[string]identity {
	query := func(key string) identity {
		return func(r *http.Request) {
			q := r.URL.Query()
			q.Set(key, token.Reveal())
			r.URL.RawQuery = q.Encode()
		}
	}
	return map[string]identity{
		"token":                     asToken(token),
		"bearer":                    func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token.Reveal()) },
		"password":                  asUser(name, token.Reveal()),
		"user name":                 asUser(token.Reveal(), ""),
		"user name, x-oauth-basic":  asUser(token.Reveal(), "x-oauth-basic"),
		"the query's token":         query("token"),
		"the query's access_token":  query("access_token"),
		"password of another name":  asUser("nobody", token.Reveal()),
		"password under a sudo":     sudo(asUser(name, token.Reveal())),
		"token under a sudo header": sudo(asToken(token)),
	}
}

// sudo asks to act for the administrator.
func sudo(who identity) identity {
	return func(r *http.Request) {
		who(r)
		r.Header.Set("Sudo", "accord-admin")
	}
}

func sshKey(t *testing.T) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	key, err := ssh.NewPublicKey(public)
	require.NoError(t, err)
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

type call struct {
	method, path string
	body         fields
}

// accountCalls would give the user's account something that outlives the token.
func accountCalls(t *testing.T, name string) []call {
	t.Helper()
	hook := fields{"type": "gitea", "config": fields{"url": "http://localhost:9/", "content_type": "json"}}
	calls := []call{
		{http.MethodPost, "/users/" + name + "/tokens", fields{"name": "more", "scopes": []string{"all"}}},
		{http.MethodPost, "/users/" + name + "/tokens", fields{"name": "same", "scopes": []string{"read:user"}}},
		{http.MethodPost, "/user/emails", fields{"emails": []string{"second-" + name + "@example.com"}}},
		{http.MethodPost, "/user/keys", fields{"title": "k", "key": sshKey(t)}},
		{http.MethodPost, "/user/gpg_keys", fields{"armored_public_key": "-----BEGIN PGP PUBLIC KEY BLOCK-----"}},
		{http.MethodPost, "/user/gpg_key_verify", fields{"key_id": "1"}},
		{http.MethodPost, "/user/applications/oauth2", fields{
			"name": "app", "redirect_uris": []string{"http://localhost/"}, "confidential_client": true,
		}},
		{http.MethodPatch, "/user/applications/oauth2/1", fields{"name": "app", "redirect_uris": []string{"http://localhost/"}}},
		{http.MethodPost, "/user/hooks", hook},
		{http.MethodPut, "/user/actions/secrets/MINE", fields{"data": "x"}},
		{http.MethodPost, "/user/actions/variables/MINE", fields{"value": "x"}},
		{http.MethodPost, "/user/actions/runners/registration-token", nil},
		{http.MethodGet, "/user/actions/runners/registration-token", nil},
		{http.MethodPatch, "/user/settings", fields{"full_name": "Mallory"}},
		{http.MethodPost, "/user/repos", fields{"name": "made"}},
		{http.MethodPost, "/user/avatar", fields{"image": ""}},
		{http.MethodPatch, "/admin/users/" + name, fields{"login_name": "x", "password": "Mallory-1"}},
		{http.MethodPost, "/admin/users/" + name + "/keys", fields{"title": "k", "key": sshKey(t)}},
		{http.MethodPost, "/admin/users/" + name + "/orgs", fields{"username": name + "-org"}},
		{http.MethodPost, "/admin/users", fields{"username": "mallory", "email": "mallory@example.com", "password": "Mallory-1"}},
		{http.MethodGet, "/admin/actions/runners/registration-token", nil},
		{http.MethodPost, "/admin/actions/runners/registration-token", nil},
		{http.MethodPost, "/admin/hooks", hook},
	}
	return calls
}

// belongsTo is what an administrator sees of a user's credentials.
func (s server) belongsTo(t *testing.T, name string) string {
	t.Helper()
	seen := []string{s.describe(t, name)}
	for _, path := range []string{"/user/keys", "/user/gpg_keys", "/user/applications/oauth2", "/user/hooks", "/user/emails"} {
		_, listed := s.ask(t, http.MethodGet, path+"?sudo="+url.QueryEscape(name), nil)
		seen = append(seen, listed)
	}
	return strings.Join(seen, "\n")
}

// A session's token, however it is sent, makes nothing of the user's account that
// would outlive the session.
func TestTokensMakeNoCredentials(t *testing.T) {
	m := newMember(t, "26020200000003", "credless")
	before := m.belongsTo(t, m.user.Username)
	for how, who := range presentations(m.user.Username, m.token) {
		for _, c := range accountCalls(t, m.user.Username) {
			status, answer := m.askAs(t, who, c.method, c.path, c.body)
			refusals := []int{http.StatusUnauthorized, http.StatusForbidden}
			if c.method == http.MethodGet { // what made a token in other versions looks for a thing of that name
				refusals = append(refusals, http.StatusNotFound)
			}
			require.Contains(t, refusals, status,
				"%s %s by %s: %s", c.method, c.path, how, answer)
		}
	}
	require.Equal(t, before, m.belongsTo(t, m.user.Username))
	require.Equal(t, m.user.Username, m.ownerOf(t, asToken(m.token)), "the token itself is good")
}

// The pages, where keys and applications are made in a browser, take no token.
func TestTokensOpenNoPages(t *testing.T) {
	m := newMember(t, "26020200000004", "pageless")
	before := m.belongsTo(t, m.user.Username)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for how, who := range presentations(m.user.Username, m.token) {
		for path, form := range map[string]url.Values{
			"/user/settings/applications":        {"name": {"page"}, "scope-all": {"all"}},
			"/user/settings/applications/oauth2": {"application_name": {"page"}, "redirect_uris": {"http://localhost/"}},
			"/user/settings/keys":                {"type": {"ssh"}, "title": {"k"}, "content": {sshKey(t)}},
			"/user/settings/account":             {"old_password": {m.user.Password.Reveal()}, "password": {"Mallory-1"}, "retype": {"Mallory-1"}},
			"/user/settings/account/email":       {"email": {"page@example.com"}},
		} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.URL+path, strings.NewReader(form.Encode()))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			who(r)
			res, err := client.Do(r)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, http.StatusSeeOther, res.StatusCode, "%s by %s", path, how)
			require.Contains(t, res.Header.Get("Location"), "/user/login", "%s by %s", path, how)
		}
	}
	require.Equal(t, before, m.belongsTo(t, m.user.Username))
}
