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

var strict = app.FailureLimit{Free: 3, Delay: time.Second, MaxDelay: 4 * time.Second, LockAfter: 6, LockFor: time.Hour}

// tries are one try under each of the keys.
func tries(limit app.FailureLimit, keys ...string) []app.Try {
	var all []app.Try
	for _, key := range keys {
		all = append(all, app.Try{Key: key, Limit: limit})
	}
	return all
}

// requireWait tries once under each of the keys.
func requireWait(t *testing.T, d *database, want time.Duration, now time.Duration, keys ...string) {
	t.Helper()
	wait, err := d.Failures.Reserve(t.Context(), tries(strict, keys...), at(now))
	require.NoError(t, err)
	require.Equal(t, want, wait)
}

func failureLife(t *testing.T, d *database) {
	for range 3 {
		requireWait(t, d, 0, 0, "a")
	}
	requireWait(t, d, time.Second, 0, "a")
	requireWait(t, d, time.Microsecond, time.Second-time.Microsecond, "a")
	requireWait(t, d, 0, 0, "b")
	requireWait(t, d, 0, 0, "A")
	requireWait(t, d, 0, time.Second, "a")
	requireWait(t, d, 2*time.Second, time.Second, "a")
	requireWait(t, d, 0, 3*time.Second, "a")
	requireWait(t, d, 4*time.Second, 3*time.Second, "a")
	requireWait(t, d, 0, 7*time.Second, "a")
	requireWait(t, d, time.Hour, 7*time.Second, "a")
	requireWait(t, d, time.Second, time.Hour+6*time.Second, "a")
	for range 3 {
		requireWait(t, d, 0, time.Hour+7*time.Second, "a")
	}
	requireWait(t, d, time.Second, time.Hour+7*time.Second, "a")
}

// failureTogether counts under two keys, of which one is held up.
func failureTogether(t *testing.T, d *database) {
	for range 3 {
		requireWait(t, d, 0, 0, "a")
	}
	for range 5 {
		requireWait(t, d, time.Second, 0, "a", "b")
		requireWait(t, d, time.Second, 0, "b", "a")
	}
	for range 3 {
		requireWait(t, d, 0, 0, "b")
	}
	requireWait(t, d, time.Second, 0, "b")
	var rows int
	require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM failures"))
	require.Equal(t, 2, rows)
}

func failureRelease(t *testing.T, d *database) {
	release := func(forget, giveBack []string) {
		t.Helper()
		require.NoError(t, d.Failures.Release(t.Context(), forget, giveBack))
	}
	release([]string{"nobody"}, []string{"nobody"})
	for range 3 {
		requireWait(t, d, 0, 0, "a", "b", "c")
	}
	release([]string{"a"}, []string{"b"})
	for range 3 {
		requireWait(t, d, 0, 0, "a")
	}
	requireWait(t, d, 0, 0, "b")
	for _, key := range []string{"a", "b", "c"} {
		requireWait(t, d, time.Second, 0, key)
	}
	for range 5 { // two more than were counted
		release(nil, []string{"b"})
	}
	for range 3 {
		requireWait(t, d, 0, 0, "b")
	}
	requireWait(t, d, time.Second, 0, "b")
}

// failurePruned counts under ever other keys, hour after hour.
func failurePruned(t *testing.T, d *database) {
	const perHour = 5
	for hour := range 6 {
		for i := range perHour {
			requireWait(t, d, 0, time.Duration(hour)*time.Hour, fmt.Sprint(hour, "/", i))
		}
		var rows int
		require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM failures"))
		require.Equal(t, perHour, rows)
	}
}

// failureRace tries under the key of one account each, and all under that of
// one client, while old rows are cleared up: no more pass than the limit.
func failureRace(t *testing.T, d *database) {
	replicas := []app.Failures{d.Failures, d.replica(t).Failures}
	for i := range 3 {
		for old := range 10 {
			requireWait(t, d, 0, -2*time.Hour, fmt.Sprint("old", i, old))
		}
		var passed atomic.Int32
		results := race(racers, func(who int) error {
			wait, err := replicas[who%2].Reserve(context.Background(),
				tries(strict, fmt.Sprint("account", i, who), fmt.Sprint("client", i)), at(0))
			if wait == 0 && err == nil {
				passed.Add(1)
			}
			return err
		})
		require.NoError(t, errors.Join(results...))
		require.EqualValues(t, strict.Free, passed.Load())
	}
}

// failureReleaseRace has everybody be right: in the end nothing is counted.
func failureReleaseRace(t *testing.T, d *database) {
	replicas := []app.Failures{d.Failures, d.replica(t).Failures}
	wide := app.FailureLimit{Free: 2 * racers, Delay: time.Second, MaxDelay: time.Second, LockFor: time.Hour}
	results := race(racers, func(who int) error {
		account, client := fmt.Sprint("account", who%8), "client"
		f := replicas[who%2]
		wait, err := f.Reserve(context.Background(), tries(wide, account, client), at(0))
		if wait > 0 {
			err = errOfTest
		}
		return errors.Join(err, f.Release(context.Background(), []string{account}, []string{client}))
	})
	require.NoError(t, errors.Join(results...))
	var counted int
	require.NoError(t, d.raw.Get(&counted, "SELECT SUM(failed) FROM failures"))
	require.Zero(t, counted)
}
