package gitea_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"accord/app"
)

// signingKey is an SSH key pair whose public key is text that Gitea takes.
func signingKey(t *testing.T) (ed25519.PrivateKey, string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	key, err := ssh.NewPublicKey(public)
	require.NoError(t, err)
	return private, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// signedBy signs a request by an SSH key, with no other credential.
func signedBy(t *testing.T, private ed25519.PrivateKey) identity {
	t.Helper()
	public, err := ssh.NewPublicKey(private.Public())
	require.NoError(t, err)
	return func(r *http.Request) {
		created := time.Now().Unix()
		expires := created + 10
		text := fmt.Sprintf("(request-target): %s %s\n(created): %d\n(expires): %d", strings.ToLower(r.Method), r.URL.RequestURI(), created, expires)
		r.Header.Set("Signature", fmt.Sprintf(
			`keyId=%q,algorithm="hs2019",created=%d,expires=%d,headers="(request-target) (created) (expires)",signature=%q`,
			ssh.FingerprintSHA256(public), created, expires, base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(text))),
		))
	}
}

// Gitea takes a user's SSH key for its whole API, without scopes, also under
// DISABLE_SSH, which the tests' Gitea has. A deploy key opens none of it.
func TestAnSSHKeyOpensTheAPIUntilItEnds(t *testing.T) {
	s := shared(t)
	d := newDirectory(t, s.options())
	u := app.DirectoryUser{AccountID: "26030300000041", Username: "signs", Email: "signs@example.com", Password: "abcdefg7"}
	_, err := d.CreateUser(t.Context(), u)
	require.NoError(t, err)
	own, text := signingKey(t)
	deploy, deployText := signingKey(t)
	status := func(by ed25519.PrivateKey, path string) int {
		got, _ := s.askAs(t, signedBy(t, by), http.MethodGet, path, nil)
		return got
	}
	require.Equal(t, http.StatusUnauthorized, status(own, "/user"))
	s.must(t, http.StatusCreated, http.MethodPost, "/admin/users/signs/keys", fields{"title": "laptop", "key": text})
	require.Equal(t, http.StatusOK, status(own, "/user"))
	got, _ := s.askAs(t, signedBy(t, own), http.MethodPost, "/user/repos", fields{"name": "work", "private": true})
	require.Equal(t, http.StatusCreated, got, "without a scope")
	s.must(t, http.StatusCreated, http.MethodPost, "/repos/signs/work/keys", fields{"title": "deploy", "key": deployText})
	require.Equal(t, http.StatusUnauthorized, status(deploy, "/user"))
	require.NotEqual(t, http.StatusOK, status(deploy, "/repos/signs/work"))

	gitea := *s.Gitea
	gitea.URL = proxied(t, s)
	got, _ = server{&gitea}.askAs(t, signedBy(t, own), http.MethodGet, "/user", nil)
	require.Equal(t, http.StatusUnauthorized, got, "the sample proxy drops signatures")

	found, err := d.Credentials(t.Context(), u.AccountID, app.SSHKey)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.False(t, found[0].Kind.IsKey(), "an eviction ends it unasked")
	_, err = d.EndCredentials(t.Context(), u.AccountID, found)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status(own, "/user"))
}
