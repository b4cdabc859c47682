package gitea_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/adaptertest"
	"accord/adapters/gitea"
	"accord/app"
)

// gpgKey is the public key of dtgpg@example.com, whose private one is lost.
const gpgKey = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEaw1XWRYJKwYBBAHaRw8BAQdAH+51f56qxJ8enJTEyR4N2FjZoOeZnTDmCc9v
rDgNBMG0FmR0IDxkdGdwZ0BleGFtcGxlLmNvbT6IkAQTFggAOBYhBP72aHN94QhV
qy9xGanHzwDj0LL5BQJrDVdZAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJ
EKnHzwDj0LL5TZkBAI+gPMI+hAVrFYcZaWD2MzysK55UnjJ5wnlT37bBwe1zAQD8
wBwHvwT/QR+KCym+BHhpcIBKHOWtIGIb/o1zpPpUAQ==
=eqGk
-----END PGP PUBLIC KEY BLOCK-----
`

func (s server) credentialsFixture(d *gitea.Directory) adaptertest.CredentialsFixture {
	return adaptertest.CredentialsFixture{
		DirectoryFixture: s.fixture(d), Credentials: d,
		AddApplication: func(t *testing.T, username, name string) {
			s.must(t, http.StatusCreated, http.MethodPost, "/user/applications/oauth2?sudo="+username,
				fields{"name": name, "redirect_uris": []string{"https://example.com/"}})
		},
		AddSSHKey: func(t *testing.T, username, title string) {
			s.must(t, http.StatusCreated, http.MethodPost, "/admin/users/"+username+"/keys", fields{"title": title, "key": sshKey(t)})
		},
		AddGPGKey: func(t *testing.T, username string) {
			s.addEmails(t, username, "dtgpg@example.com")
			s.must(t, http.StatusCreated, http.MethodPost, "/user/gpg_keys?sudo="+username, fields{"armored_public_key": gpgKey})
		},
		AddDeployKey: func(t *testing.T, username, repository, title string) {
			s.must(t, http.StatusCreated, http.MethodPost, "/repos/"+username+"/"+repository+"/keys",
				fields{"title": title, "key": sshKey(t), "read_only": false})
		},
		AddWebhook: func(t *testing.T, username, origin string) {
			s.must(t, http.StatusCreated, http.MethodPost, "/user/hooks?sudo="+username,
				fields{"type": "gitea", "active": true, "config": fields{"url": origin + "/secret-path", "content_type": "json"}})
		},
		AddRunner: s.addRunner,
	}
}

func TestDirectoryCredentials(t *testing.T) {
	s, _ := settled(t, filepath.Join(t.TempDir(), "gitea"), map[string]string{"actions.ENABLED": "true"})
	d := newDirectory(t, s.options())
	adaptertest.DirectoryCredentials(t, func(*testing.T) adaptertest.CredentialsFixture { return s.credentialsFixture(d) })
}

// addRunner registers a runner of the user's own, as a runner does.
func (s server) addRunner(t *testing.T, username, name string) {
	t.Helper()
	var registration struct {
		Token string `json:"token"`
	}
	given := s.must(t, http.StatusOK, http.MethodPost, "/user/actions/runners/registration-token?sudo="+username, nil)
	require.NoError(t, json.Unmarshal([]byte(given), &registration))
	body, err := json.Marshal(fields{"name": name, "token": registration.Token})
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		s.URL+"/api/actions/runner.v1.RunnerService/Register", bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, http.StatusOK, res.StatusCode)
}

// Webhooks that Gitea is set to ignore hold up no eviction.
func TestCredentialsWithoutWebhooks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gitea")
	s, stop := settled(t, dir, nil)
	d := newDirectory(t, s.options())
	u := app.DirectoryUser{AccountID: "26020200000008", Username: "hooked", Email: "hooked@example.com", Password: foreignPassword}
	_, err := d.CreateUser(t.Context(), u)
	require.NoError(t, err)
	s.credentialsFixture(d).AddWebhook(t, u.Username, "http://127.0.0.1:9")
	found, err := d.Credentials(t.Context(), u.AccountID, app.Webhook, app.ActionsRunner)
	require.NoError(t, err)
	require.Len(t, found, 1)
	stop()

	s, _ = settled(t, dir, map[string]string{"security.DISABLE_WEBHOOKS": "true"})
	found, err = newDirectory(t, s.options()).Credentials(t.Context(), u.AccountID, app.Webhook, app.ActionsRunner)
	require.NoError(t, err)
	require.Empty(t, found)
}
