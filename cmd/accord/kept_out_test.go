package main

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// A user whom an administrator of Gitea shut out there, or of whom a new password
// is demanded, is refused by every dialect, with its code for Gitea.
func TestSignInOfAUserWhomGiteaStops(t *testing.T) {
	site := newSite(t, store.SQLite)
	gitea := giteaAdmin{site}
	l := &life{t, site, site.start(t), newPerson()}
	l.joinByInfinite()
	gitea.edit(t, l.person.name, map[string]any{"must_change_password": true})
	l.stoppedByGitea()
	before := l.person
	l.done("emailVerifyCode", "", map[string]string{"email": before.email})
	l.person.password = "2wsxzaq1"
	l.done("resetUserPassword", "", map[string]string{
		"email": before.email, "password": l.person.password, "verifyCode": l.mailedCode(before.email),
	})
	l.passwordIs(before)

	gitea.edit(t, l.person.name, map[string]any{"prohibit_login": true})
	l.stoppedByGitea()
	require.True(t, gitea.user(t, l.person.name)["prohibit_login"].(bool), "the ban stays")

	gitea.edit(t, l.person.name, map[string]any{"prohibit_login": false})
	l.signIn(t, l.person).alive(t, site.Gitea.URL)
}

func (l *life) stoppedByGitea() {
	t, p := l.t, l.person
	byName := map[string]string{"username": p.name, "password": p.password}
	require.Equal(t, "General.GiteaServerError", l.code(t, "login", "", byName))
	require.Equal(t, 1001, l.portal("login", "", byName).Code)
	require.Equal(t, 502, member{life: *l}.ask("user/login", map[string]string{"email": p.email, "password": p.password}).Code)
	answer := l.jpress(t, "login", "", url.Values{"loginAccount": {p.name}, "password": {p.password}})
	require.Equal(t, "fail", answer.State)
	require.Contains(t, answer.Message, "Gitea")
	status, _ := l.registry(t, http.MethodPost, "login", fields{"username": p.name, "password": p.password})
	require.Equal(t, http.StatusBadGateway, status)
}
