package adaptertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// fill puts three objects into the home that the grant is for.
func (f StorageFixture) fill(t *testing.T, g app.Grant) []string {
	t.Helper()
	names := []string{g.Prefix + "deep/er/object", g.Prefix + "notes.txt", g.Prefix + "object"}
	for _, name := range names {
		require.True(t, f.MayUse(t, g, name))
	}
	return names
}

func storageShutOut(t *testing.T, f StorageFixture) {
	key, other := f.user(t, secretA), f.user(t, secretA)
	g, others := f.grant(t, key, secretA, "session1"), f.grant(t, other, secretA, "session1")
	for range 2 { // repeatable
		require.NoError(t, f.Storage.SetActive(t.Context(), key, false))
		require.False(t, f.live(t, g, key), "live credentials are refused at once")
	}
	_, err := f.Storage.Grant(t.Context(), key, secretA, "session2", time.Hour)
	requireRefused(t, err)
	requireRefused(t, f.Storage.CreateUser(t.Context(), key, secretB))
	require.False(t, f.live(t, g, key), "the refused creation lets nobody in")
	require.True(t, f.live(t, others, other), "another's go on")
	require.Equal(t, []string{key + "/object"}, f.Objects(t, key), "its objects stay")
	for range 2 {
		require.NoError(t, f.Storage.SetActive(t.Context(), key, true))
		require.True(t, f.live(t, g, key), "the same credentials work again")
	}
	f.grant(t, key, secretA, "session2")
}

func storageShutOutAbsent(t *testing.T, f StorageFixture) {
	key := f.NewKey()
	require.NoError(t, f.Storage.SetActive(t.Context(), key, false))
	requireRefused(t, f.Storage.SetActive(t.Context(), key, true))
	require.NotContains(t, f.Users(t), key)
}

func storageEndWhileOut(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	gone, stays := f.grant(t, key, secretA, "session1"), f.grant(t, key, secretA, "session2")
	require.NoError(t, f.Storage.SetActive(t.Context(), key, false))
	require.NoError(t, f.Storage.Revoke(t.Context(), key, "session1", ""))
	require.NoError(t, f.Storage.SetActive(t.Context(), key, true))
	require.False(t, f.live(t, gone, key))
	require.True(t, f.live(t, stays, key))
}

func storageCount(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	g, err := f.Storage.Grant(t.Context(), key, secretA, "session1", time.Hour)
	require.NoError(t, err)
	count := func(key string, limit int) int {
		n, err := f.Storage.CountObjects(t.Context(), key, limit)
		require.NoError(t, err)
		return n
	}
	require.Zero(t, count(key, 100))
	f.fill(t, g)
	longer := f.longer(t, key)
	f.grant(t, longer, secretA, "session1")
	for limit, want := range map[int]int{-1: 0, 0: 0, 1: 1, 2: 2, 3: 3, 4: 3, 5000: 3} {
		require.Equal(t, want, count(key, limit), "limit %d", limit)
	}
	require.Equal(t, 1, count(longer, 100))
	require.Zero(t, count(f.NewKey(), 100), "an absent user has none")
}

// longer makes a user whose key begins with that one.
func (f StorageFixture) longer(t *testing.T, key string) string {
	t.Helper()
	require.NoError(t, f.Storage.CreateUser(t.Context(), key+"4", secretA))
	return key + "4"
}

func storagePurge(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	g := f.grant(t, key, secretA, "session1")
	require.Equal(t, f.fill(t, g), f.Objects(t, key))
	for range 2 { // absent is done
		require.NoError(t, f.Storage.PurgeUser(t.Context(), key))
		require.Empty(t, f.Objects(t, key))
		require.NotContains(t, f.Users(t), key)
		require.False(t, f.live(t, g, key))
	}
	require.NoError(t, f.Storage.PurgeUser(t.Context(), f.NewKey()), "never there is done too")

	require.NoError(t, f.Storage.CreateUser(t.Context(), key, secretB))
	require.False(t, f.live(t, g, key), "the old credentials stay dead")
	f.grant(t, key, secretB, "session1")
}

func storagePurgeNeighbours(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	longer, other := f.longer(t, key), f.user(t, secretA)
	f.grant(t, key, secretA, "session1")
	longers, others := f.grant(t, longer, secretA, "session1"), f.grant(t, other, secretA, "session1")
	// A path of another's that has the key in it.
	require.True(t, f.MayUse(t, others, other+"/"+key+"/object"))
	require.NoError(t, f.Storage.PurgeUser(t.Context(), key))
	require.Equal(t, []string{longer + "/object"}, f.Objects(t, longer))
	require.Equal(t, []string{other + "/" + key + "/object", other + "/object"}, f.Objects(t, other))
	require.True(t, f.live(t, longers, longer))
	require.True(t, f.live(t, others, other))
}

func storagePurgeResumed(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	f.fill(t, f.grant(t, key, secretA, "session1"))
	require.NoError(t, f.Storage.RemoveUser(t.Context(), key))
	require.NotEmpty(t, f.Objects(t, key), "they outlive their user")
	require.NoError(t, f.Storage.PurgeUser(t.Context(), key))
	require.Empty(t, f.Objects(t, key))
}

func storagePurgeShutOut(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	f.grant(t, key, secretA, "session1")
	require.NoError(t, f.Storage.SetActive(t.Context(), key, false))
	require.NoError(t, f.Storage.PurgeUser(t.Context(), key))
	require.Empty(t, f.Objects(t, key))
	require.NotContains(t, f.Users(t), key)
}
