package gitea_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
	"accord/saga"
)

func TestProbeFindsNoFault(t *testing.T) {
	s := shared(t)
	before := s.must(t, http.StatusOK, http.MethodGet, "/admin/users?limit=50&sort=id", nil)
	for name, token := range map[string]app.Secret{
		"password": "", "token": s.adminToken(t, "probe-good", "write:admin", "read:user"),
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options()
			o.AdminToken = token
			report, err := newDirectory(t, o).Probe(t.Context())
			require.NoError(t, err)
			require.Empty(t, report.Faults)
			require.True(t, report.Admin)
			require.Regexp(t, `^1\.\d+\.\d+`, report.Version)
		})
	}
	require.Equal(t, before, s.must(t, http.StatusOK, http.MethodGet, "/admin/users?limit=50&sort=id", nil))
}

func TestProbeFindsFaults(t *testing.T) {
	s := shared(t)
	s.placeUser(t, "probed", "probed@example.com")
	s.must(t, http.StatusCreated, http.MethodPost, "/admin/users", fields{
		"username": "probedmust", "email": "probedmust@example.com", "password": foreignPassword,
	})
	for name, c := range map[string]struct {
		change func(*gitea.Options)
		fault  string
	}{
		"wrong password": {func(o *gitea.Options) { o.AdminPassword = "wrong" }, "check the administrator's name and password"},
		"no administrator": {func(o *gitea.Options) {
			o.AdminUser, o.AdminPassword = "probed", foreignPassword
		}, `"probed" is no administrator`},
		"password to be changed": {func(o *gitea.Options) {
			o.AdminUser, o.AdminPassword = "probedmust", foreignPassword
		}, "setting another password"},
		"dead token": {func(o *gitea.Options) { o.AdminToken = adminToken }, "token is not good"},
		"read-only token": {func(o *gitea.Options) {
			o.AdminToken = s.adminToken(t, "probe-weak", "read:admin", "read:user")
		}, "lacks the scope write:admin: make another one; where Gitea takes no passwords, it needs write:admin, write:user"},
		"clock": {func(o *gitea.Options) {
			o.Now = func() time.Time { return time.Now().Add(-time.Hour) }
		}, "by NTP"},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options()
			c.change(&o)
			report, err := newDirectory(t, o).Probe(t.Context())
			require.NoError(t, err)
			require.Len(t, report.Faults, 1)
			require.Contains(t, report.Faults[0], c.fault)
			require.NotContains(t, report.Faults[0], o.AdminPassword.Reveal())
		})
	}
}

// policed answers as a Gitea of that version, with that word on passwords.
func policed(version, refusal string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/version":
			_, _ = io.WriteString(w, `{"version":"`+version+`"}`)
		case "/api/v1/user":
			_, _ = io.WriteString(w, `{"id":1,"login":"root","is_admin":true,"email":"root@example.com"}`)
		default:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"message":"`+refusal+`","url":""}`)
		}
	}
}

func TestProbeFindsVersionAndPolicy(t *testing.T) {
	for refusal, setting := range map[string]string{
		"PasswordIsRequired": "MIN_PASSWORD_LENGTH = 8",
		"PasswordComplexity": "PASSWORD_COMPLEXITY = off",
		"PasswordPwned":      "PASSWORD_CHECK_PWN = false",
		"PasswordIsBlue":     "no stricter than ours",
	} {
		report, err := standIn(t, policed("1.19.4", refusal)).Probe(t.Context())
		require.NoError(t, err)
		require.Equal(t, "1.19.4", report.Version)
		require.Len(t, report.Faults, 2)
		require.Contains(t, report.Faults[0], "1.19.4 is too old")
		require.Contains(t, report.Faults[1], setting)
	}
}

// Gitea itself under a stricter policy, to see that the trial meets it.
func TestProbeMeetsRealPolicies(t *testing.T) {
	for setting, fault := range map[string]string{
		"MIN_PASSWORD_LENGTH = 9":         "MIN_PASSWORD_LENGTH = 8",
		"PASSWORD_COMPLEXITY = lower":     "PASSWORD_COMPLEXITY = off",
		"PASSWORD_COMPLEXITY = upper":     "PASSWORD_COMPLEXITY = off",
		"PASSWORD_COMPLEXITY = off,digit": "",
	} {
		t.Run(setting, func(t *testing.T) {
			report, err := newDirectory(t, configured(t, setting).options()).Probe(t.Context())
			require.NoError(t, err)
			if fault == "" {
				require.Empty(t, report.Faults)
				return
			}
			require.Len(t, report.Faults, 1)
			require.Contains(t, report.Faults[0], fault)
		})
	}
}

// configured starts a Gitea whose app.ini has that line instead of its own.
func configured(t *testing.T, setting string) server {
	t.Helper()
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", shared(t).PID()))
	require.NoError(t, err)
	key, _, _ := strings.Cut(setting, " ")
	script := filepath.Join(t.TempDir(), "gitea")
	require.NoError(t, os.WriteFile(script, fmt.Appendf(nil,
		"#!/bin/sh\nsed -i 's/^%s .*/%s/' \"$2\"\nexec '%s' \"$@\"\n", key, setting, program), 0o700))
	t.Setenv("ACCORD_GITEA_STATIC", cmp.Or(os.Getenv("ACCORD_GITEA_STATIC"), filepath.Join(filepath.Dir(program), "gitea-static")))
	return started(t, script)
}

func TestProbeFindsNoGitea(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"another server": http.NotFound,
		"broken":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"nonsense":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := standIn(t, handler).Probe(t.Context())
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
		})
	}
}

func TestPing(t *testing.T) {
	s := shared(t)
	require.NoError(t, newDirectory(t, s.options()).Ping(t.Context()))

	var credentials []string
	sick := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		credentials = r.Header["Authorization"]
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	err := sick.Ping(t.Context())
	require.Empty(t, credentials)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.True(t, saga.IsRefused(err))
}

func TestURLMayHaveASubPath(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(s.Close)
	d := newDirectory(t, gitea.Options{URL: s.URL + "/git/", AdminUser: "root", AdminPassword: adminPassword})
	require.Error(t, d.Ping(t.Context()))
	_, err := d.LetsIn(t.Context(), "a token")
	require.Error(t, err)
	require.Equal(t, []string{"/git/api/healthz", "/git/api/v1/user"}, asked)
}
