package adaptertest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

const crowd = 24

// atOnce runs a crowd of calls that start together and wants each to succeed.
func atOnce(t *testing.T, call func(i int) error) {
	t.Helper()
	start, errs := make(chan struct{}), make([]error, crowd)
	var wg sync.WaitGroup
	for i := range crowd {
		wg.Go(func() {
			<-start
			errs[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// storageManyUsers takes many users through their whole life at once: nothing
// of one shows up at another.
func storageManyUsers(t *testing.T, f StorageFixture) {
	keys, grants := make([]string, crowd), make([]app.Grant, crowd)
	for i := range keys {
		keys[i] = f.NewKey()
	}
	secret := func(i int) app.Secret { return app.Secret(fmt.Sprintf("secret-of-number-%d", i)) }
	atOnce(t, func(i int) (err error) {
		if err := f.Storage.CreateUser(t.Context(), keys[i], secret(i)); err != nil {
			return err
		}
		grants[i], err = f.Storage.Grant(t.Context(), keys[i], secret(i), "session1", time.Hour)
		return err
	})
	for i, key := range keys {
		require.True(t, f.live(t, grants[i], key))
		require.False(t, f.live(t, grants[i], keys[(i+1)%crowd]))
	}
	// A third is removed, a third signs out, a third goes on.
	atOnce(t, func(i int) error {
		switch i % 3 {
		case 0:
			return f.Storage.RemoveUser(t.Context(), keys[i])
		case 1:
			return f.Storage.Revoke(t.Context(), keys[i], "session1", "")
		}
		return nil
	})
	left := f.Users(t)
	for i, key := range keys {
		require.Equal(t, i%3 != 0, slices.Contains(left, key))
		require.Equal(t, i%3 == 2, f.live(t, grants[i], key))
	}
}

// storageManySessions opens and ends sessions of one user at once.
func storageManySessions(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	grants := make([]app.Grant, crowd)
	session := func(i int) string { return fmt.Sprintf("session-%d", i) }
	atOnce(t, func(i int) (err error) {
		grants[i], err = f.Storage.Grant(t.Context(), key, secretA, session(i), time.Hour)
		return err
	})
	atOnce(t, func(i int) error {
		if i%2 == 0 {
			return f.Storage.Revoke(t.Context(), key, session(i), "")
		}
		_, err := f.Storage.Grant(t.Context(), key, secretA, session(i+crowd), time.Hour)
		return err
	})
	for i, g := range grants {
		require.Equal(t, i%2 != 0, f.live(t, g, key), "session %d", i)
	}
}

// storagePurgesAtOnce purges many users, each of them twice at the same time.
func storagePurgesAtOnce(t *testing.T, f StorageFixture) {
	keys := make([]string, crowd/2)
	for i := range keys {
		keys[i] = f.user(t, secretA)
		f.grant(t, keys[i], secretA, "session1")
	}
	stays := f.user(t, secretA)
	g := f.grant(t, stays, secretA, "session1")
	atOnce(t, func(i int) error { return f.Storage.PurgeUser(t.Context(), keys[i/2]) })
	left := f.Users(t)
	for _, key := range keys {
		require.NotContains(t, left, key)
		require.Empty(t, f.Objects(t, key))
	}
	require.Equal(t, []string{stays + "/object"}, f.Objects(t, stays))
	require.True(t, f.live(t, g, stays))
}

// storageRepeatsAtOnce carries out what is repeatable several times at once.
func storageRepeatsAtOnce(t *testing.T, f StorageFixture) {
	key := f.user(t, secretA)
	g := f.grant(t, key, secretA, "session1")
	atOnce(t, func(int) error { return f.Storage.Revoke(t.Context(), key, "session1", "") })
	require.False(t, f.live(t, g, key))
	atOnce(t, func(int) error { return f.Storage.SetActive(t.Context(), key, false) })
	atOnce(t, func(int) error { return f.Storage.SetActive(t.Context(), key, true) })
	f.grant(t, key, secretA, "session2")
	atOnce(t, func(int) error { return f.Storage.RemoveUser(t.Context(), key) })
	require.NotContains(t, f.Users(t), key)
}
