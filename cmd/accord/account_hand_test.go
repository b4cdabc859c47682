package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

// joined registers somebody and signs in.
func joined(t testing.TB, api client) (person, session) {
	t.Helper()
	p := newPerson()
	registered, err := api.register(p)
	require.NoError(t, err)
	require.Equal(t, "General.Success", registered.Code)
	return p, api.signIn(t, p)
}

// done runs a command that must succeed, and returns what it printed.
func (s site) done(t testing.TB, args ...string) string {
	t.Helper()
	stdout, stderr, exit := s.account(t, args...)
	require.Zero(t, exit, stderr)
	require.Empty(t, stderr)
	return stdout
}

// refused runs a command that must fail, and returns the one line it said.
func (s site) refused(t testing.TB, args ...string) string {
	t.Helper()
	_, stderr, exit := s.account(t, args...)
	require.Equal(t, 1, exit)
	require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	return stderr
}

func signInCode(t testing.TB, api client, p person) string {
	t.Helper()
	return api.code(t, "login", "", map[string]string{"username": p.name, "password": p.password})
}

// TestAnOperatorKeepsAPersonOut: when the command has answered, nothing that the
// person holds is good anywhere, until another one lets the person in.
func TestAnOperatorKeepsAPersonOut(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, driver)
			api := site.start(t)
			alice, first := joined(t, api)
			_, bob := joined(t, api)
			for _, s := range suspensions {
				before := api.signIn(t, alice)
				before.alive(t, site.Gitea.URL)
				require.Regexp(t, `^`+s.done+` `+alice.name+` \(`+first.AccountID+`\), saga \S+\n$`, site.done(t, s.name, alice.name))
				first.dead(t, site.Gitea.URL)
				before.dead(t, site.Gitea.URL)
				require.Equal(t, "Account.VerifyError", signInCode(t, api, alice))
				require.Equal(t, http.StatusUnauthorized, giteaStatus(t, site.Gitea.URL+"/api/v1/user", func(r *http.Request) {
					r.SetBasicAuth(alice.name, alice.password)
				}))
				require.Contains(t, site.done(t, "list", "--status", string(s.to)), first.AccountID)

				var done doneView
				require.NoError(t, json.Unmarshal([]byte(site.done(t, "unlock", first.AccountID, "--output", "json")), &done))
				require.Equal(t, doneView{
					Done: "unlocked", AccountID: first.AccountID, Username: alice.name, Status: app.Normal, Saga: done.Saga,
				}, done)
				before.dead(t, site.Gitea.URL)
				require.Contains(t, site.refused(t, "unlock", alice.name), "it is so already")
			}
			api.signIn(t, alice).alive(t, site.Gitea.URL)
			bob.alive(t, site.Gitea.URL)
			require.Empty(t, orphansOf(t, site, alice), "nothing that was made to be refused is left")
		})
	}
}

// orphansOf are the names of a person's Gitea tokens that belong to no live
// session.
func orphansOf(t testing.TB, s site, p person) []string {
	t.Helper()
	status, text := giteaAdmin{s}.send(t, http.MethodGet, "/users/"+p.name+"/tokens?limit=50", nil)
	require.Equal(t, http.StatusOK, status)
	var tokens []struct{ Name string }
	require.NoError(t, json.Unmarshal(text, &tokens))
	var live sessionPage
	require.NoError(t, json.Unmarshal([]byte(s.done(t, "sessions", p.name, "--output", "json")), &live))
	var orphans []string
	for _, token := range tokens {
		found := false
		for _, session := range live.Sessions {
			found = found || token.Name == "accord-"+session.ID
		}
		if !found {
			orphans = append(orphans, token.Name)
		}
	}
	return orphans
}

// TestALockWithoutASystemLeavesThePersonAsBefore, and says what to do.
func TestALockWithoutASystemLeavesThePersonAsBefore(t *testing.T) {
	site := newSite(t, store.SQLite)
	site.Saga.Settle = time.Second
	server := site.spawn(t)
	alice, s := joined(t, server.client)
	server.kill() // beside it, the one command would meet the other's database only
	for _, away := range []struct {
		system string
		of     func(c *config.Config)
	}{
		{"Gitea", func(c *config.Config) { c.Gitea.URL = "http://localhost:1" }},
		{"the storage", func(c *config.Config) { c.Storage.Endpoint = "http://localhost:1" }},
	} {
		broken := site
		away.of(&broken.Config)
		require.Regexp(t, `^accord: `+alice.name+` \(`+s.AccountID+`\): not locked, `+away.system+` did not take part; mend `,
			broken.refused(t, "lock", alice.name))
	}
	site.spawn(t) // undoes what the storage was away for
	db := site.database(t)
	require.Eventually(t, func() bool {
		var held int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM saga_holds").Scan(&held))
		return held == 0
	}, soon, 50*time.Millisecond)
	require.Equal(t, http.StatusOK, s.gitea(t, site.Gitea.URL))
	require.NoError(t, s.put(t, s.Storage.Prefix, "still.txt", "here"))
	site.done(t, "lock", alice.name)
	require.NotEqual(t, http.StatusOK, s.gitea(t, site.Gitea.URL))
	require.Error(t, s.put(t, s.Storage.Prefix, "no.txt", "more"))
}

// TestAnOperatorDeletesAnAccount by hand, after a look at what would go.
func TestAnOperatorDeletesAnAccount(t *testing.T) {
	site := newSite(t, store.SQLite)
	site.Deletion.Grace = time.Hour
	api := site.start(t)
	alice, s := joined(t, api)
	s.push(t, site.Gitea.URL, alice)
	require.NoError(t, s.put(t, s.Storage.Prefix, "hello.txt", "hello"))

	shown := site.done(t, "delete", alice.name)
	require.Regexp(t, `(?m)^repositories +hello$`, shown)
	require.Regexp(t, `(?m)^objects +1$`, shown)
	require.Contains(t, shown, "nothing was changed; --apply deletes it")
	s.alive(t, site.Gitea.URL)

	site.done(t, "lock", alice.name)
	require.Regexp(t, `^deleted `+alice.name, site.done(t, "delete", alice.name, "--apply"))
	s.dead(t, site.Gitea.URL)
	require.Contains(t, site.refused(t, "delete", alice.name, "--apply"), "is deleted already")
	require.Contains(t, site.refused(t, "lock", alice.name), "`accord account restore` brings it back")
	require.Contains(t, site.done(t, "restore", alice.name), "its status is lock, as it was before")
	require.Equal(t, "Account.VerifyError", signInCode(t, api, alice))
	site.done(t, "unlock", alice.name)
	again := api.signIn(t, alice)
	again.alive(t, site.Gitea.URL)
	require.Equal(t, "hello", again.hello(t))

	require.Contains(t, site.done(t, "delete", alice.name, "--now"), "nothing was changed")
	again.alive(t, site.Gitea.URL)
	site.done(t, "delete", alice.name, "--now", "--apply")
	again.dead(t, site.Gitea.URL)
	require.Nil(t, giteaAdmin{site}.user(t, alice.name))
	require.Contains(t, site.refused(t, "delete", again.AccountID, "--now", "--apply"), "its status is delete")
	require.Contains(t, site.done(t, "list", "--status", "delete"), again.AccountID)
	require.NotContains(t, site.done(t, "list"), again.AccountID)
}

// TestTheLastOwnerIsNotDeletedByHand either.
func TestTheLastOwnerIsNotDeletedByHand(t *testing.T) {
	site := newSite(t, store.SQLite)
	api := site.start(t)
	alice, s := joined(t, api)
	bob, _ := joined(t, api)
	organization := "o" + alice.name[:20]
	admin := giteaAdmin{site}
	status, _ := admin.send(t, http.MethodPost, "/admin/users/"+alice.name+"/orgs", map[string]string{"username": organization})
	require.Equal(t, http.StatusCreated, status)
	status, text := admin.send(t, http.MethodPost, "/orgs/"+organization+"/teams", map[string]any{
		"name": "readers", "permission": "read", "units": []string{"repo.code"},
	})
	require.Equal(t, http.StatusCreated, status)
	var team struct{ ID int64 }
	require.NoError(t, json.Unmarshal(text, &team))
	status, _ = admin.send(t, http.MethodPut, fmt.Sprintf("/teams/%d/members/%s", team.ID, bob.name), nil)
	require.Equal(t, http.StatusNoContent, status)

	stdout, stderr, exit := site.account(t, "delete", alice.name)
	require.Equal(t, 1, exit)
	require.Contains(t, stdout, organization)
	require.Contains(t, stderr, "others would lose "+organization)
	require.Contains(t, site.refused(t, "delete", alice.name, "--apply"), "make somebody else its owner")
	s.alive(t, site.Gitea.URL)
}

// TestAnOperatorEndsSessions, one and then all, and nobody else's.
func TestAnOperatorEndsSessions(t *testing.T) {
	site := newSite(t, store.MySQL)
	api := site.start(t)
	alice, first := joined(t, api)
	_, bob := joined(t, api)
	second, third := api.signIn(t, alice), api.signIn(t, alice)
	var page sessionPage
	require.NoError(t, json.Unmarshal([]byte(site.done(t, "sessions", alice.name, "--limit", "2", "--output", "json")), &page))
	require.Len(t, page.Sessions, 2)
	require.Equal(t, page.Sessions[1].ID, page.Next)
	rest := site.done(t, "sessions", alice.name, "--after", page.Next)
	require.Equal(t, 2, strings.Count(rest, "\n"), "a head and the third: %s", rest)

	require.Contains(t, site.done(t, "revoke", alice.name, page.Next), "1 session of "+alice.name)
	alive := 0
	for _, s := range []session{first, second, third} {
		if s.access(t) == "General.Success" {
			s.alive(t, site.Gitea.URL)
			alive++
			continue
		}
		s.dead(t, site.Gitea.URL)
	}
	require.Equal(t, 2, alive)
	require.Contains(t, site.refused(t, "revoke", alice.name, page.Next), "has no live session")
	require.Contains(t, site.done(t, "revoke", alice.name, "--all"), "2 sessions of "+alice.name)
	for _, s := range []session{first, second, third} {
		s.dead(t, site.Gitea.URL)
	}
	bob.alive(t, site.Gitea.URL)
	api.signIn(t, alice).alive(t, site.Gitea.URL)
}

// TestOrphanedTokensEnd: a token of ours that Gitea has and nobody's session is,
// while those of sessions, and those that are not ours, stay.
func TestOrphanedTokensEnd(t *testing.T) {
	site := newSite(t, store.SQLite)
	quick := site
	quick.Sweep.Every, quick.Sweep.Settle, quick.Sweep.TokensPerSecond = 200*time.Millisecond, 5*time.Second, 1000
	api := quick.start(t)
	alice, s := joined(t, api)
	admin := giteaAdmin{site}
	for _, name := range []string{"accord-" + strings.Repeat("a", 26), "theirs"} {
		status, _ := admin.send(t, http.MethodPost, "/users/"+alice.name+"/tokens", map[string]any{"name": name, "scopes": []string{"read:user"}})
		require.Equal(t, http.StatusCreated, status)
	}
	require.Len(t, orphansOf(t, site, alice), 2)
	require.Eventually(t, func() bool { return len(orphansOf(t, site, alice)) == 1 }, soon, 200*time.Millisecond)
	require.Equal(t, []string{"theirs"}, orphansOf(t, site, alice))
	s.alive(t, site.Gitea.URL)
}

func TestWhatDevicesSayIsPlain(t *testing.T) {
	require.Equal(t, "curl/8 ?[31m设备?", plainText("curl/8 \x1b[31m设备\n"))
}
