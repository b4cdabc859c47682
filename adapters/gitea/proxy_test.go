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
