package gitea_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/servers"
	"accord/app"
)

// settled starts a Gitea of those settings on a directory, until the test ends or
// stop is called.
func settled(t *testing.T, dir string, settings map[string]string) (s server, stop func()) {
	t.Helper()
	g, err := servers.StartGitea(t.Context(), servers.Options{Dir: dir, Settings: settings})
	require.NoError(t, err)
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			require.NoError(t, g.Stop(context.Background()))
		}
	}
	t.Cleanup(stop)
	return server{g}, stop
}

// advised are the settings that Gitea should change, of all that were tried.
func advised(t *testing.T, s server, token app.Secret) (advised, tried []string) {
	t.Helper()
	o := s.options()
	o.AdminToken = token
	before := s.users(t, o.AdminToken)
	found, err := newDirectory(t, o).ProbeSettings(t.Context(), []string{"https://app.example.com", "http://localhost:*"})
	require.NoError(t, err)
	require.Equal(t, before, s.users(t, o.AdminToken), "nothing is left behind")
	for _, f := range found {
		if f.NotTried == "" {
			tried = append(tried, f.Name)
		}
		if f.Advice != "" {
			advised = append(advised, f.Name)
		}
	}
	return advised, tried
}

// lastLogin is what a sign-in changes.
var lastLogin = regexp.MustCompile(`,"last_login":"[^"]*"`)

func (s server) users(t *testing.T, token app.Secret) string {
	t.Helper()
	who := asUser(s.AdminUser, s.AdminPassword)
	if token != "" {
		who = asToken(token)
	}
	status, users := s.askAs(t, who, http.MethodGet, "/admin/users?limit=50&sort=id", nil)
	require.Equal(t, http.StatusOK, status)
	return lastLogin.ReplaceAllString(users, "")
}

// passwordlessScopes are those of an administrator's token that does without the
// password.
var passwordlessScopes = []string{"write:admin", "write:user", "read:organization", "read:package", "read:repository"}

// Each setting is tried on a Gitea that has it, and on one that has it not.
func TestProbeSettings(t *testing.T) {
	good := map[string]string{
		"service.ENABLE_BASIC_AUTHENTICATION": "false", "service.ENABLE_PASSWORD_SIGNIN_FORM": "false",
		"service.ENABLE_PASSKEY_AUTHENTICATION": "false",
		"service.DISABLE_REGISTRATION":          "true", "service.DEFAULT_KEEP_EMAIL_PRIVATE": "true",
		"service.REQUIRE_SIGNIN_VIEW":        "true",
		"oauth2.ENABLED":                     "false",
		"cors.ALLOW_DOMAIN":                  "https://app.example.com,http://localhost:*",
		"actions.ENABLED":                    "false",
		"repository.ENABLE_PUSH_CREATE_USER": "true",
		"admin.USER_DISABLED_FEATURES":       "manage_ssh_keys,manage_gpg_keys,deletion,manage_credentials,manage_mfa,change_username",
	}
	bad := map[string]string{
		"service.DISABLE_REGISTRATION": "false", "service.DEFAULT_KEEP_EMAIL_PRIVATE": "false",
		"repository.ENABLE_PUSH_CREATE_USER": "false", "admin.USER_DISABLED_FEATURES": "",
		"oauth2.ENABLED": "true", "cors.ALLOW_DOMAIN": "https://another.example.com", "actions.ENABLED": "true",
	}
	all := []string{
		"[service] ENABLE_BASIC_AUTHENTICATION", "[service] ENABLE_PASSWORD_SIGNIN_FORM", "[service] REQUIRE_CAPTCHA_FOR_LOGIN",
		"[service] ENABLE_PASSKEY_AUTHENTICATION", "[service] DISABLE_REGISTRATION", "[service] REQUIRE_SIGNIN_VIEW", "[repository] ENABLE_PUSH_CREATE_USER", "[oauth2] ENABLED", "[cors] ENABLED",
		"[service] DEFAULT_KEEP_EMAIL_PRIVATE", "[admin] USER_DISABLED_FEATURES", "[actions] ENABLED",
	}
	dir := filepath.Join(t.TempDir(), "gitea")
	s, stop := settled(t, dir, bad)
	token := s.adminToken(t, "settings", append(passwordlessScopes, "write:repository")...)
	found, tried := advised(t, s, "")
	require.Equal(t, all, found)
	require.Equal(t, all, tried)
	stop()

	s, stop = settled(t, dir, good)
	found, tried = advised(t, s, token)
	require.Empty(t, found)
	require.ElementsMatch(t, all, tried)
	stop()

	captcha := maps.Clone(good)
	captcha["service.ENABLE_PASSWORD_SIGNIN_FORM"] = "true"
	captcha["service.ENABLE_CAPTCHA"], captcha["service.REQUIRE_CAPTCHA_FOR_LOGIN"] = "true", "true"
	s, _ = settled(t, dir, captcha)
	found, _ = advised(t, s, token)
	require.Equal(t, []string{"[service] ENABLE_PASSWORD_SIGNIN_FORM"}, found)
	require.True(t, slices.Contains(tried, "[service] REQUIRE_CAPTCHA_FOR_LOGIN"))
}

// Where Gitea takes no passwords, the administrator's token does everything, in
// the place of the password where Gitea demands one.
func TestDirectoryWhereGiteaTakesNoPasswords(t *testing.T) {
	for _, signInToView := range []string{"false", "true"} {
		t.Run("REQUIRE_SIGNIN_VIEW="+signInToView, func(t *testing.T) { takesNoPasswords(t, signInToView) })
	}
}

func takesNoPasswords(t *testing.T, signInToView string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "gitea")
	s, stop := settled(t, dir, nil)
	token := s.adminToken(t, "passwordless", passwordlessScopes...)
	stop()
	s, _ = settled(t, dir, map[string]string{
		"service.ENABLE_BASIC_AUTHENTICATION": "false", "service.REQUIRE_SIGNIN_VIEW": signInToView,
	})
	o := s.options()
	o.AdminToken = token
	d := newDirectory(t, o)
	report, err := d.Probe(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Faults)

	m := member{server: s, directory: d, user: app.DirectoryUser{
		AccountID: "26040400000009", Username: "tokenonly", Email: "tokenonly@example.com", Password: "abcdefg7",
	}}
	_, err = d.CreateUser(t.Context(), m.user)
	require.NoError(t, err)
	m.token, err = d.CreateToken(t.Context(), m.ref(), "accord-use")
	require.NoError(t, err)
	m.push(t, m.user.Username, "work")
	require.Empty(t, s.ownerOf(t, asUser(m.user.Username, m.user.Password.Reveal())), "no password is taken")
	require.NoError(t, d.SetEmail(t.Context(), m.ref(), "another@example.com"))
	var picture bytes.Buffer
	require.NoError(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))))
	require.NoError(t, d.SetAvatar(t.Context(), m.ref(), picture.Bytes()))
	require.NoError(t, d.DeleteToken(t.Context(), m.ref(), "accord-use"))
	require.Empty(t, s.ownerOf(t, asToken(m.token)))
	require.NoError(t, d.PurgeUser(t.Context(), m.ref()))
}

// A strict password policy is no fault where no user's password gets to Gitea.
func TestProbeOfSealedPasswords(t *testing.T) {
	s, _ := settled(t, filepath.Join(t.TempDir(), "gitea"), map[string]string{
		"security.PASSWORD_COMPLEXITY": "lower,upper,digit,spec", "security.MIN_PASSWORD_LENGTH": "40",
	})
	o := s.options()
	report, err := newDirectory(t, o).Probe(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Faults, 1)
	o.SealedPasswords = true
	report, err = newDirectory(t, o).Probe(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Faults)
}

// The cookie of Gitea's pages is one of the browser's session, however long Gitea
// keeps its own: SESSION_LIFE_TIME cannot be tried.
func TestSessionLifetimeIsNotShown(t *testing.T) {
	s, _ := settled(t, filepath.Join(t.TempDir(), "gitea"), map[string]string{"session.SESSION_LIFE_TIME": "3600"})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/user/login", http.NoBody)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	found := false
	for _, c := range res.Cookies() {
		if c.Name == "i_like_gitea" {
			found = true
			require.Zero(t, c.MaxAge)
			require.Zero(t, c.Expires)
		}
	}
	require.True(t, found, "the page sets the cookie")
}
