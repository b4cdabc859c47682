package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func counterWindows(t *testing.T, d *database) {
	hour := at(0).Truncate(time.Hour)
	spend := func(key string, window time.Duration, limit int, now time.Time) bool {
		t.Helper()
		ok, err := d.Counters.Spend(t.Context(), key, window, limit, now)
		require.NoError(t, err)
		return ok
	}
	for range 3 {
		require.True(t, spend("a", time.Hour, 3, hour))
	}
	require.False(t, spend("a", time.Hour, 3, hour))
	require.False(t, spend("a", time.Hour, 3, hour.Add(time.Hour-time.Microsecond)))
	require.True(t, spend("a", time.Hour, 3, hour.Add(time.Hour)), "the next window")
	require.True(t, spend("a", 24*time.Hour, 3, hour), "windows of another length")
	require.True(t, spend("A", time.Hour, 3, hour), "keys differ by case")
	require.True(t, spend("b", time.Hour, 1, hour))
	require.False(t, spend("b", time.Hour, 1, hour))

	for range 3 {
		require.True(t, spend("free", time.Hour, 0, hour))
	}
	require.True(t, spend("free", time.Hour, 1, hour), "without a limit nothing was counted")
}

// counterMidnight has windows of two lengths that end at the same instant.
func counterMidnight(t *testing.T, d *database) {
	late := at(0).Truncate(24 * time.Hour).Add(24*time.Hour - time.Minute)
	for _, window := range []time.Duration{time.Hour, 24 * time.Hour} {
		ok, err := d.Counters.Spend(t.Context(), "key", window, 1, late)
		require.NoError(t, err)
		require.True(t, ok)
	}
}

// counterPruned counts under ever other keys, hour after hour.
func counterPruned(t *testing.T, d *database) {
	const perHour = 5
	for hour := range 6 {
		for i := range perHour {
			_, err := d.Counters.Spend(t.Context(), fmt.Sprint(hour, "/", i), time.Hour, 10, at(time.Duration(hour)*time.Hour))
			require.NoError(t, err)
		}
		var rows int
		require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM counters"))
		require.Equal(t, perHour, rows)
	}
}

// counterRace spends while the window has no row yet, and old ones to clear up.
func counterRace(t *testing.T, d *database) {
	const limit = 20
	counters := []app.Counters{d.Counters, d.replica(t).Counters}
	for i := range 3 {
		for old := range 10 {
			_, err := d.Counters.Spend(t.Context(), fmt.Sprint("old", i, old), time.Minute, 10, at(-time.Hour))
			require.NoError(t, err)
		}
		var granted atomic.Int32
		results := race(racers, func(who int) error {
			ok, err := counters[who%2].Spend(context.Background(), fmt.Sprint("key", i), time.Hour, limit, at(0))
			if ok {
				granted.Add(1)
			}
			return err
		})
		require.NoError(t, errors.Join(results...))
		require.Equal(t, int32(limit), granted.Load())
	}
}
