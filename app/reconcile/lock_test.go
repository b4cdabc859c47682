package reconcile_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/app/reconcile"
)

func TestOneRunAtATime(t *testing.T) {
	s := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	alone := func(owner string, ticks <-chan time.Time, do func(ctx context.Context) error) error {
		return reconcile.Alone(t.Context(), &app.Leadership{
			Leaders: s.store.Leaders, Owner: owner, TTL: reconcile.LockFor, Now: s.clock.Now,
			Ticks: func(time.Duration) (<-chan time.Time, func()) { return ticks, func() {} },
		}, do)
	}
	errOwn := errors.New("of the work")
	ran := false
	err := alone("one", nil, func(context.Context) error {
		err := alone("two", nil, func(context.Context) error { ran = true; return nil })
		require.Equal(t, app.Busy, app.KindOf(err))
		var held *app.LeaseHeld
		require.ErrorAs(t, err, &held)
		require.Equal(t, "one", held.Owner)
		return errOwn
	})
	require.ErrorIs(t, err, errOwn)
	require.False(t, ran)
	require.NoError(t, alone("two", nil, func(context.Context) error { ran = true; return nil }), "it was given back")
	require.True(t, ran)

	// Whoever does not renew in time loses it to another, and is told to stop.
	ticks := make(chan time.Time)
	err = alone("one", ticks, func(ctx context.Context) error {
		ticks <- s.clock.Now()
		s.clock.Advance(2 * reconcile.LockFor)
		require.NoError(t, alone("two", nil, func(context.Context) error { return nil }))
		select {
		case ticks <- s.clock.Now():
		case <-ctx.Done(): // the first renewal came too late already
		}
		<-ctx.Done()
		return nil
	})
	require.ErrorContains(t, err, "no longer the one who does \"sync\"")
}
