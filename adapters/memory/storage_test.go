package memory_test

import (
	"fmt"
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

func storageFixture(s *memory.Storage, keys *atomic.Int64) adaptertest.StorageFixture {
	return adaptertest.StorageFixture{
		Storage: s,
		NewKey:  func() string { return app.StorageKeyOf(fmt.Sprintf("%014d", keys.Add(1))) },
		PlaceForeign: func(_ *testing.T, key string, secret app.Secret) {
			s.PlaceForeign(key, secret)
		},
		MayUse:  func(_ *testing.T, g app.Grant, object string) bool { return s.Put(g, object) },
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
	require.NoError(t, s.Revoke(t.Context(), "acc1", "session1"))
	require.Empty(t, s.LiveSessions())

	late := s.Inject("Grant", memory.Delay)
	_, err = s.Grant(t.Context(), "acc1", "secret", "session2", time.Hour)
	require.Error(t, err)
	require.Empty(t, s.LiveSessions())
	require.NoError(t, late.Release())
	require.Equal(t, []string{"session2"}, s.LiveSessions())
}
