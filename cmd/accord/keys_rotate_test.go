package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

const clientSecret = "0123456789abcdef0123456789abcdef"

// keysCommand runs a command of `accord keys` on the configuration.
func (s site) keysCommand(t testing.TB, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), configFile)
	require.NoError(t, s.Write(file))
	cmd := exec.CommandContext(t.Context(), "accord", append([]string{"keys"}, append(args, "--config", file)...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	var said, faults bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &faults
	require.NoError(t, cmd.Run(), "%s%s", said.String(), faults.String())
	return said.String()
}

// keys are what `accord keys list` tells of one kind, by state.
func (s site) keys(t testing.TB, kind string) map[string]keyView {
	t.Helper()
	var listed struct {
		Keys []keyView `json:"keys"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.keysCommand(t, "list", "--output", "json")), &listed))
	byState := map[string]keyView{}
	for _, k := range listed.Keys {
		if string(k.Kind) == kind {
			byState[string(k.State)] = k
		}
	}
	return byState
}

// introspect asks a server about a token.
func (c client) introspect(t testing.TB, token string) map[string]any {
	t.Helper()
	form := url.Values{"token": {token}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/oauth/introspect", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth("billing", clientSecret)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", text)
	var word map[string]any
	require.NoError(t, json.Unmarshal(text, &word))
	return word
}

// TestKeysRotateWhileServing rotates the keys of two replicas while people
// register and sign in at both.
func TestKeysRotateWhileServing(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			s := newSite(t, driver)
			s.Keys.Poll = 100 * time.Millisecond
			s.Introspection.Clients = app.Secret("billing:" + clientSecret)
			replicas := []client{s.spawn(t).client, s.spawn(t).client}
			alice := newPerson()
			registered, err := replicas[0].register(alice)
			require.NoError(t, err)
			require.Equal(t, "General.Success", registered.Code)
			before := replicas[0].signIn(t, alice)

			ctx, end := context.WithCancel(t.Context())
			var people sync.WaitGroup
			for i, replica := range replicas {
				people.Go(func() {
					for ctx.Err() == nil {
						bob := newPerson()
						made, err := replica.register(bob)
						if err != nil || made.Code != "General.Success" {
							t.Errorf("register: %v %v", made.Code, err)
							return
						}
						in, err := replicas[1-i].call("login", "", map[string]string{"username": bob.name, "password": bob.password})
						if err != nil || in.Code != "General.Success" {
							t.Errorf("sign in elsewhere: %v %v", in.Code, err)
							return
						}
						token, _ := in.Data["accessToken"].(string)
						if who, err := replica.call("getUserDetail", token, struct{}{}); err != nil || who.Code != "General.Success" {
							t.Errorf("use a token elsewhere: %v %v", who.Code, err)
							return
						}
					}
				})
			}
			said := s.keysCommand(t, "rotate", "--lead", "2s")
			fresh := regexp.MustCompile(`(?m)^sealing key (\d+): seals from`).FindStringSubmatch(said)
			require.Len(t, fresh, 2, said)
			sealedAnew := func() bool {
				retired := s.keys(t, "sealing")["retired"]
				return retired.Sealed != nil && *retired.Sealed == 0
			}
			require.Eventually(t, sealedAnew, soon, 200*time.Millisecond, "everything is sealed anew")
			end()
			people.Wait()
			require.Eventually(t, sealedAnew, soon, 200*time.Millisecond, "and what was under way at that time")

			keys := s.keys(t, "sealing")
			require.Equal(t, fresh[1], keys["active"].ID)
			require.Positive(t, *keys["active"].Sealed)
			signing := s.keys(t, "signing")
			after := replicas[1].signIn(t, alice)
			for _, replica := range replicas {
				_, published := get(t, replica.url+"/.well-known/jwks.json")
				require.Contains(t, published, signing["retired"].ID)
				require.Contains(t, published, signing["active"].ID)
				for _, in := range []session{before, after} {
					word := replica.introspect(t, in.AccessToken)
					require.Equal(t, true, word["active"])
					require.Equal(t, alice.name, word["username"])
				}
			}
			require.Equal(t, signing["active"].ID, kidOf(t, after.AccessToken))
			require.Equal(t, signing["retired"].ID, kidOf(t, before.AccessToken))

			require.Contains(t, s.keysCommand(t, "prune", "--after", "0s", "--apply"), "removed sealing key "+keys["retired"].ID)
			require.NotContains(t, s.keys(t, "sealing"), "retired")
			require.Equal(t, "General.Success", replicas[0].signIn(t, alice).access(t), "without the old key")

			db := s.database(t)
			_, err = db.ExecContext(t.Context(), "UPDATE accounts SET status = ? WHERE id = ?", app.Locked, after.AccountID)
			require.NoError(t, err)
			require.Equal(t, map[string]any{"active": false}, replicas[0].introspect(t, after.AccessToken), "locked")
		})
	}
}

// kidOf is the key that a token says it was signed with.
func kidOf(t testing.TB, token string) string {
	t.Helper()
	var header struct {
		KID string `json:"kid"`
	}
	first, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(first)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &header))
	return header.KID
}
