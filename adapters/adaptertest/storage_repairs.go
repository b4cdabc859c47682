package adaptertest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/app/reconcile"
)

// RepairedStorage is a storage that can be compared and repaired.
type RepairedStorage interface {
	app.Storage
	app.StorageRepairs
	reconcile.Storage
}

// StorageRepairs runs the conformance suite of app.StorageRepairs and
// reconcile.Storage. The fixture's storage must be a RepairedStorage; it may be
// the one that Storage runs on.
func StorageRepairs(t *testing.T, fixture func(t *testing.T) StorageFixture) {
	tests := map[string]func(*testing.T, StorageFixture, RepairedStorage){
		"every user is listed":         storageListing,
		"a user is looked at":          storageLook,
		"the policy is put right":      storageSetHome,
		"a look whose context is over": storageLookEnded,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := fixture(t)
			repaired, ok := f.Storage.(RepairedStorage)
			require.True(t, ok)
			test(t, f, repaired)
		})
	}
}

// views are the listed users by key.
func views(t *testing.T, s RepairedStorage) map[string]app.StorageView {
	t.Helper()
	seen := map[string]app.StorageView{}
	var keys []string
	for u, err := range s.EachUser(t.Context()) {
		require.NoError(t, err)
		seen[u.Key] = u
		keys = append(keys, u.Key)
	}
	require.True(t, slices.IsSorted(keys), "by access key")
	require.Len(t, seen, len(keys), "each once")
	return seen
}

func storageListing(t *testing.T, f StorageFixture, s RepairedStorage) {
	active, out, foreign := f.user(t, secretA), f.user(t, secretA), f.NewKey()
	require.NoError(t, s.SetActive(t.Context(), out, false))
	f.PlaceForeign(t, foreign, secretB)
	seen := views(t, s)
	require.Equal(t, app.StorageView{Key: active, Enabled: true, Home: true}, seen[active])
	require.Equal(t, app.StorageView{Key: out, Home: true}, seen[out])
	require.Equal(t, app.StorageView{Key: foreign, Enabled: true}, seen[foreign])
	for _, err := range s.EachUser(t.Context()) {
		require.NoError(t, err)
		break // whoever has enough leaves nothing open
	}
}

func storageLook(t *testing.T, f StorageFixture, s RepairedStorage) {
	key := f.user(t, secretA)
	require.NoError(t, s.SetActive(t.Context(), key, false))
	v, found, err := s.User(t.Context(), key)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, views(t, s)[key], v)
	_, found, err = s.User(t.Context(), f.NewKey())
	require.NoError(t, err)
	require.False(t, found)
	_, _, err = s.User(t.Context(), "a/b")
	requireRefused(t, err)
}

func storageSetHome(t *testing.T, f StorageFixture, s RepairedStorage) {
	key := f.NewKey()
	f.PlaceForeign(t, key, secretA)
	for range 2 {
		require.NoError(t, s.SetHome(t.Context(), key, secretB))
	}
	f.grant(t, key, secretB, "session2")
	_, err := s.Grant(t.Context(), key, secretA, "session3", time.Hour)
	require.Error(t, err, "its former secret")
	v, _, err := s.User(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, app.StorageView{Key: key, Enabled: true, Home: true}, v)
	requireRefused(t, s.SetHome(t.Context(), f.NewKey(), secretA))
	require.NoError(t, s.SetActive(t.Context(), key, false))
	requireRefused(t, s.SetHome(t.Context(), key, secretB))
	v, _, err = s.User(t.Context(), key)
	require.NoError(t, err)
	require.False(t, v.Enabled)
}

func storageLookEnded(t *testing.T, f StorageFixture, s RepairedStorage) {
	key := f.user(t, secretA)
	ctx, end := context.WithCancel(t.Context())
	end()
	_, _, err := s.User(ctx, key)
	requireRefused(t, err)
	requireRefused(t, s.SetHome(ctx, key, secretA))
	for _, err := range s.EachUser(ctx) {
		requireRefused(t, err)
	}
}
