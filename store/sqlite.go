package store

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// sqliteReaders is how many connections read at once.
const sqliteReaders = 8

func openSQLite(dsn string) (write, read *sqlx.DB, err error) {
	path, params, err := parseSQLite(dsn)
	if err != nil {
		return nil, nil, err
	}
	if err := createPrivate(path); err != nil {
		return nil, nil, err
	}
	write, err = sqlx.Open("sqlite", fileURI(path)+"?"+params.Encode())
	if err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	params.Set("_query_only", "1")
	read, err = sqlx.Open("sqlite", fileURI(path)+"?"+params.Encode())
	if err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	return write, read, nil
}

// SQLiteDSN is the DSN of the database in the file.
func SQLiteDSN(path string) string {
	if strings.Contains(path, "?") {
		return fileURI(path)
	}
	return path
}

// fileURI is how SQLite names a file whatever is in its name (sqlite.org/uri.html). An
// absolute path follows an empty authority: its own slashes would begin one.
func fileURI(path string) string {
	scheme := "file:"
	if strings.HasPrefix(path, "/") {
		scheme = "file://"
	}
	return scheme + (&url.URL{Path: path}).EscapedPath()
}

// parseSQLite splits a DSN into the file's name and the driver's parameters, with
// those that durability and isolation rest on set. The name in a file: DSN is escaped
// as in a URI.
func parseSQLite(dsn string) (string, url.Values, error) {
	path, query, _ := strings.Cut(dsn, "?")
	params, err := url.ParseQuery(query)
	if escaped, isURI := strings.CutPrefix(path, "file:"); isURI && err == nil {
		path, err = url.PathUnescape(escaped)
	}
	if err != nil {
		return "", nil, errors.New("the parameters of the SQLite DSN cannot be read")
	}
	if path == "" || path == ":memory:" {
		return "", nil, errors.New("a SQLite database needs a file name; one in memory does not last")
	}
	for _, alias := range []string{"_journal", "_sync", "_fk"} {
		params.Del(alias) // an alias would win over the parameter set here
	}
	params.Set("_journal_mode", "WAL")
	params.Set("_synchronous", "FULL")
	params.Set("_foreign_keys", "1")
	params.Set("_txlock", "immediate")
	if !params.Has("_busy_timeout") {
		params.Set("_busy_timeout", "2000")
	}
	return path, params, nil
}

// createPrivate makes an absent database file that only its owner can read;
// SQLite gives the files beside it the same mode. A file that exists is not
// even opened: closing it would drop the locks of this process's connections.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil
	case err != nil:
		return fmt.Errorf("create the database file: %w", err)
	}
	return f.Close()
}
