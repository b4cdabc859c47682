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
	write, err = sqlx.Open("sqlite", path+"?"+params.Encode())
	if err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	params.Set("_query_only", "1")
	read, err = sqlx.Open("sqlite", path+"?"+params.Encode())
	if err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	return write, read, nil
}

// parseSQLite splits a DSN into the file's name and the driver's parameters,
// with those that durability and isolation rest on set.
func parseSQLite(dsn string) (string, url.Values, error) {
	path, query, _ := strings.Cut(strings.TrimPrefix(dsn, "file:"), "?")
	params, err := url.ParseQuery(query)
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
