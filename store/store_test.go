package store_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"accord/adapters/servers/serverstest"
	"accord/app"
	"accord/saga"
	"accord/store"
	"accord/store/storetest"
)

func TestMain(m *testing.M) {
	if name, told := os.LookupEnv(childAct); told {
		os.Exit(act(name))
	}
	os.Exit(serverstest.Run(m))
}

// databases are the kinds that every test runs on.
var databases = map[string]func(t testing.TB) string{
	store.SQLite: func(t testing.TB) string { return filepath.Join(t.TempDir(), "accord.db") },
	store.MySQL:  serverstest.Database,
}

func TestStore(t *testing.T) {
	for driver, fresh := range databases {
		t.Run(driver, func(t *testing.T) { storetest.Run(t, driver, fresh) })
	}
}

// open makes a migrated store; log may be nil.
func open(t testing.TB, driver, dsn string, log slog.Handler) *store.Store {
	t.Helper()
	o := store.Options{Driver: driver, DSN: dsn, Sealer: storetest.NewSealer()}
	if log != nil {
		o.Logger = slog.New(log)
	}
	s, err := store.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	return s
}

// behind opens the database without the store.
func behind(t testing.TB, driver, dsn string) *sqlx.DB {
	t.Helper()
	raw, err := sqlx.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, raw.Close()) })
	return raw
}

func at(d time.Duration) time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(d)
}

func newAccount(id, name string) app.Account {
	return app.Account{
		ID: id, UserID: at(0).UnixNano() + int64(len(name)), Username: name, Email: name + "@example.com",
		Profile: app.Profile{Nickname: name}, StorageKey: app.StorageKeyOf(id), StorageSecret: "secret", CreatedAt: at(0), UpdatedAt: at(0),
	}
}

func running(id string) saga.Record {
	return saga.Record{
		ID: id, Flow: "register", Subject: id, Exclusive: true, Phase: saga.Running,
		Steps: map[string]saga.StepStatus{"reserve account": saga.Done, "create in Gitea": saga.Started},
		Epoch: 1, Owner: "one", Due: at(time.Second), CreatedAt: at(0), UpdatedAt: at(0),
	}
}
