package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// An address that a user of ours added in Gitea is taken by a registration that
// proves it, and by no other. One that a stranger to Accord has stays in any case.
func TestUnprovedAddressesInGiteaGiveWay(t *testing.T) {
	site := newSite(t, store.SQLite)
	api, gitea := site.start(t), giteaAdmin{site}
	mallory, victim, other, stranger := newPerson(), newPerson(), newPerson(), newPerson()
	registered, err := api.register(mallory)
	require.NoError(t, err)
	require.Equal(t, "General.Success", registered.Code)
	gitea.addAddress(t, mallory, victim.email)
	both := []string{mallory.email, victim.email}
	require.ElementsMatch(t, both, gitea.addresses(t, mallory.name))

	registered, err = api.register(victim)
	require.NoError(t, err)
	require.Equal(t, "General.EmailRepeat", registered.Code)
	require.ElementsMatch(t, both, gitea.addresses(t, mallory.name))

	(&life{t, site, api, victim}).joinByPortal()
	require.Eventually(t, func() bool { return len(gitea.addresses(t, mallory.name)) == 1 }, soon, 50*time.Millisecond)
	require.Equal(t, []string{mallory.email}, gitea.addresses(t, mallory.name))
	require.Eventually(t, func() bool { return slices.Contains(gitea.addresses(t, victim.name), victim.email) }, soon, 50*time.Millisecond)
	require.Equal(t, []string{victim.email}, gitea.addresses(t, victim.name))
	api.signIn(t, victim).alive(t, site.Gitea.URL)
	api.signIn(t, mallory).alive(t, site.Gitea.URL)

	gitea.create(t, stranger)
	gitea.addAddress(t, stranger, other.email)
	registered, err = api.register(other)
	require.NoError(t, err)
	require.Equal(t, "General.EmailRepeat", registered.Code)
	require.ElementsMatch(t, []string{stranger.email, other.email}, gitea.addresses(t, stranger.name))
}
