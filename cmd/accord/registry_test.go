package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fields are a body of the registry dialect.
type fields map[string]any

// registry sends one request to the registry dialect.
func (c client) registry(t testing.TB, method, call string, in fields) (int, []byte) {
	t.Helper()
	text, err := json.Marshal(in)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), method, c.url+"/registry/"+call, bytes.NewReader(text))
	require.NoError(t, err)
	if len(in) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, answer
}

// carried requires that a call was carried out.
func (c client) carried(t testing.TB, method, call string, in fields) {
	t.Helper()
	status, answer := c.registry(t, method, call, in)
	require.Equal(t, http.StatusOK, status, "%s: %s", call, answer)
	require.JSONEq(t, "true", string(answer), call)
}

// signsIn requires a sign-in by the registry dialect.
func (c client) signsIn(t testing.TB, in fields) session {
	t.Helper()
	status, answer := c.registry(t, http.MethodPost, "login", in)
	require.Equal(t, http.StatusOK, status)
	s := session{client: c}
	require.NoError(t, json.Unmarshal(answer, &s))
	var named struct{ Token string }
	require.NoError(t, json.Unmarshal(answer, &named))
	s.AccessToken = named.Token
	return s
}

// invitation makes one with the command.
func (s site) invitation(t testing.TB, uses string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), configFile)
	require.NoError(t, s.Write(file))
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "accord", "invite", "create", "--uses", uses, "--output", "json", "--config", file)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	require.NoError(t, err)
	var made struct{ Code string }
	require.NoError(t, json.Unmarshal(out, &made))
	require.NotEmpty(t, made.Code)
	return made.Code
}

// TestTheRegistryOnRealSystems registers by mail and by telephone where an
// invitation is needed, then works with what the sign-in gave.
func TestTheRegistryOnRealSystems(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, driver)
			site.SMS.Provider, site.SMS.Dir = "dev", t.TempDir()
			site.Registry.Invitations = true
			l := life{t, site, site.start(t), newPerson()}
			alice := l.person
			alice.name = alice.name[:12]
			invite := site.invitation(t, "1")

			status, _ := l.registry(t, http.MethodPost, "checkEmail", fields{"email": alice.email})
			require.Equal(t, http.StatusBadRequest, status, "an invitation is needed")
			l.carried(t, http.MethodPost, "checkEmailPwd", fields{
				"email": alice.email, "username": alice.name, "password1": alice.password, "password2": alice.password, "invateUsername": invite,
			})
			require.Eventually(t, func() bool { return site.mailTo(t, alice.email) == 1 }, soon, 20*time.Millisecond)
			l.carried(t, http.MethodPost, "verifyEmail", fields{"email": alice.email, "code": l.mailedCode(alice.email)})
			whole := fields{
				"email": alice.email, "username": alice.name, "nickname": "Alice", "gender": 0, "birthday": "2001-02-03",
				"password1": alice.password, "password2": alice.password, "invateUsername": invite,
			}
			l.carried(t, http.MethodPut, "save", whole)

			entered := l.signsIn(t, fields{"username": alice.name, "password": alice.password})
			entered.push(t, site.Gitea.URL, alice)
			entered.alive(t, site.Gitea.URL)
			l.signIn(t, alice).alive(t, site.Gitea.URL) // by the main dialect

			require.Eventually(t, func() bool { return site.mailTo(t, alice.email) == 2 }, soon, 20*time.Millisecond, "a welcome")
			l.carried(t, http.MethodPost, "findUsername?email="+alice.email, nil)
			require.Eventually(t, func() bool { return site.mailTo(t, alice.email) == 3 }, soon, 20*time.Millisecond)

			status, _ = l.registry(t, http.MethodPost, "checkPhone", fields{"phone": "13800138000", "invateUsername": invite})
			require.Equal(t, http.StatusBadRequest, status, "the invitation is used up")
			invite = site.invitation(t, "1")
			l.carried(t, http.MethodPost, "checkPhone", fields{"phone": "13800138000", "invateUsername": invite})
			l.carried(t, http.MethodPost, "verifyPhone", fields{"email": "13800138000", "code": l.textedCode()})
			l.carried(t, http.MethodPut, "save", fields{
				"phone": "13800138000", "nickname": "Bob", "password": alice.password, "invateUsername": invite,
			})
			l.signsIn(t, fields{"phone": "13800138000", "password": alice.password}).alive(t, site.Gitea.URL)
		})
	}
}
