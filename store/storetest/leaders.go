package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// requireHeld wants Busy, and who has the lease.
func requireHeld(t *testing.T, owner string, err error) {
	t.Helper()
	requireKind(t, app.Busy, err)
	var held *app.LeaseHeld
	require.ErrorAs(t, err, &held)
	require.Equal(t, owner, held.Owner)
}

func acquired(t *testing.T, d *database, name, owner string, now, until time.Duration) app.LeaderLease {
	t.Helper()
	l, err := d.Leaders.Acquire(t.Context(), name, owner, at(now), at(until))
	require.NoError(t, err)
	require.Equal(t, []string{name, owner}, []string{l.Name, l.Owner})
	return l
}

func leaderLife(t *testing.T, d *database) {
	first := acquired(t, d, "work", "one", 0, time.Minute)
	require.Positive(t, first.Epoch)
	_, err := d.Leaders.Acquire(t.Context(), "work", "two", at(time.Second), at(time.Hour))
	requireHeld(t, "one", err)
	require.Equal(t, first, acquired(t, d, "work", "one", time.Second, time.Minute), "the owner's again is the same lease")
	acquired(t, d, "other work", "two", 0, time.Minute)
	require.NoError(t, d.Leaders.Confirm(t.Context(), first, at(time.Second)))
	requireHeld(t, "", d.Leaders.Confirm(t.Context(), first, at(time.Minute)))

	require.NoError(t, d.Leaders.Renew(t.Context(), first, at(2*time.Minute)))
	_, err = d.Leaders.Acquire(t.Context(), "work", "two", at(time.Minute), at(time.Hour))
	requireHeld(t, "one", err)
	second := acquired(t, d, "work", "two", 2*time.Minute, 3*time.Minute)
	require.Greater(t, second.Epoch, first.Epoch)

	requireHeld(t, "two", d.Leaders.Renew(t.Context(), first, at(time.Hour)))
	requireHeld(t, "two", d.Leaders.Confirm(t.Context(), first, at(0)))
	require.NoError(t, d.Leaders.Release(t.Context(), first), "what is another's stays")
	require.NoError(t, d.Leaders.Confirm(t.Context(), second, at(2*time.Minute)))

	for range 2 {
		require.NoError(t, d.Leaders.Release(t.Context(), second))
	}
	requireHeld(t, "", d.Leaders.Renew(t.Context(), second, at(time.Hour)))
	third := acquired(t, d, "work", "one", 0, time.Minute)
	require.Greater(t, third.Epoch, second.Epoch)
	requireHeld(t, "one", d.Leaders.Confirm(t.Context(), first, at(0)))
	requireKind(t, app.Busy, d.Leaders.Renew(t.Context(), app.LeaderLease{Name: "never", Owner: "one", Epoch: 1}, at(0)))
}

// Of many at once one has the lease; when it ends, one other.
func leaderRace(t *testing.T, d *database) {
	replica := d.replica(t)
	owners := make([]string, racers)
	for round := range 3 {
		now, until := at(time.Duration(round)*time.Minute), at(time.Duration(round+1)*time.Minute)
		leases := make([]app.LeaderLease, racers)
		errs := race(racers, func(i int) (err error) {
			owners[i] = string(rune('A'+i%26)) + string(rune('a'+i/26)) + string(rune('0'+round))
			leaders := d.Leaders
			if i%2 == 1 {
				leaders = replica.Leaders
			}
			leases[i], err = leaders.Acquire(t.Context(), "raced", owners[i], now, until)
			return err
		})
		led := 0
		for i, err := range errs {
			if err == nil {
				led++
				require.Equal(t, int64(round+1), leases[i].Epoch)
				continue
			}
			requireKind(t, app.Busy, err)
		}
		require.Equal(t, 1, led)
	}
}

// A transaction that begins with Confirm is not written once another leads.
func leaderFences(t *testing.T, d *database) {
	first := acquired(t, d, "fenced", "one", 0, time.Minute)
	a := newAccount(1, "alice", "alice@example.com")
	write := func(l app.LeaderLease) error {
		return d.Journal.Begin(t.Context(), writing(running(l.Owner), func(ctx context.Context) error {
			if err := d.Leaders.Confirm(ctx, l, at(time.Minute)); err != nil {
				return err
			}
			return d.Accounts.Reserve(ctx, a)
		}))
	}
	second := acquired(t, d, "fenced", "two", time.Minute, time.Hour)
	requireHeld(t, "two", write(first))
	_, err := d.Journal.Load(t.Context(), "one")
	require.ErrorIs(t, err, saga.ErrNotFound)
	require.NoError(t, write(second))
	require.Equal(t, app.Reserved, load(t, d, a.ID).Status)
}
