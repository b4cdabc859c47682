package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/store"
)

func migrateTogether(t *testing.T, driver, dsn string) {
	stores, sealer := make([]*store.Store, 4), NewSealer()
	for i := range stores {
		stores[i] = openStore(t, store.Options{Driver: driver, DSN: dsn, Sealer: sealer})
	}
	for range 2 { // looking changes nothing
		pending, err := stores[0].Pending(t.Context())
		require.NoError(t, err)
		require.True(t, pending)
		present, wanted, err := stores[0].SchemaVersion(t.Context())
		require.NoError(t, err)
		require.Zero(t, present)
		require.Positive(t, wanted)
		require.ErrorIs(t, stores[0].CheckSchema(t.Context()), store.ErrUnmigrated)
	}
	results := race(len(stores), func(i int) error { return stores[i].Migrate(context.Background()) })
	require.NoError(t, errors.Join(results...))
	for _, s := range stores {
		require.NoError(t, s.CheckSchema(t.Context()))
		pending, err := s.Pending(t.Context())
		require.NoError(t, err)
		require.False(t, pending)
	}
	require.NoError(t, stores[0].Accounts.Reserve(t.Context(), newAccount(1, "alice", "alice@example.com")))

	other := openStore(t, store.Options{Driver: driver, DSN: dsn, Sealer: NewSealer()})
	require.ErrorIs(t, other.CheckSchema(t.Context()), store.ErrWrongKeys)
	require.ErrorIs(t, other.Migrate(t.Context()), store.ErrWrongKeys)
	require.NoError(t, stores[0].CheckSchema(t.Context()), "the right one is as good as before")
}

func migrated(t *testing.T, d *database) {
	require.NoError(t, d.Ping(t.Context()))
	a := normal(t, d, 1, "alice")
	require.NoError(t, d.Migrate(t.Context()), "again")
	kept, err := d.replica(t).Accounts.ByID(t.Context(), a.ID)
	require.NoError(t, err)
	requireEqual(t, a, kept)
	present, wanted, err := d.SchemaVersion(t.Context())
	require.NoError(t, err)
	require.Equal(t, wanted, present)
	var applied int64
	require.NoError(t, d.raw.Get(&applied, "SELECT COUNT(*) FROM schema_versions WHERE version_id > 0"))
	require.Equal(t, wanted, applied, "each once")
}

func migratedNewer(t *testing.T, d *database) {
	d.exec(t, "INSERT INTO schema_versions (version_id, is_applied) VALUES (9999, 1)")
	require.ErrorIs(t, d.CheckSchema(t.Context()), store.ErrNewer)
	require.ErrorContains(t, d.CheckSchema(t.Context()), "9999")
	require.ErrorIs(t, d.Migrate(t.Context()), store.ErrNewer)
	pending, err := d.Pending(t.Context())
	require.NoError(t, err)
	require.False(t, pending)
}

func migratedClosed(t *testing.T, d *database) {
	s := d.replica(t)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.Error(t, s.Ping(t.Context()))
	require.Error(t, s.Migrate(t.Context()))
	err := s.CheckSchema(t.Context())
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrUnmigrated)
	_, err = s.Accounts.ByUsername(t.Context(), "alice")
	require.Error(t, err)
}
