package store

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"accord/adapters/servers/serverstest"
)

// settingsOf reads each setting on a connection of the pool.
func settingsOf(t *testing.T, db *sqlx.DB, query string, names ...string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, name := range names {
		var value string
		require.NoError(t, db.GetContext(t.Context(), &value, query+name))
		got[name] = value
	}
	return got
}

// TestSQLiteSettings opens with a DSN that asks for less than the store needs.
func TestSQLiteSettings(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "a.db") +
		"?_journal=DELETE&_sync=OFF&_fk=0&_foreign_keys=0&_txlock=deferred&_pragma=synchronous(0)&_pragma=foreign_keys(0)"
	write, read, err := openSQLite(dsn)
	require.NoError(t, err)
	for queryOnly, pool := range map[string]*sqlx.DB{"0": write, "1": read} {
		require.Equal(t,
			map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "2000", "query_only": queryOnly},
			settingsOf(t, pool, "PRAGMA ", "journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only"))
		defer func() { require.NoError(t, pool.Close()) }()
	}
	_, err = read.ExecContext(t.Context(), "CREATE TABLE t (n INTEGER)")
	require.Error(t, err)

	tx, err := write.BeginTxx(t.Context(), nil)
	require.NoError(t, err)
	second, secondRead, err := openSQLite(dsn + "&_busy_timeout=1")
	require.NoError(t, err)
	defer func() { require.NoError(t, errors.Join(second.Close(), secondRead.Close())) }()
	_, err = second.BeginTxx(t.Context(), nil)
	require.True(t, isTransient(faultOf(t.Context(), err)), "a transaction locks from its start: %v", err)
	require.NoError(t, tx.Rollback())
}

func TestMySQLSettings(t *testing.T) {
	dsn := serverstest.Database(t)
	db, err := openMySQL(dsn+"&time_zone=%27%2B08:00%27&sql_mode=%27%27&clientFoundRows=false&loc=Local&multiStatements=true", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.Equal(t,
		map[string]string{
			"time_zone": "+00:00", "tx_isolation": "READ-COMMITTED", "collation_connection": "utf8mb4_bin",
			"character_set_client": "utf8mb4", "innodb_lock_wait_timeout": "2",
		},
		settingsOf(t, db, "SELECT @@SESSION.", "time_zone", "tx_isolation", "collation_connection",
			"character_set_client", "innodb_lock_wait_timeout"))
	require.Contains(t, settingsOf(t, db, "SELECT @@", "sql_mode")["sql_mode"], "STRICT_ALL_TABLES")
	_, err = db.ExecContext(t.Context(), "SELECT 1; SELECT 2")
	require.Error(t, err)

	_, err = db.ExecContext(t.Context(), "CREATE TABLE t (n INT)")
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO t VALUES (1)")
	require.NoError(t, err)
	result, err := db.ExecContext(t.Context(), "UPDATE t SET n = 1")
	require.NoError(t, err)
	matched, err := result.RowsAffected()
	require.NoError(t, err)
	require.Equal(t, int64(1), matched, "found rows count, changed or not")
}
