package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// TestARenamedUserIsThrownOut: who renames the own user on Gitea's pages, and has
// an organization take the old name, escapes nothing that the account says.
func TestARenamedUserIsThrownOut(t *testing.T) {
	site := newSite(t, store.SQLite)
	api, gitea := site.start(t), giteaAdmin{site}
	tests := map[string]func(t *testing.T, l *life, away person, s session){
		"by a reset": func(t *testing.T, l *life, away person, _ session) {
			l.done("emailVerifyCode", "", map[string]string{"email": l.person.email})
			l.person.password = "2wsxzaq1"
			l.done("resetUserPassword", "", map[string]string{
				"email": l.person.email, "password": l.person.password, "verifyCode": l.mailedCode(l.person.email),
			})
			away.password = l.person.password
			require.True(t, gitea.takes(t, away), "the new password")
			l.signIn(t, l.person).alive(t, site.Gitea.URL)
		},
		"by a lock": func(t *testing.T, l *life, away person, _ session) {
			site.done(t, "lock", l.person.name)
			require.False(t, gitea.takes(t, away))
			site.done(t, "unlock", l.person.name)
			require.True(t, gitea.takes(t, away))
		},
		"by revoking all": func(t *testing.T, l *life, _ person, _ session) { site.done(t, "revoke", l.person.name, "--all") },
		"by an eviction":  func(t *testing.T, l *life, _ person, _ session) { site.done(t, "evict", l.person.name, "--apply") },
		"by deletion": func(t *testing.T, l *life, away person, s session) {
			l.done("deleteUser", s.AccessToken, map[string]string{"password": l.person.password})
			require.Eventually(t, func() bool { return gitea.user(t, away.name) == nil }, soon, 50*time.Millisecond)
		},
	}
	for how, throwOut := range tests {
		t.Run(how, func(t *testing.T) {
			l := &life{t, site, api, newPerson()}
			_, err := l.register(l.person)
			require.NoError(t, err)
			away := l.person
			away.name += "-away"
			gitea.rename(t, l.person.name, away.name)
			status, text := gitea.send(t, http.MethodPost, "/orgs", map[string]any{"username": l.person.name})
			require.Equal(t, http.StatusCreated, status, string(text))
			s := l.signIn(t, l.person)
			s.alive(t, site.Gitea.URL)
			renamed := &life{t, site, api, away}
			theirs := renamed.manyTokens(1)
			require.Equal(t, 1, l.working(theirs))

			throwOut(t, l, away, s)
			require.Eventually(t, func() bool { return l.working(theirs) == 0 }, soon, 50*time.Millisecond)
			require.NotNil(t, gitea.organization(t, l.person.name), "what took the name stays")
			if how != "by an eviction" { // the sessions stay
				require.Eventually(t, func() bool { return s.gitea(t, site.Gitea.URL) != http.StatusOK }, soon, 50*time.Millisecond)
			}
		})
	}
}

// organization is nil where there is none of the name.
func (a giteaAdmin) organization(t *testing.T, name string) []byte {
	t.Helper()
	status, text := a.send(t, http.MethodGet, "/orgs/"+name, nil)
	if status != http.StatusOK {
		return nil
	}
	return text
}
