package app_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	"accord/store"
)

// migrated is the content of an empty database of the present schema, made once
// so that hundreds of worlds need not migrate theirs.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "accord-app-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ring, err := keys()
	if err != nil {
		return nil, err
	}
	ctx, file := context.Background(), filepath.Join(dir, "accord.db")
	st, err := store.Open(ctx, store.Options{Driver: store.SQLite, DSN: file, Sealer: ring})
	if err != nil {
		return nil, err
	}
	if err := st.Migrate(ctx); err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})
