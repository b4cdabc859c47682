package gitea_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// proxied starts nginx with the sample's rules before the Gitea, and returns the
// proxy's URL.
func proxied(t *testing.T, s server) string {
	t.Helper()
	sample, err := os.ReadFile("../../deploy/nginx-gitea.conf")
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	gitea, err := url.Parse(s.URL)
	require.NoError(t, err)
	rules := strings.NewReplacer("127.0.0.1:8080", address, "127.0.0.1:3000", gitea.Host).Replace(string(sample))
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 256; }
http {
	access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
%[2]s}
`, dir, rules)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, nginx(), "-p", dir, "-c", config, "-e", filepath.Join(dir, "error.log"))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it ends its worker
	require.NoError(t, cmd.Start(), "run `make programs`, or install nginx")
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, time.Minute, 20*time.Millisecond)
	return "http://" + address
}

// nginx is the program; distributions keep it where an ordinary user's path does
// not lead.
func nginx() string {
	if found, err := exec.LookPath("nginx"); err == nil {
		return found
	}
	return "/usr/sbin/nginx"
}

// refusedOf counts the requests that the proxy refused.
func refusedOf(t *testing.T, n int, method, address string, who identity) (refused int) {
	t.Helper()
	for range n {
		r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader("user_name=x&password=y"))
		require.NoError(t, err)
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		who(r)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		if res.StatusCode == http.StatusTooManyRequests {
			refused++
		}
	}
	return refused
}

func TestTheSampleProxyLimitsPasswords(t *testing.T) {
	m := newMember(t, "26020200000007", "proxied")
	proxy := proxied(t, m.server)
	behind := m
	gitea := *m.Gitea
	gitea.URL = proxy
	behind.server = server{&gitea}
	behind.push(t, m.user.Username, "first")
	behind.push(t, m.user.Username, "second")
	const many = 100
	require.Zero(t, refusedOf(t, many, http.MethodGet, proxy+"/api/v1/user", asToken(m.token)), "tokens have no limit")
	require.Zero(t, refusedOf(t, many, http.MethodGet, proxy+"/user/login", func(*http.Request) {}), "reading the page is no guess")

	require.Greater(t, refusedOf(t, 20, http.MethodPost, proxy+"/user/login", func(*http.Request) {}), 10)
	require.Greater(t, refusedOf(t, many, http.MethodGet, proxy+"/api/v1/user", asUser("proxied", "a guess")), 10)
	require.Zero(t, refusedOf(t, 10, http.MethodGet, proxy+"/api/v1/user", asToken(m.token)), "tokens go on")
}

// Passwords by Basic authentication are counted however the request is written,
// and so is everything that the proxy does not understand.
func TestTheSampleProxyCountsEveryPassword(t *testing.T) {
	s := shared(t)
	// Gitea splits the header at any blanks.
	header := func(text string) identity {
		return func(r *http.Request) { r.Header.Set("Authorization", text) }
	}
	basic := func(r *http.Request) string {
		r.SetBasicAuth("nobody", "a guess")
		return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
	}(&http.Request{Header: http.Header{}})
	const many = 100
	for name, c := range map[string]struct {
		path string
		who  identity
	}{
		"Basic":                        {"/api/v1/user", header("Basic " + basic)},
		"Basic in upper case":          {"/api/v1/user", header("BASIC " + basic)},
		"two blanks":                   {"/api/v1/user", header("Basic  " + basic)},
		"tab":                          {"/api/v1/user", header("Basic\t" + basic)},
		"no-break space":               {"/api/v1/user", header("Basic\u00a0" + basic)},
		"ideographic space":            {"/api/v1/user", header("Basic\u3000" + basic)},
		"no-break space before":        {"/api/v1/user", header("\u00a0Basic " + basic)},
		"unknown scheme":               {"/api/v1/user", header("Guess " + basic)},
		"token as a scheme's start":    {"/api/v1/user", header("tokenBasic " + basic)},
		"repository named like a form": {"/user/login/info/refs?service=git-upload-pack", header("Basic " + basic)},
		"path of a form":               {"/user/login", header("Basic\t" + basic)},
		"slashes":                      {"//api//v1/user", header("Basic " + basic)},
		"escapes":                      {"/api/v1/%75ser", header("Basic " + basic)},
		"token in the query":           {"/api/v1/user?token=x&access_token=y", header("Basic " + basic)},
		"upper case":                   {"/USER/LOGIN", header("Basic " + basic)},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := proxied(t, s)
			require.Greater(t, refusedOf(t, many, http.MethodGet, proxy+c.path, c.who), 10)
		})
	}
}

// The forms that take a password or a code are counted however their path is
// written, and pages whose names begin like theirs are not.
func TestTheSampleProxyCountsEveryForm(t *testing.T) {
	s := shared(t)
	proxy := proxied(t, s)
	nobody := func(*http.Request) {}
	for _, path := range []string{"/user/login_of_another", "/user/signs", "/user/settings/appearance"} {
		require.Zero(t, refusedOf(t, 20, http.MethodPost, proxy+path, nobody), path)
	}
	for _, path := range []string{
		"/user/login", "/user/login/", "/user/login?x=y", "//user//login", "/user/./login", "/user/%6cogin", "/x/../user/login",
		"/user/login/openid", "/user/sign_up", "/user/two_factor", "/user/two_factor/scratch",
		"/user/forgot_password", "/user/recover_account", "/user/link_account", "/user/link_account_signin",
		"/user/link_account_signup", "/user/activate", "/user/settings/account", "/user/settings/account/delete",
		"/user/settings/change_password",
	} {
		t.Run(path, func(t *testing.T) {
			require.Greater(t, refusedOf(t, 20, http.MethodPost, proxied(t, s)+path, nobody), 10)
		})
	}
}

// Tokens have no limit in a header of their own, with whatever blanks, and git by
// a token in the place of the name or the password fits within the one of Basic.
func TestTheSampleProxyLetsTokensPass(t *testing.T) {
	m := newMember(t, "26020200000009", "proxiedtokens")
	proxy := proxied(t, m.server)
	const many = 60
	for _, text := range []string{"token %s", "Bearer %s", "TOKEN  %s", "bearer\t%s"} {
		who := func(r *http.Request) { r.Header.Set("Authorization", fmt.Sprintf(text, m.token.Reveal())) }
		require.Zero(t, refusedOf(t, many, http.MethodGet, proxy+"/api/v1/user", who), text)
	}
	for name, who := range map[string]identity{
		"password": asUser(m.user.Username, m.token.Reveal()), "user name": asUser(m.token.Reveal(), "x-oauth-basic"),
	} {
		proxy := proxied(t, m.server)
		require.Zero(t, refusedOf(t, 40, http.MethodGet, proxy+"/api/v1/user", who), name)
	}
	signed, text := signingKey(t)
	m.must(t, http.StatusCreated, http.MethodPost, "/admin/users/"+m.user.Username+"/keys", fields{"title": "laptop", "key": text})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, proxy+"/api/v1/user", http.NoBody)
	require.NoError(t, err)
	signedBy(t, signed)(r)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusUnauthorized, res.StatusCode, "no signature passes")
}

// The proxy lets no one sign in by passkey, however the path is written.
func TestTheSampleProxyTakesNoPasskeys(t *testing.T) {
	s := shared(t)
	address := proxied(t, s)
	for path, want := range map[string]int{
		"/user/webauthn/passkey/assertion": http.StatusForbidden, "/user/webauthn/passkey/login": http.StatusForbidden,
		"/user/%77ebauthn//passkey/login": http.StatusForbidden, "/user/login": http.StatusOK,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, want, res.StatusCode, path)
	}
}
