package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func evictionAgain(t *testing.T, d *database) {
	a, b, c := normal(t, d, 1, "alice"), normal(t, d, 2, "bob"), normal(t, d, 3, "carol")
	due := func(now time.Time, limit int, want ...app.Account) {
		t.Helper()
		found, err := d.Evictions.EvictedAgain(t.Context(), now, limit)
		require.NoError(t, err)
		require.Len(t, found, len(want))
		for i := range want {
			requireEqual(t, want[i], found[i])
		}
	}
	due(at(time.Hour), 10)
	require.NoError(t, d.Evictions.EvictAgain(t.Context(), a.ID, at(2*time.Second)))
	require.NoError(t, d.Evictions.EvictAgain(t.Context(), b.ID, at(time.Second)))
	require.NoError(t, d.Evictions.EvictAgain(t.Context(), c.ID, at(time.Hour)))
	require.NoError(t, d.Evictions.EvictAgain(t.Context(), accountID(9), at(time.Second)))
	due(at(0), 10)
	due(at(2*time.Second), 10, b, a)
	due(at(2*time.Second), 1, b)

	for _, now := range []time.Time{at(time.Second), at(2 * time.Second), at(2 * time.Second)} {
		require.NoError(t, d.Evictions.PostponeEviction(t.Context(), a.ID, now, at(time.Minute)))
	}
	require.NoError(t, d.Evictions.PostponeEviction(t.Context(), accountID(9), at(time.Hour), at(time.Minute)))
	due(at(2*time.Second), 10, b)
	due(at(time.Minute), 10, b, a)

	d.setStatus(t, a.ID, app.Locked)
	due(at(time.Minute), 10, b)
	d.setStatus(t, a.ID, app.Normal)
	require.NoError(t, d.Evictions.EvictAgain(t.Context(), a.ID, time.Time{}))
	due(at(time.Minute), 10, b)
	due(at(time.Hour), 10, b, c)
}
