package store_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/store"
	"accord/store/storetest"
)

// overhearing is a sealer that remembers what it was given to seal.
type overhearing struct {
	store.Sealer
	heard [][]byte
}

func (o *overhearing) Seal(plain, associated []byte) ([]byte, error) {
	o.heard = append(o.heard, bytes.Clone(plain))
	return o.Sealer.Seal(plain, associated)
}

// Whoever has the key ring too does not read codes out of the database.
func TestCodesAreHashed(t *testing.T) {
	sealer := &overhearing{Sealer: storetest.NewSealer()}
	s, err := store.Open(t.Context(), store.Options{
		Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "accord.db"), Sealer: sealer,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	sealer.heard = nil

	now := time.Unix(1_800_000_000, 0)
	for _, target := range []string{"mail:a@example.com", "mail:b@example.com"} {
		require.NoError(t, s.Codes.Put(t.Context(), target, app.AnyPurpose, "7KQ2MX", now.Add(time.Minute), now))
		_, _, err = s.Codes.Check(t.Context(), target, "7KQ2MX", now)
		require.NoError(t, err)
	}
	require.Len(t, sealer.heard, 2)
	require.NotEqual(t, sealer.heard[0], sealer.heard[1], "one code, two places, two hashes")
	for _, plain := range sealer.heard {
		require.NotContains(t, string(plain), "7KQ2MX")
	}
}
