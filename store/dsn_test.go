package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/servers/serverstest"
	"accord/app"
	"accord/store"
	"accord/store/storetest"
)

// TestOpenFaults opens what cannot be; no error may quote the DSN's password.
func TestOpenFaults(t *testing.T) {
	const password = "pass%w/rd"
	reachable := strings.SplitN(serverstest.Database(t), "@", 2)[1]
	taken := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(taken, []byte("not a database, but long enough to be looked at as one"), 0o600))
	for name, c := range map[string]struct{ driver, dsn, says string }{
		"unknown driver":     {"oracle", "user:" + password + "@somewhere", "it is sqlite or mysql"},
		"no mysql DSN":       {store.MySQL, "user:" + password + "@@", "not of the form"},
		"bad parameter":      {store.MySQL, "user:" + password + "@tcp(localhost)/db?parseTime=" + password, "not of the form"},
		"no database":        {store.MySQL, "user:" + password + "@tcp(127.0.0.1:1)/", "names no database"},
		"nobody listens":     {store.MySQL, "user:" + password + "@tcp(127.0.0.1:1)/db", "refused"},
		"wrong password":     {store.MySQL, "accord:" + password + "@" + reachable, "1045"},
		"in memory":          {store.SQLite, ":memory:", "file name"},
		"no file name":       {store.SQLite, "", "file name"},
		"bad sqlite DSN":     {store.SQLite, "file.db?_key=" + password + "%zz", "parameters"},
		"no such directory":  {store.SQLite, filepath.Join(t.TempDir(), "absent", "file.db"), "no such file"},
		"not a sqlite file":  {store.SQLite, taken, "not a database"},
		"unknown sync value": {store.SQLite, filepath.Join(t.TempDir(), "file.db") + "?_busy_timeout=x", "busy_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.Open(t.Context(), store.Options{Driver: c.driver, DSN: c.dsn, Sealer: storetest.NewSealer()})
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), password)
		})
	}
	_, err := store.Open(t.Context(), store.Options{Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "file.db")})
	require.ErrorContains(t, err, "sealer")
}

// TestFaultsQuoteNothing brings the server to complain of a value.
func TestFaultsQuoteNothing(t *testing.T) {
	s := open(t, store.MySQL, serverstest.Database(t), nil)
	const private = "very-private"
	a := newAccount("26030112000001", "alice")
	a.Nickname = strings.Repeat(private, 100)
	err := s.Accounts.Reserve(t.Context(), a)
	require.ErrorContains(t, err, "store: reserve account: mysql error 1406 (22001): a value is too long")
	require.NotContains(t, err.Error(), private)

	a.Nickname = "Alice"
	require.NoError(t, s.Accounts.Reserve(t.Context(), a))
	session := app.Session{ID: private, AccountID: a.ID}
	require.NoError(t, s.Sessions.Reserve(t.Context(), session))
	err = s.Sessions.Reserve(t.Context(), session)
	require.ErrorContains(t, err, "1062")
	require.NotContains(t, err.Error(), private)
}

func TestSQLiteFileIsPrivate(t *testing.T) {
	path := databases[store.SQLite](t)
	s := open(t, store.SQLite, "file:"+path, nil)
	require.NoError(t, s.Accounts.Reserve(t.Context(), newAccount("26030112000001", "alice")))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), suffix)
	}
}

// A database lies where its DSN says, whatever is in the name.
func TestFilesByAnyName(t *testing.T) {
	for _, name := range []string{"a?b.db", "a#b.db", "a%20b.db", "a b.db", "a%zz?x.db", "名.db"} {
		path := filepath.Join(t.TempDir(), name)
		open(t, store.SQLite, store.SQLiteDSN(path), nil)
		require.FileExists(t, path, name)
	}
	dir := t.TempDir()
	open(t, store.SQLite, "file:"+filepath.Join(dir, "a%20b.db")+"?_busy_timeout=100", nil)
	require.FileExists(t, filepath.Join(dir, "a b.db"))
	for _, scheme := range []string{"/", "file:/", "file://"} { // two slashes begin an authority in a URI
		path := filepath.Join(t.TempDir(), "c.db")
		open(t, store.SQLite, scheme+path, nil)
		require.FileExists(t, path, scheme)
	}
}
