package serverstest_test

import (
	"database/sql"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/servers/serverstest"
)

func TestMain(m *testing.M) { os.Exit(serverstest.Run(m)) }

func TestEveryTestBorrowsTheSameServer(t *testing.T) {
	minio, gitea := serverstest.MinIO(t), serverstest.Gitea(t)
	require.Same(t, minio, serverstest.MinIO(t))
	require.Same(t, gitea, serverstest.Gitea(t))
	require.NoError(t, syscall.Kill(minio.PID(), 0))
}

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	var dropped string
	for range 2 {
		t.Run("", func(t *testing.T) {
			dropped = serverstest.Database(t)
			db, err := sql.Open("mysql", dropped)
			require.NoError(t, err)
			defer db.Close()
			_, err = db.ExecContext(t.Context(), "CREATE TABLE same_name (n INT)")
			require.NoError(t, err)
		})
	}
	db, err := sql.Open("mysql", dropped)
	require.NoError(t, err)
	defer db.Close()
	require.ErrorContains(t, db.PingContext(t.Context()), "Unknown database")
}
