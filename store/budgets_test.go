package store

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/servers/serverstest"
	"accord/app/verify"
)

// plain seals nothing.
type plain struct{}

func (plain) Seal(plaintext, _ []byte) ([]byte, error) { return plaintext, nil }
func (plain) Open(sealed, _ []byte) ([]byte, error)    { return sealed, nil }

// A charge whose refusal was over when it was looked at is charged while no other
// is; it names the limit that refuses it then.
func TestAChargeAloneNamesWhatIsFull(t *testing.T) {
	for driver, dsn := range map[string]string{
		SQLite: filepath.Join(t.TempDir(), "accord.db"), MySQL: serverstest.Database(t),
	} {
		t.Run(driver, func(t *testing.T) {
			s, err := Open(t.Context(), Options{Driver: driver, DSN: dsn, Sealer: plain{}})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			require.NoError(t, s.Migrate(t.Context()))
			now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			roomy := verify.Charge{Key: "roomy", Limit: verify.Quota("roomy", 9, time.Hour)}
			full := verify.Charge{Key: "full", Limit: verify.Quota("full", 1, time.Hour)}
			b := &budgets{db: s.db}
			holds, err := b.Charge(t.Context(), []verify.Charge{full}, now)
			require.NoError(t, err)
			require.Empty(t, holds)

			holds, err = b.chargeLocked(t.Context(), []verify.Charge{roomy, full}, now.Add(time.Minute))
			require.NoError(t, err)
			require.Equal(t, []verify.Hold{{Charge: full, Wait: 59 * time.Minute}}, holds)

			require.NoError(t, b.Settle(t.Context(), nil, []verify.Receipt{{Key: "full", At: now}}))
			holds, err = b.chargeLocked(t.Context(), []verify.Charge{roomy, full}, now.Add(time.Minute))
			require.NoError(t, err)
			require.Empty(t, holds)
			holds, err = b.Charge(t.Context(), []verify.Charge{roomy, full}, now.Add(time.Minute))
			require.NoError(t, err)
			require.Equal(t, []verify.Hold{{Charge: full, Wait: 59 * time.Minute}}, holds)
		})
	}
}
