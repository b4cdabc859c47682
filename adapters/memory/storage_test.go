package memory_test

import (
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/adaptertest"
	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
)

func TestStorageConformance(t *testing.T) {
	var keys atomic.Int64
	fixture := func(*testing.T) adaptertest.StorageFixture { return storageFixture(memory.NewStorage(), &keys) }
	adaptertest.Storage(t, fixture)
	adaptertest.StorageRepairs(t, fixture)
}

func TestStorageDoor(t *testing.T) {
	var keys atomic.Int64
	adaptertest.StorageDoor(t, func(*testing.T) (adaptertest.StorageFixture, app.StorageDoor) {
		s := memory.NewStorage()
		return storageFixture(s, &keys), s
	})
}

func TestStorageCredentials(t *testing.T) {
	var keys atomic.Int64
	adaptertest.StorageCredentials(t, func(*testing.T) adaptertest.AccessKeysFixture {
		s := memory.NewStorage()
		return adaptertest.AccessKeysFixture{
			StorageFixture: storageFixture(s, &keys), Credentials: s,
			AddAccessKey: func(_ *testing.T, key, accessKey string) app.Grant { return s.AddAccessKey(key, accessKey) },
		}
	})
}

func storageFixture(s *memory.Storage, keys *atomic.Int64) adaptertest.StorageFixture {
	return adaptertest.StorageFixture{
		Storage: s,
		NewKey:  func() string { return app.StorageKeyOf(fmt.Sprintf("%014d", keys.Add(1))) },
		PlaceForeign: func(_ *testing.T, key string, secret app.Secret) {
			s.PlaceForeign(key, secret)
		},
		MayUse: func(_ *testing.T, g app.Grant, object string) bool { return s.Put(g, object) },
		List: func(t *testing.T, g app.Grant, l adaptertest.Listing) ([]string, bool) {
			t.Helper()
			query, err := url.ParseQuery(l.Query)
			if err != nil || query.Has("uploads") {
				return nil, false
			}
			return s.List(g, l.Bucket, query.Get("prefix"))
		},
		Buckets: []string{"homes", "homes-public"},
		Users:   func(*testing.T) []string { return s.Users() },
		Objects: func(_ *testing.T, key string) []string { return s.Objects(key) },
	}
}

func TestStorageGrantsRunOut(t *testing.T) {
	s := memory.NewStorage()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s.Now = func() time.Time { return now }
	require.NoError(t, s.CreateUser(t.Context(), "acc1", "secret"))
	g, err := s.Grant(t.Context(), "acc1", "secret", "session1", time.Hour)
	require.NoError(t, err)
	now = now.Add(time.Hour - time.Second)
	require.True(t, s.MayUse(g, "acc1/object"))
	require.Equal(t, []string{"session1"}, s.LiveSessions())
	now = now.Add(time.Second)
	require.False(t, s.MayUse(g, "acc1/object"))
	require.Empty(t, s.LiveSessions())
}

func TestStorageFaults(t *testing.T) {
	s := memory.NewStorage()
	create := func(key string) error { return s.CreateUser(t.Context(), key, "secret") }

	s.Inject("CreateUser", memory.Refuse)
	require.True(t, saga.IsRefused(create("acc1")))
	require.Empty(t, s.Users())

	s.Inject("CreateUser", memory.FailBefore)
	err := create("acc1")
	require.Equal(t, app.StorageFailed, app.KindOf(err))
	require.False(t, saga.IsRefused(err))
	require.Empty(t, s.Users())

	s.Inject("CreateUser", memory.LoseReply)
	require.Error(t, create("acc1"))
	require.Equal(t, []string{"acc1"}, s.Users())

	s.Inject("Grant", memory.LoseReply)
	g, err := s.Grant(t.Context(), "acc1", "secret", "session1", time.Hour)
	require.Error(t, err)
	require.Zero(t, g, "the credentials got lost with the reply")
	require.Equal(t, []string{"session1"}, s.LiveSessions())
	require.NoError(t, s.Revoke(t.Context(), "acc1", "session1", ""))
	require.Empty(t, s.LiveSessions())

	late := s.Inject("Grant", memory.Delay)
	_, err = s.Grant(t.Context(), "acc1", "secret", "session2", time.Hour)
	require.Error(t, err)
	require.Empty(t, s.LiveSessions())
	require.NoError(t, late.Release())
	require.Equal(t, []string{"session2"}, s.LiveSessions())
}

// Whatever names a forgotten user brings it back; it is not gone until it is
// removed.
func TestStorageForgets(t *testing.T) {
	for name, find := range map[string]func(t *testing.T, s *memory.Storage){
		"create": func(t *testing.T, s *memory.Storage) {
			t.Helper()
			require.ErrorIs(t, s.CreateUser(t.Context(), "acc1", "secret"), app.ErrIDTaken)
		},
		"grant": func(t *testing.T, s *memory.Storage) {
			t.Helper()
			_, err := s.Grant(t.Context(), "acc1", "secret", "session1", time.Hour)
			require.NoError(t, err)
		},
		"look": func(t *testing.T, s *memory.Storage) {
			t.Helper()
			_, found, err := s.User(t.Context(), "acc1")
			require.NoError(t, err)
			require.True(t, found)
		},
		"let in": func(t *testing.T, s *memory.Storage) {
			t.Helper()
			require.NoError(t, s.SetActive(t.Context(), "acc1", true))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := memory.NewStorage()
			require.NoError(t, s.CreateUser(t.Context(), "acc1", "secret"))
			require.Equal(t, []string{"acc1"}, listed(t, s))
			s.Forget("acc1")
			require.Empty(t, listed(t, s))
			require.Equal(t, []string{"acc1"}, s.Users())
			find(t, s)
			require.Equal(t, []string{"acc1"}, listed(t, s))
		})
	}
	for name, remove := range map[string]func(*memory.Storage) error{
		"remove": func(s *memory.Storage) error { return s.RemoveUser(t.Context(), "acc1") },
		"purge":  func(s *memory.Storage) error { return s.PurgeUser(t.Context(), "acc1") },
	} {
		t.Run(name, func(t *testing.T) {
			s := memory.NewStorage()
			require.NoError(t, s.CreateUser(t.Context(), "acc1", "secret"))
			s.Forget("acc1")
			require.NoError(t, remove(s))
			require.Empty(t, s.Users())
		})
	}
}

func listed(t *testing.T, s *memory.Storage) (keys []string) {
	t.Helper()
	for v, err := range s.EachUser(t.Context()) {
		require.NoError(t, err)
		keys = append(keys, v.Key)
	}
	return keys
}
