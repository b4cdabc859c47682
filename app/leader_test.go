package app_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

const leaderTTL = time.Minute

// candidate may lead on the world's database; a send on the channel lets it
// renew its lease.
func candidate(w *world, owner string, clock *sagatest.Clock) (*app.Leadership, chan time.Time) {
	ticks := make(chan time.Time)
	return &app.Leadership{
		Leaders: w.store.Leaders, Owner: owner, TTL: leaderTTL, Now: clock.Now,
		Ticks: func(time.Duration) (<-chan time.Time, func()) { return ticks, func() {} },
	}, ticks
}

func leads(t *testing.T, l *app.Leadership) bool {
	t.Helper()
	led, err := l.Lead(t.Context(), "work", func(ctx context.Context, lease app.LeaderLease) error {
		require.NoError(t, l.Leaders.Confirm(ctx, lease, l.Now()))
		return ctx.Err()
	})
	require.NoError(t, err)
	return led
}

func TestOneLeads(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	one, _ := candidate(w, "one", clock)
	two, _ := candidate(w, "two", clock)
	require.True(t, leads(t, one))
	require.True(t, leads(t, one), "the same goes on leading")
	require.False(t, leads(t, two))
	clock.Advance(leaderTTL)
	require.True(t, leads(t, two), "a dead one's lease runs out")
	require.NoError(t, one.Resign(t.Context(), "work"), "what is another's is left alone")
	require.False(t, leads(t, one))
	require.NoError(t, two.Resign(t.Context(), "work"))
	require.True(t, leads(t, one))
}

func TestALeaderKeepsItsLease(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	one, ticks := candidate(w, "one", clock)
	two, _ := candidate(w, "two", clock)
	led, err := one.Lead(t.Context(), "work", func(ctx context.Context, _ app.LeaderLease) error {
		for range 5 {
			clock.Advance(leaderTTL / 2)
			ticks <- clock.Now()
			ticks <- clock.Now() // the one before is done with
			require.False(t, leads(t, two))
		}
		return ctx.Err()
	})
	require.NoError(t, err)
	require.True(t, led)
}

func TestALeaderThatLostItsLeaseStops(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	one, ticks := candidate(w, "one", clock)
	two, _ := candidate(w, "two", clock)
	_, err := one.Lead(t.Context(), "work", func(ctx context.Context, _ app.LeaderLease) error {
		clock.Advance(leaderTTL)
		require.True(t, leads(t, two))
		ticks <- clock.Now()
		<-ctx.Done()
		return nil
	})
	var held *app.LeaseHeld
	require.ErrorAs(t, err, &held)
	require.Equal(t, "two", held.Owner)
}

// brokenLeaders renews nothing.
type brokenLeaders struct{ app.Leaders }

func (brokenLeaders) Renew(context.Context, app.LeaderLease, time.Time) error {
	return errors.New("the database is away")
}

func TestALeaderOutlivesAFaultOfTheDatabaseUntilItsLeaseEnds(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	one, ticks := candidate(w, "one", clock)
	one.Leaders = brokenLeaders{w.store.Leaders}
	_, err := one.Lead(t.Context(), "work", func(ctx context.Context, _ app.LeaderLease) error {
		clock.Advance(leaderTTL / 2)
		ticks <- clock.Now()
		ticks <- clock.Now()
		require.NoError(t, ctx.Err())
		clock.Advance(leaderTTL / 2)
		select {
		case ticks <- clock.Now():
			<-ctx.Done()
		case <-ctx.Done(): // by the tick before
		}
		return nil
	})
	require.ErrorContains(t, err, "the database is away")
}

func TestTheErrorOfTheWorkIsTheLeaders(t *testing.T) {
	clock := sagatest.NewClock()
	one, _ := candidate(newWorld(t, clock), "one", clock)
	fault := errors.New("of the work")
	led, err := one.Lead(t.Context(), "work", func(context.Context, app.LeaderLease) error { return fault })
	require.True(t, led)
	require.ErrorIs(t, err, fault)
}
