package adaptertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// StorageFixture is a storage to be tried, and what only the test may do to it.
type StorageFixture struct {
	Storage app.Storage
	// NewKey returns an access key that was never used on this storage.
	NewKey func() string
	// PlaceForeign makes a user of that key and secret behind the adapter's back.
	PlaceForeign func(t *testing.T, key string, secret app.Secret)
	// MayUse reports whether credentials may read and write that object, which
	// then stays. It fails the test where that cannot be found out.
	MayUse func(t *testing.T, g app.Grant, object string) bool
	// Users lists the access keys of all users, foreign ones too, in any order.
	Users func(t *testing.T) []string
	// List sends a raw request with these credentials. It returns the names that
	// the answer shows, of objects, versions, uploads, folders and buckets, in
	// order, and whether the request was allowed.
	List func(t *testing.T, g app.Grant, l Listing) (shown []string, allowed bool)
	// Buckets are buckets beside the homes, in which no user may list anything.
	Buckets []string
	// Objects lists the full names of the objects in the home of key, in order.
	Objects func(t *testing.T, key string) []string
}

// Two good secrets.
const (
	secretA app.Secret = "A1b2C3d4E5f6G7h8I9j0A1b2C3d4E5f6G7h8I9j0"
	secretB app.Secret = "B1b2C3d4E5f6G7h8I9j0A1b2C3d4E5f6G7h8I9j0"
)

// Storage runs the conformance suite of app.Storage. Each test asks for a
// fixture; they may share one storage.
func Storage(t *testing.T, fixture func(t *testing.T) StorageFixture) {
	tests := map[string]func(*testing.T, StorageFixture){
		"a user gets at its own home only":            storageHome,
		"a user lists its own home":                   storageOwnListing,
		"no listing shows another's home":             storageListings,
		"an existing user is left alone":              storageExisting,
		"a foreign user is left alone":                storageForeign,
		"a removed user is gone with its grants":      storageRemove,
		"a key can be used again":                     storageReuse,
		"a grant says all that a client needs":        storageGrant,
		"a grant lasts as long as asked for":          storageTTL,
		"a grant needs user, secret and session":      storageGrantRefused,
		"revoking ends one session only":              storageRevoke,
		"revoking is per user":                        storageRevokePerUser,
		"a user that is shut out":                     storageShutOut,
		"the absent are shut out, and not let in":     storageShutOutAbsent,
		"what ends while shut out stays ended":        storageEndWhileOut,
		"counting stops at the limit":                 storageCount,
		"a purge leaves nothing":                      storagePurge,
		"a purge leaves the neighbours alone":         storagePurgeNeighbours,
		"a purge goes on where another one ended":     storagePurgeResumed,
		"a user that is shut out is purged too":       storagePurgeShutOut,
		"names that are none are refused":             storageNames,
		"a call whose context has ended does nothing": storageEnded,
		"many users at once":                          storageManyUsers,
		"many sessions of one user at once":           storageManySessions,
		"repeats at once":                             storageRepeatsAtOnce,
		"many purges at once":                         storagePurgesAtOnce,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, fixture(t)) })
	}
}

// user makes a user and returns its key.
func (f StorageFixture) user(t *testing.T, secret app.Secret) string {
	t.Helper()
	key := f.NewKey()
	require.NoError(t, f.Storage.CreateUser(t.Context(), key, secret))
	return key
}

// grant borrows credentials that work.
func (f StorageFixture) grant(t *testing.T, key string, secret app.Secret, session string) app.Grant {
	t.Helper()
	g, err := f.Storage.Grant(t.Context(), key, secret, session, time.Hour)
	require.NoError(t, err)
	require.True(t, f.MayUse(t, g, key+"/object"), "fresh credentials work at home")
	return g
}

// live reports whether the credentials are good for the home of key.
func (f StorageFixture) live(t *testing.T, g app.Grant, key string) bool {
	t.Helper()
	return f.MayUse(t, g, key+"/object")
}

// requireRefused wants an error that promises that nothing was done.
func requireRefused(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, app.StorageFailed, app.KindOf(err), "%v", err)
	require.True(t, saga.IsRefused(err), "%v", err)
}

func storageHome(t *testing.T, f StorageFixture) {
	key, other := f.user(t, secretA), f.user(t, secretB)
	g := f.grant(t, key, secretA, "session1")
	require.True(t, f.MayUse(t, g, key+"/deep/er/object"))
	require.False(t, f.MayUse(t, g, other+"/object"), "another's home")
	require.False(t, f.MayUse(t, g, "object"), "the bucket's root")
	require.False(t, f.MayUse(t, g, key+"x/object"), "a home that begins alike")
}

func storageExisting(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	g := f.grant(t, key, secretA, "session1")
	err := f.Storage.CreateUser(t.Context(), key, secretB)
	requireRefused(t, err)
	require.ErrorIs(t, err, app.ErrIDTaken)
	requireRefused(t, f.Storage.CreateUser(t.Context(), key, secretA))
	require.True(t, f.live(t, g, key), "its credentials go on")
	f.grant(t, key, secretA, "session2")
	_, err = f.Storage.Grant(t.Context(), key, secretB, "session3", time.Hour)
	requireRefused(t, err)
}

func storageForeign(t *testing.T, f StorageFixture) {
	key := f.NewKey()
	f.PlaceForeign(t, key, secretA)
	requireRefused(t, f.Storage.CreateUser(t.Context(), key, secretB))
	g, err := f.Storage.Grant(t.Context(), key, secretA, "session1", time.Hour)
	require.NoError(t, err, "its secret is what it was")
	require.False(t, f.live(t, g, key), "it was not let at a home")
	_, err = f.Storage.Grant(t.Context(), key, secretB, "session2", time.Hour)
	requireRefused(t, err)
}

func storageRemove(t *testing.T, f StorageFixture) {
	key, other := f.user(t, secretA), f.user(t, secretA)
	one, two := f.grant(t, key, secretA, "session1"), f.grant(t, key, secretA, "session2")
	others := f.grant(t, other, secretA, "session1")
	require.Contains(t, f.Users(t), key)
	for range 2 { // absent is done
		require.NoError(t, f.Storage.RemoveUser(t.Context(), key))
		require.NotContains(t, f.Users(t), key)
	}
	require.False(t, f.live(t, one, key))
	require.False(t, f.live(t, two, key))
	require.True(t, f.live(t, others, other))
	require.NoError(t, f.Storage.RemoveUser(t.Context(), f.NewKey()), "never there is done too")
}

func storageReuse(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	old := f.grant(t, key, secretA, "session1")
	require.NoError(t, f.Storage.RemoveUser(t.Context(), key))
	require.NoError(t, f.Storage.CreateUser(t.Context(), key, secretB))
	f.grant(t, key, secretB, "session2")
	require.False(t, f.live(t, old, key), "the old user's credentials stay dead")
}

func storageGrant(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	g := f.grant(t, key, secretA, "session1")
	require.Equal(t, key+"/", g.Prefix)
	for name, value := range map[string]string{
		"endpoint": g.Endpoint, "region": g.Region, "bucket": g.Bucket, "access key": g.AccessKeyID,
		"secret": g.SecretAccessKey.Reveal(), "token": g.SessionToken.Reveal(),
	} {
		require.NotEmpty(t, value, name)
	}
	require.NotEqual(t, key, g.AccessKeyID)
	require.NotEqual(t, secretA, g.SecretAccessKey)
	again := f.grant(t, key, secretA, "session1")
	require.NotEqual(t, g.SessionToken, again.SessionToken)
	require.True(t, f.live(t, g, key), "a second grant does not end the first")

	stolen := g
	stolen.SecretAccessKey = again.SecretAccessKey
	require.False(t, f.live(t, stolen, key), "the parts belong together")
}

func storageTTL(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	const leeway = 10 * time.Second
	for asked, want := range map[time.Duration]time.Duration{
		time.Second:         15 * time.Minute,
		-time.Hour:          15 * time.Minute,
		2 * time.Hour:       2 * time.Hour,
		7 * 24 * time.Hour:  7 * 24 * time.Hour,
		14 * 24 * time.Hour: 14 * 24 * time.Hour,
		90 * 24 * time.Hour: 14 * 24 * time.Hour,
	} {
		g, err := f.Storage.Grant(t.Context(), key, secretA, "session1", asked)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(want), g.Expiration, leeway, "asked for %s", asked)
	}
}

func storageGrantRefused(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	for name, try := range map[string]struct {
		key     string
		secret  app.Secret
		session string
	}{
		"absent user":  {f.NewKey(), secretA, "session1"},
		"wrong secret": {key, secretB, "session1"},
		"no secret":    {key, "", "session1"},
		"no session":   {key, secretA, ""},
		"no user":      {"", secretA, "session1"},
	} {
		g, err := f.Storage.Grant(t.Context(), try.key, try.secret, try.session, time.Hour)
		require.Error(t, err, name)
		requireRefused(t, err)
		require.Zero(t, g, name)
	}
}

func storageRevoke(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	first, again := f.grant(t, key, secretA, "session1"), f.grant(t, key, secretA, "session1")
	// A longer name with the same beginning: the match must be exact.
	other := f.grant(t, key, secretA, "session10")
	for range 2 { // repeatable
		require.NoError(t, f.Storage.Revoke(t.Context(), key, "session1", ""))
		require.False(t, f.live(t, first, key))
		require.False(t, f.live(t, again, key), "every grant of the session")
		require.True(t, f.live(t, other, key), "another session goes on")
	}
	require.NoError(t, f.Storage.Revoke(t.Context(), key, "neverseen", ""))
	require.NoError(t, f.Storage.Revoke(t.Context(), f.NewKey(), "session1", ""), "an absent user is done")
	require.True(t, f.live(t, other, key))
}

func storageRevokePerUser(t *testing.T, f StorageFixture) {
	key, other := f.user(t, secretA), f.user(t, secretA)
	ours, theirs := f.grant(t, key, secretA, "session1"), f.grant(t, other, secretA, "session1")
	require.NoError(t, f.Storage.Revoke(t.Context(), key, "session1", ""))
	require.False(t, f.live(t, ours, key))
	require.True(t, f.live(t, theirs, other))
}

func storageNames(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	g := f.grant(t, key, secretA, "session1")
	for _, name := range []string{"", "a/b", "/", key + "/session1", ".accord"} {
		requireRefused(t, f.Storage.CreateUser(t.Context(), name, secretA))
		requireRefused(t, f.Storage.RemoveUser(t.Context(), name))
		requireRefused(t, f.Storage.SetActive(t.Context(), name, false))
		requireRefused(t, f.Storage.SetActive(t.Context(), name, true))
		requireRefused(t, f.Storage.PurgeUser(t.Context(), name))
		_, err := f.Storage.CountObjects(t.Context(), name, 1)
		requireRefused(t, err)
		requireRefused(t, f.Storage.Revoke(t.Context(), key, name, ""))
		requireRefused(t, f.Storage.Revoke(t.Context(), name, "session1", ""))
		_, err = f.Storage.Grant(t.Context(), key, secretA, name, time.Hour)
		requireRefused(t, err)
	}
	require.True(t, f.live(t, g, key))
}

func storageEnded(t *testing.T, f StorageFixture) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	key, fresh := f.user(t, secretA), f.NewKey()
	g := f.grant(t, key, secretA, "session1")
	requireRefused(t, f.Storage.CreateUser(ended, fresh, secretA))
	require.NotContains(t, f.Users(t), fresh)
	requireRefused(t, f.Storage.RemoveUser(ended, key))
	requireRefused(t, f.Storage.Revoke(ended, key, "session1", ""))
	requireRefused(t, f.Storage.SetActive(ended, key, false))
	requireRefused(t, f.Storage.PurgeUser(ended, key))
	_, err := f.Storage.CountObjects(ended, key, 1)
	requireRefused(t, err)
	_, err = f.Storage.Grant(ended, key, secretA, "session2", time.Hour)
	requireRefused(t, err)
	require.True(t, f.live(t, g, key))
}
