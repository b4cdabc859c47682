// Package serverstest lends real servers to tests: one of each kind for all tests of a package, started at its first use.
//
// A package that uses it runs its tests through Run:
//
//	func TestMain(m *testing.M) { os.Exit(serverstest.Run(m)) }
package serverstest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"accord/adapters/servers"
)

// lent holds the servers of this test process; nil outside of Run.
var lent *pool

type pool struct {
	gitea   func() (*servers.Gitea, error)
	minio   func() (*servers.MinIO, error)
	mariadb func() (*servers.MariaDB, error)

	mu    sync.Mutex
	stops []func(context.Context) error
}

// Run runs the tests and then ends the servers they used and removes their data. It returns the exit code.
func Run(m interface{ Run() int }) int {
	dir, err := os.MkdirTemp("", "accord-servers-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "serverstest:", err)
		return 1
	}
	lent = new(pool)
	lent.gitea = once(lent, servers.StartGitea, filepath.Join(dir, "gitea"))
	lent.minio = once(lent, servers.StartMinIO, filepath.Join(dir, "minio"))
	lent.mariadb = once(lent, servers.StartMariaDB, filepath.Join(dir, "mariadb"))
	code := m.Run()
	if err := errors.Join(lent.stop(), os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, "serverstest:", err)
		return max(code, 1)
	}
	return code
}

// once starts a server when it is first asked for.
func once[S interface{ Stop(context.Context) error }](
	p *pool, start func(context.Context, servers.Options) (S, error), dir string,
) func() (S, error) {
	return sync.OnceValues(func() (S, error) {
		server, err := start(context.Background(), servers.Options{Dir: dir})
		if err == nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.stops = append(p.stops, server.Stop)
		}
		return server, err
	})
}

func (p *pool) stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all error
	for _, stop := range p.stops {
		all = errors.Join(all, stop(context.Background()))
	}
	return all
}

// Gitea lends the package's Gitea. A test leaves other tests' users alone and must not stop the server.
func Gitea(t testing.TB) *servers.Gitea {
	t.Helper()
	return borrow(t, func() (*servers.Gitea, error) { return lent.gitea() })
}

// MinIO lends the package's MinIO. A test leaves other tests' users and buckets alone and must not stop the server.
func MinIO(t testing.TB) *servers.MinIO {
	t.Helper()
	return borrow(t, func() (*servers.MinIO, error) { return lent.minio() })
}

// MariaDB lends the package's MariaDB. Most tests want a Database of their own on it instead.
func MariaDB(t testing.TB) *servers.MariaDB {
	t.Helper()
	return borrow(t, func() (*servers.MariaDB, error) { return lent.mariadb() })
}

func borrow[S any](t testing.TB, start func() (S, error)) S {
	t.Helper()
	require.NotNil(t, lent, "the package's TestMain must call serverstest.Run")
	server, err := start()
	require.NoError(t, err)
	return server
}

// Database makes an empty database on the package's MariaDB, drops it when the test ends, and returns its DSN.
func Database(t testing.TB) string {
	t.Helper()
	server := MariaDB(t)
	config, err := mysql.ParseDSN(server.DSN)
	require.NoError(t, err)
	db, err := sql.Open("mysql", server.DSN)
	require.NoError(t, err)
	config.DBName = "accord_" + strings.ToLower(rand.Text())
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+config.DBName+" CHARACTER SET utf8mb4")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), "DROP DATABASE "+config.DBName)
		require.NoError(t, errors.Join(err, db.Close()))
	})
	return config.FormatDSN()
}
