package saga_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
	"accord/saga/sagatest"
)

// crowd lets that many callers of the account's own begin one saga after the
// other, until stop is called. turns counts the sagas that began.
func (l *lab) crowd(ctx context.Context, f *saga.Flow[order], callers int) (turns *atomic.Int64, stop func()) {
	turns = new(atomic.Int64)
	own := saga.WithOrigin(ctx, saga.Origin{Actor: "subject"})
	var done atomic.Bool
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for !done.Load() {
				_, _, err := f.Execute(own, "subject", order{})
				switch {
				case err == nil:
					turns.Add(1)
				case !errors.Is(err, saga.ErrBusy):
					l.t.Error(err)
				}
			}
		})
	}
	return turns, func() {
		done.Store(true)
		wg.Wait()
	}
}

// However many of a person's own sagas follow one another, one that somebody else
// asks for gets its turn after the present one.
func TestAnotherThanTheSubjectComesThrough(t *testing.T) {
	timed(t, saga.Options{Deadline: long, Lease: long}, func(t *testing.T, l *lab) {
		own, others := l.simple(), l.simple()
		own.Exclusive, others.Exclusive = true, true
		own.Name, others.Name = "own", "others"
		f, g := l.bind(l.r, own), l.bind(l.r, others)
		l.on("do a", repeat(10_000, takes(10*time.Millisecond))...)
		turns, stop := l.crowd(t.Context(), f, 30)
		defer stop()
		<-time.After(time.Second)
		before := turns.Load()
		require.Positive(t, before)
		operator := saga.WithOrigin(t.Context(), saga.Origin{Actor: "operator"})
		_, _, err := g.Execute(operator, "subject", order{})
		require.NoError(t, err)
		require.LessOrEqual(t, turns.Load()-before, int64(2), "turns of the account's own before the operator's")
	})
}

// One that waited, and then fails to begin, leaves the subject to its own sagas.
func TestAReservationEndsWithItsWait(t *testing.T) {
	timed(t, saga.Options{Deadline: long, Lease: long}, func(t *testing.T, l *lab) {
		own, others := l.simple(), l.simple()
		own.Exclusive, others.Exclusive = true, true
		own.Name, others.Name = "own", "others"
		f, g := l.bind(l.r, own), l.bind(l.r, others)
		l.on("do a", takes(10*time.Millisecond))
		subject := saga.WithOrigin(t.Context(), saga.Origin{Actor: "subject"})
		_, err := f.Begin(subject, "subject", order{})
		require.NoError(t, err)
		begins := 0
		l.journal.Before = func(op sagatest.Op) error {
			if op == sagatest.OpBegin {
				begins++
			}
			if op == sagatest.OpBegin && begins > 1 {
				return errors.New("the journal is away")
			}
			return nil
		}
		_, _, err = g.Execute(saga.WithOrigin(t.Context(), saga.Origin{Actor: "operator"}), "subject", order{})
		require.Error(t, err)
		require.Greater(t, begins, 1)
		l.journal.Before = nil
		<-time.After(time.Second)
		_, _, err = f.Execute(subject, "subject", order{})
		require.NoError(t, err)
	})
}

func repeat(n int, a action) []action {
	all := make([]action, n)
	for i := range all {
		all[i] = a
	}
	return all
}
