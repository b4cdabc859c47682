package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Who deleted the own user in Gitea signs in as ever, and the user is made again
// on the way, on both databases.
func TestASignInMakesADeletedGiteaUserAgain(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			site := newSite(t, driver)
			api, gitea := site.start(t), giteaAdmin{site}
			p, before := joined(t, api)
			_, bob := joined(t, api)
			number := gitea.user(t, p.name)["id"]
			gitea.remove(t, p.name)
			require.NotEqual(t, http.StatusOK, before.gitea(t, site.Gitea.URL))

			in := api.signIn(t, p)
			in.alive(t, site.Gitea.URL)
			require.NotEqual(t, number, gitea.user(t, p.name)["id"])
			require.True(t, gitea.takes(t, p), "the password is healed")
			require.Equal(t, []string{p.email}, gitea.addresses(t, p.name))
			in.push(t, site.Gitea.URL, p)
			api.signIn(t, p).alive(t, site.Gitea.URL)
			bob.alive(t, site.Gitea.URL)
			require.Eventually(t, func() bool { return site.mailTo(t, p.email) == 2 }, soon, 20*time.Millisecond, "a welcome and the notice")

			gitea.remove(t, p.name)
			stranger := newPerson()
			stranger.name = p.name
			gitea.create(t, stranger)
			code := api.code(t, "login", "", map[string]string{"username": p.name, "password": p.password})
			require.Equal(t, "General.GiteaServerError", code, "another has the name")
			require.True(t, gitea.takes(t, stranger))
		})
	}
}

// addresses are those that the user has in Gitea.
func (a giteaAdmin) addresses(t *testing.T, name string) (all []string) {
	t.Helper()
	status, text := a.send(t, http.MethodGet, "/user/emails?sudo="+name, nil)
	require.Equal(t, http.StatusOK, status)
	var held []struct{ Email string }
	require.NoError(t, json.Unmarshal(text, &held))
	for _, e := range held {
		all = append(all, e.Email)
	}
	return all
}
