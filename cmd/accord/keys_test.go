package main

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/keyring"
	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

// A database that was sealed must not get a key ring that opens nothing of it.
func TestNoNewKeysForASealedDatabase(t *testing.T) {
	var c config.Config
	c.Database.Driver = store.SQLite
	c.Database.DSN = app.Secret(filepath.Join(t.TempDir(), "accord.db"))
	require.NoError(t, mayHaveNewKeys(t.Context(), c), "no database yet")

	ring, err := keyring.Generate()
	require.NoError(t, err)
	s, err := openStore(t.Context(), c, ring, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, s.Migrate(t.Context()))
	require.NoError(t, s.Close())
	require.ErrorIs(t, mayHaveNewKeys(t.Context(), c), store.ErrWrongKeys)
}
