package saga_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
	"accord/saga/sagatest"
)

var errJournal = errors.New("the journal is down")

// TestHeartbeatKeepsTheLease through a step that is longer than it.
func TestHeartbeatKeepsTheLease(t *testing.T) {
	timed(t, saga.Options{StepTimeout: long}, func(t *testing.T, l *lab) {
		l.runs(l.r)
		two := l.second(saga.Options{}, l.simple())
		l.runs(two)
		l.on("do a", takes(6*time.Second))
		_, receipt, err := l.execute(l.simple())
		require.NoError(t, err)
		l.takes("do a", "do b", "do pivot", "do end")
		require.NotContains(t, l.events(receipt.ID), "taken-over")
	})
}

// TestLostLeaseEndsTheStep: nobody renews, so that the runner stops by its own
// clock and another one finds what it left.
func TestLostLeaseEndsTheStep(t *testing.T) {
	timed(t, saga.Options{StepTimeout: long}, func(t *testing.T, l *lab) {
		start := time.Now()
		l.on("do a", hangs)
		d := l.simple()
		two := l.second(saga.Options{}, d)
		_, receipt, err := l.execute(d)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 4*time.Second, since(start))
		l.takes("do a")
		rec := l.load(receipt.ID)
		require.Equal(t, saga.Unwinding, rec.Phase)
		require.Equal(t, saga.Unknown, rec.Steps["a"])
		require.Empty(t, rec.Owner, "handed over")
		require.Zero(t, rec.Attempts)
		require.Equal(t, 1, l.tick(two))
		l.takes("undo a")
	})
}

// TestLostLeaseBeforeAStep: the step is marked as started, and was not.
func TestLostLeaseBeforeAStep(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.journal.After = func(op sagatest.Op) error {
		if op == sagatest.OpAppend && l.counted() == 2 {
			l.clock.Advance(4 * time.Second)
		}
		return nil
	}
	_, receipt, err := l.execute(l.simple())
	require.ErrorContains(t, err, "lease was lost")
	l.takes("do a")
	rec := l.load(receipt.ID)
	require.Equal(t, saga.RefusedStep, rec.Steps["b"])
	require.Equal(t, saga.Unwinding, rec.Phase)
	require.Empty(t, rec.Owner)
	require.Equal(t, saga.Aborted, l.until(l.r, receipt.ID).Phase)
	l.takes("undo a", "undo a")
}

// TestLostLeaseBeforeAnUndo counts as no try.
func TestLostLeaseBeforeAnUndo(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("do b", func(context.Context, *order) error { return saga.Refused(errA) })
	l.on("undo a", returns(errB))
	l.journal.After = func(op sagatest.Op) error {
		if op == sagatest.OpAppend && l.counted() == 3 {
			l.clock.Advance(4 * time.Second)
		}
		return nil
	}
	_, receipt, err := l.execute(l.simple())
	require.ErrorIs(t, err, errA)
	l.takes("do a", "do b")
	rec := l.load(receipt.ID)
	require.Zero(t, rec.Attempts)
	require.Empty(t, rec.Owner)
	require.NotContains(t, l.events(receipt.ID), "undo-failed a")
}

// TestFencedRunnerStops: another one, whose clock runs ahead, took the saga
// over in the middle of a step; Execute answers from the journal.
func TestFencedRunnerStops(t *testing.T) {
	timed(t, saga.Options{StepTimeout: long}, func(t *testing.T, l *lab) {
		ahead := func() time.Time { return time.Now().Add(time.Minute) }
		two := l.second(saga.Options{Now: ahead}, l.simple())
		l.on("do b", func(context.Context, *order) error {
			require.Equal(t, 1, l.tick(two))
			return nil
		})
		_, receipt, err := l.execute(l.simple())
		require.ErrorContains(t, err, "went away", "the reason in the record")
		require.NotErrorIs(t, err, saga.ErrUndecided)
		l.takes("do a", "do b", "undo b", "undo a")
		require.Equal(t, saga.Settling, l.load(receipt.ID).Phase)
	})
}

// TestFencedAfterThePivot: the other one went on, while Execute waits.
func TestFencedAfterThePivot(t *testing.T) {
	for name, parks := range map[string]bool{"committed": false, "completing": true} {
		t.Run(name, func(t *testing.T) {
			timed(t, saga.Options{}, func(t *testing.T, l *lab) {
				ahead := func() time.Time { return time.Now().Add(time.Minute) }
				two := l.second(saga.Options{Now: ahead}, l.simple())
				l.on("do pivot", func(context.Context, *order) error {
					require.Equal(t, 1, l.tick(two))
					return nil
				})
				if parks {
					l.on("do end", returns(errA))
				}
				s, receipt, err := l.execute(l.simple())
				l.takes("do a", "do b", "do pivot", "do pivot", "do end")
				if parks {
					require.NoError(t, err)
					require.Error(t, receipt.Pending)
					require.Equal(t, secret, s.Secret)
					return
				}
				require.ErrorIs(t, err, saga.ErrUndecided, "the state is scrubbed")
				require.ErrorIs(t, err, saga.ErrElsewhere)
			})
		})
	}
}

// TestFencedInAStepAfterThePivot: Execute has the state, and waits for what the
// other one makes of the rest.
func TestFencedInAStepAfterThePivot(t *testing.T) {
	for name, parks := range map[string]bool{"committed": false, "completing": true} {
		t.Run(name, func(t *testing.T) {
			timed(t, saga.Options{}, func(t *testing.T, l *lab) {
				ahead := func() time.Time { return time.Now().Add(time.Minute) }
				two := l.second(saga.Options{Now: ahead}, l.simple())
				l.on("do end", func(context.Context, *order) error {
					require.Equal(t, 1, l.tick(two))
					return nil
				})
				if parks {
					l.on("do end", returns(errA))
				}
				s, receipt, err := l.execute(l.simple())
				require.NoError(t, err)
				require.Equal(t, secret, s.Secret)
				l.takes("do a", "do b", "do pivot", "do end", "do end")
				require.Equal(t, parks, receipt.Pending != nil, "%v", receipt.Pending)
			})
		})
	}
}

// TestTakenOverIsNoticedByTheHeartbeat: the step's context ends, long before
// its time-out.
func TestTakenOverIsNoticedByTheHeartbeat(t *testing.T) {
	timed(t, saga.Options{StepTimeout: long}, func(t *testing.T, l *lab) {
		l.runs(l.r)
		ahead := func() time.Time { return time.Now().Add(time.Minute) }
		two := l.second(saga.Options{Now: ahead}, l.simple())
		var cause error
		l.on("do a", func(ctx context.Context, _ *order) error {
			require.Equal(t, 1, l.tick(two))
			<-ctx.Done()
			cause = context.Cause(ctx)
			return ctx.Err()
		})
		start := time.Now()
		_, _, err := l.execute(l.simple())
		require.Error(t, err)
		l.drain(two)
		require.ErrorIs(t, cause, saga.ErrFenced)
		require.Less(t, since(start), 4*time.Second)
		l.takes("do a", "undo a")
	})
}

// TestRenewFailing: the lease runs out by our own clock.
func TestRenewFailing(t *testing.T) {
	timed(t, saga.Options{StepTimeout: long, Answer: long}, func(t *testing.T, l *lab) {
		l.journal.Before = func(op sagatest.Op) error {
			if op == sagatest.OpRenew {
				return errJournal
			}
			return nil
		}
		l.runs(l.r)
		l.on("do a", hangs)
		start := time.Now()
		_, _, err := l.execute(l.simple())
		require.Error(t, err)
		require.NotErrorIs(t, err, saga.ErrUndecided)
		require.InDelta(t, 4.25, time.Since(start).Seconds(), 0.25)
		require.Contains(t, l.logs.String(), errJournal.Error())
	})
}

// TestRunFinishesWhatRuns when it is told to stop.
func TestRunFinishesWhatRuns(t *testing.T) {
	timed(t, saga.Options{}, func(t *testing.T, l *lab) {
		f := l.bind(l.r, l.simple())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.r.Run(ctx) }()
		l.on("do a", takes(3*time.Second))
		answer := make(chan error, 1)
		go func() {
			_, _, err := f.Execute(t.Context(), "subject", order{})
			answer <- err
		}()
		synctest.Wait()
		stop()
		synctest.Wait()
		_, receipt, err := f.Execute(t.Context(), "subject", order{})
		require.ErrorContains(t, err, "the runner stops")
		require.NotEmpty(t, receipt.ID)
		require.NoError(t, <-ended)
		require.NoError(t, <-answer)
	})
}

// TestRunHandsOverWhatDoesNotFinish: another runner goes on at once, without
// waiting for the lease.
func TestRunHandsOverWhatDoesNotFinish(t *testing.T) {
	timed(t, saga.Options{StepTimeout: time.Minute, Deadline: time.Minute}, func(t *testing.T, l *lab) {
		f := l.bind(l.r, l.simple())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.r.Run(ctx) }()
		l.on("do b", hangs)
		go func() { _, _, _ = f.Execute(t.Context(), "subject", order{}) }()
		synctest.Wait()
		stop()
		start := time.Now()
		require.NoError(t, <-ended)
		require.Equal(t, 10*time.Second, since(start))
		l.takes("do a", "do b")
		require.Equal(t, 1, l.tick(l.second(saga.Options{}, l.simple())))
		l.takes("undo b", "undo a")
	})
}

// TestRunGivesUpOnAStepThatIgnoresItsContext but says so.
func TestRunGivesUpOnAStepThatIgnoresItsContext(t *testing.T) {
	timed(t, saga.Options{StepTimeout: time.Second}, func(t *testing.T, l *lab) {
		f := l.bind(l.r, l.simple())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.r.Run(ctx) }()
		release := make(chan struct{})
		l.on("do a", func(context.Context, *order) error { <-release; return nil })
		go func() { _, _, _ = f.Execute(t.Context(), "subject", order{}) }()
		synctest.Wait()
		stop()
		require.ErrorContains(t, <-ended, "1 sagas were left")
		close(release)
	})
}

// TestRunRecovers finds a saga that another runner left, within a poll.
func TestRunRecovers(t *testing.T) {
	timed(t, saga.Options{}, func(t *testing.T, l *lab) {
		l.bind(l.r, l.simple())
		l.runs(l.r)
		synctest.Wait()
		id := l.put(saga.Running, map[string]saga.StepStatus{"a": saga.Started})
		<-time.After(500 * time.Millisecond)
		synctest.Wait()
		l.takes("undo a")
		require.Equal(t, saga.Settling, l.load(id).Phase)
	})
}

// TestRunWorksOffABacklog without waiting for a poll per Concurrency.
func TestRunWorksOffABacklog(t *testing.T) {
	timed(t, saga.Options{Concurrency: 2, Poll: time.Hour}, func(t *testing.T, l *lab) {
		l.bind(l.r, l.simple())
		for i := range 40 {
			rec := saga.Record{
				ID: string(rune('A' + i)), Flow: "flow", Phase: saga.Unwinding, Epoch: 1, Due: time.Now(),
				State: []byte("{}"), Steps: map[string]saga.StepStatus{"a": saga.Done},
			}
			require.NoError(t, l.journal.Begin(t.Context(), func(context.Context) (saga.Write, error) {
				return saga.Write{Record: rec}, nil
			}))
		}
		l.runs(l.r)
		synctest.Wait()
		require.Len(t, l.took(), 40)
	})
}
