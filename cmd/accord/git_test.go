package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// What sign-in gave is all that git needs, with large files too.
func TestGitWithLargeFiles(t *testing.T) {
	s := newSite(t, store.SQLite)
	api, p := s.start(t), newPerson()
	_, err := api.register(p)
	require.NoError(t, err)
	api.signIn(t, p).pushLarge(t, s.Gitea.URL, p)
}
