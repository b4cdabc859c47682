package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// inGitea is how Gitea answers to a user's password.
func (s *syncSite) inGitea(t *testing.T, p person) int {
	t.Helper()
	return giteaStatus(t, s.Gitea.URL+"/api/v1/user", func(r *http.Request) { r.SetBasicAuth(p.name, p.password) })
}

// A running deployment changes its mode: what was mirrored is sealed by a repair,
// newcomers' passwords never get there, and tokens and git go on.
func TestPasswordsInGiteaAreSealed(t *testing.T) {
	s := newSyncSite(t, store.SQLite)
	before, newcomer := newPerson(), newPerson()
	_, err := s.api.register(before)
	require.NoError(t, err)
	open := s.api.signIn(t, before)
	require.Equal(t, http.StatusOK, s.inGitea(t, before))
	s.accord(t, 0, "sync")

	s.Gitea.Passwords = "sealed"
	require.NoError(t, s.Write(s.file))
	api := s.start(t)
	require.Contains(t, s.accord(t, 2, "sync"), "replaced by one that nobody knows")
	s.accord(t, 0, "sync", "apply", "--yes")
	s.accord(t, 0, "sync")
	require.Equal(t, http.StatusUnauthorized, s.inGitea(t, before))
	open.alive(t, s.Gitea.URL)
	open.push(t, s.Gitea.URL, before)

	_, err = api.register(newcomer)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, s.inGitea(t, newcomer))
	for _, p := range []person{before, newcomer} {
		in := api.signIn(t, p)
		in.alive(t, s.Gitea.URL)
		require.Equal(t, http.StatusUnauthorized, s.inGitea(t, p), "a sign-in does not give it back")
	}
	api.signIn(t, newcomer).push(t, s.Gitea.URL, newcomer)
	s.accord(t, 0, "sync")

	s.Gitea.Passwords = "mirrored"
	require.NoError(t, s.Write(s.file))
	s.start(t).signIn(t, newcomer)
	require.Equal(t, http.StatusOK, s.inGitea(t, newcomer))
	require.Equal(t, http.StatusUnauthorized, s.inGitea(t, before), "not before the next sign-in")
}
