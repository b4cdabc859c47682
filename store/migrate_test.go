package store_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/store"
	"accord/store/storetest"
)

// fresh is a store on a database of its own that is not migrated.
func fresh(t *testing.T, driver, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Driver: driver, DSN: dsn, Sealer: storetest.SealerOf(childKey)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// A first run that was cut off between its two first statements is taken up again.
func TestMigrateGoesOnWithAnEmptyTableOfVersions(t *testing.T) {
	dsn := databases[store.MySQL](t)
	_, err := behind(t, store.MySQL, dsn).ExecContext(t.Context(), `CREATE TABLE schema_versions (
		id SERIAL NOT NULL, version_id BIGINT NOT NULL, is_applied BOOLEAN NOT NULL, tstamp TIMESTAMP NULL DEFAULT NOW(), PRIMARY KEY (id))`)
	require.NoError(t, err)
	s := fresh(t, store.MySQL, dsn)
	require.NoError(t, s.Migrate(t.Context()))
	require.NoError(t, s.CheckSchema(t.Context()))
}

// Whenever a run is killed, the next one goes on.
func TestMigrateGoesOnWhereItWasKilled(t *testing.T) {
	const kills = 6
	for driver, open := range databases {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			dsn := open(t)
			for range kills {
				cmd := child(t, "migrate", driver, dsn)
				require.NoError(t, cmd.Start())
				time.AfterFunc(time.Duration(rand.IntN(600))*time.Millisecond, func() { _ = cmd.Process.Kill() })
				_ = cmd.Wait() // killed, or done before
			}
			s := fresh(t, driver, dsn)
			require.NoError(t, s.Migrate(t.Context()))
			require.NoError(t, s.CheckSchema(t.Context()))
		})
	}
}
