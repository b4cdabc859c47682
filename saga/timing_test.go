package saga_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

// timed runs a test in a bubble of virtual time, which the runner's clock and
// all timers follow.
func timed(t *testing.T, o saga.Options, test func(t *testing.T, l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.Now = time.Now
		test(t, newLab(t, o))
	})
}

// runs starts the runner's loop and stops it at the end of the test.
func (l *lab) runs(r *saga.Runner) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	l.t.Cleanup(func() {
		stop()
		require.NoError(l.t, <-ended)
	})
}

// takes is a step that lasts that long by the virtual clock, whatever ctx says,
// and reports whether ctx has ended.
func takes(d time.Duration) action {
	return func(ctx context.Context, _ *order) error {
		<-time.After(d)
		return ctx.Err()
	}
}

func since(start time.Time) time.Duration { return time.Since(start).Round(10 * time.Millisecond) }

func TestStepTimeout(t *testing.T) {
	timed(t, saga.Options{StepTimeout: 3 * time.Second}, func(t *testing.T, l *lab) {
		start := time.Now()
		l.on("do a", hangs)
		l.on("undo a", hangs)
		d := l.simple()
		_, receipt, err := l.execute(d)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, saga.ErrUndecided)
		require.Equal(t, 6*time.Second, since(start), "Do and Undo are bounded alike")
		require.Equal(t, saga.Unwinding, l.load(receipt.ID).Phase)
	})
}

func TestDeadlineEndsTheForwardPhase(t *testing.T) {
	timed(t, saga.Options{Lease: long, Answer: long}, func(t *testing.T, l *lab) {
		d := l.simple()
		d.Stages[0][0].Timeout, d.Stages[1][0].Timeout = long, long
		l.on("do a", takes(5*time.Second))
		l.on("do b", hangs)
		start := time.Now()
		_, _, err := l.execute(d)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 8*time.Second, since(start))
		l.takes("do a", "do b", "undo b", "undo a")
	})
}

// TestDeadlineBetweenSteps: a step that comes back in time leaves no time for
// the pivot.
func TestDeadlineBetweenSteps(t *testing.T) {
	timed(t, saga.Options{Lease: long, Answer: long}, func(t *testing.T, l *lab) {
		l.on("do a", func(context.Context, *order) error {
			return takes(9*time.Second)(context.Background(), nil)
		})
		_, receipt, err := l.execute(l.simple())
		require.ErrorContains(t, err, "deadline")
		l.takes("do a", "undo a")
		require.Equal(t, saga.Aborted, l.load(receipt.ID).Phase, "its effect was known")
	})
}

func TestPivotHasItsOwnTime(t *testing.T) {
	timed(t, saga.Options{Lease: long, StepTimeout: long}, func(t *testing.T, l *lab) {
		l.on("do a", takes(7*time.Second))
		l.on("do pivot", takes(2*time.Second))
		_, _, err := l.execute(l.simple())
		require.NoError(t, err)
	})
}

func TestAnswerWhileUndecided(t *testing.T) {
	timed(t, saga.Options{Lease: long, Deadline: long, StepTimeout: long}, func(t *testing.T, l *lab) {
		release := make(chan struct{})
		l.on("do a", func(context.Context, *order) error { <-release; return nil })
		start := time.Now()
		_, receipt, err := l.execute(l.simple())
		require.ErrorIs(t, err, saga.ErrUndecided)
		require.Equal(t, 10*time.Second, since(start))
		require.Equal(t, saga.Running, l.load(receipt.ID).Phase)
		close(release)
		synctest.Wait()
		require.Equal(t, saga.Committed, l.load(receipt.ID).Phase, "it went on")
	})
}

func TestClientGoesAway(t *testing.T) {
	type key struct{}
	timed(t, saga.Options{}, func(t *testing.T, l *lab) {
		ctx, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "request 7"))
		var value any
		var ended error
		l.on("do a", func(ctx context.Context, _ *order) error {
			leave()
			ended = takes(time.Second)(ctx, nil)
			value = ctx.Value(key{})
			return ended
		})
		_, receipt, err := l.bind(l.r, l.simple()).Execute(ctx, "subject", order{})
		require.ErrorIs(t, err, saga.ErrUndecided)
		l.drain(l.r)
		require.NoError(t, ended)
		require.Equal(t, "request 7", value)
		require.Equal(t, saga.Committed, l.load(receipt.ID).Phase)
	})
}

// TestAnswerWhileUnwinding: the outcome is decided, only its undoing is slow.
func TestAnswerWhileUnwinding(t *testing.T) {
	timed(t, saga.Options{Lease: long, StepTimeout: long}, func(t *testing.T, l *lab) {
		l.on("do b", returns(saga.Refused(errA)))
		release := make(chan struct{})
		l.on("undo a", func(context.Context, *order) error { <-release; return nil })
		start := time.Now()
		_, _, err := l.execute(l.simple())
		require.ErrorIs(t, err, errA)
		require.NotErrorIs(t, err, saga.ErrUndecided)
		require.Equal(t, 10*time.Second, since(start))
		close(release)
	})
}

// TestAnswerWhileCompleting: the outcome is decided, a waited-for step is slow.
func TestAnswerWhileCompleting(t *testing.T) {
	timed(t, saga.Options{Lease: long, StepTimeout: long}, func(t *testing.T, l *lab) {
		release := make(chan struct{})
		l.on("do end", func(context.Context, *order) error { <-release; return nil })
		s, receipt, err := l.execute(l.simple())
		require.NoError(t, err)
		require.Equal(t, secret, s.Secret)
		require.ErrorContains(t, receipt.Pending, "goes on")
		close(release)
	})
}

// TestAnswerWaitsForTheFirstTries of what comes after the pivot, and for no
// more than these.
func TestAnswerWaitsForTheFirstTries(t *testing.T) {
	timed(t, saga.Options{}, func(t *testing.T, l *lab) {
		l.on("do x", takes(time.Second))
		l.on("do y", takes(2*time.Second))
		l.on("do z", takes(3*time.Second))
		d := saga.Sequence("flow", saga.One(l.pivot("pivot")),
			saga.Parallel(l.retriable("x"), l.retriable("y")), saga.One(detached(l.retriable("z"))))
		start := time.Now()
		_, receipt, err := l.execute(d)
		require.NoError(t, err)
		require.NoError(t, receipt.Pending)
		require.Equal(t, 2*time.Second, since(start))
		l.drain(l.r)
	})
}

func TestAmbiguousPivotIsRetriedWhileExecuteWaits(t *testing.T) {
	timed(t, saga.Options{}, func(t *testing.T, l *lab) {
		l.runs(l.r)
		l.on("do pivot", hangs, returns(errA))
		l.on("do pivot", func(_ context.Context, o *order) error { o.Notes = map[string]int{"pivot": 3}; return nil })
		s, receipt, err := l.execute(l.simple())
		require.NoError(t, err)
		require.NoError(t, receipt.Pending)
		require.Equal(t, order{Secret: secret, Notes: map[string]int{"pivot": 3}}, s)
		l.takes("do a", "do b", "do pivot", "do pivot", "do pivot", "do end")
		require.Equal(t, saga.Committed, l.load(receipt.ID).Phase)
	})
}

func TestAmbiguousPivotIsUndecidedInTheEnd(t *testing.T) {
	timed(t, saga.Options{}, func(t *testing.T, l *lab) {
		l.runs(l.r)
		for range 100 {
			l.on("do pivot", returns(errA))
		}
		start := time.Now()
		_, receipt, err := l.execute(l.simple())
		require.ErrorIs(t, err, saga.ErrUndecided)
		require.ErrorIs(t, err, errA, "the last cause")
		require.Equal(t, 10*time.Second, since(start))
		require.Equal(t, saga.Completing, l.load(receipt.ID).Phase)
	})
}

func TestExclusiveWaitsForItsTurn(t *testing.T) {
	timed(t, saga.Options{}, func(t *testing.T, l *lab) {
		d := l.simple()
		d.Exclusive = true
		l.on("do a", takes(3*time.Second))
		f := l.bind(l.r, d)
		first := make(chan error, 1)
		go func() {
			_, _, err := f.Execute(t.Context(), "subject", order{})
			first <- err
		}()
		synctest.Wait()
		start := time.Now()
		_, _, err := f.Execute(t.Context(), "other", order{})
		require.NoError(t, err)
		require.Zero(t, since(start), "another subject is free")
		_, _, err = f.Execute(t.Context(), "subject", order{})
		require.NoError(t, err)
		require.InDelta(t, 3.25, time.Since(start).Seconds(), 0.25)
		require.NoError(t, <-first)
	})
}

// Sagas about different subjects take turns if one of their further subjects is
// the same.
func TestExclusiveWaitsForFurtherSubjects(t *testing.T) {
	timed(t, saga.Options{}, func(t *testing.T, l *lab) {
		d := l.simple()
		d.Exclusive, d.Also = true, func(o *order) []string { return slices.Sorted(maps.Keys(o.Notes)) }
		l.on("do a", takes(3*time.Second))
		f := l.bind(l.r, d)
		first := make(chan error, 1)
		go func() {
			_, _, err := f.Execute(t.Context(), "one", order{Notes: map[string]int{"x": 1, "y": 1}})
			first <- err
		}()
		synctest.Wait()
		start := time.Now()
		_, _, err := f.Execute(t.Context(), "two", order{Notes: map[string]int{"z": 1}})
		require.NoError(t, err)
		require.Zero(t, since(start), "nothing in common")
		_, _, err = f.Execute(t.Context(), "two", order{Notes: map[string]int{"z": 1, "y": 1}})
		require.NoError(t, err)
		require.InDelta(t, 3.25, time.Since(start).Seconds(), 0.25)
		require.NoError(t, <-first)
	})
}

func TestExclusiveIsBusyInTheEnd(t *testing.T) {
	timed(t, saga.Options{Lease: long, Deadline: long, StepTimeout: long}, func(t *testing.T, l *lab) {
		d := l.simple()
		d.Exclusive = true
		release := make(chan struct{})
		l.on("do a", func(context.Context, *order) error { <-release; return nil })
		f := l.bind(l.r, d)
		go func() { _, _, _ = f.Execute(t.Context(), "subject", order{}) }()
		synctest.Wait()

		start := time.Now()
		_, receipt, err := f.Execute(t.Context(), "subject", order{})
		require.ErrorIs(t, err, saga.ErrBusy)
		require.NotErrorIs(t, err, saga.ErrUndecided)
		require.Equal(t, 10*time.Second, since(start))
		_, err = l.journal.Load(t.Context(), receipt.ID)
		require.ErrorIs(t, err, saga.ErrNotFound)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		_, _, err = f.Execute(ctx, "subject", order{})
		require.ErrorIs(t, err, saga.ErrBusy)
		require.Equal(t, time.Second, since(start))
		l.takes("do a")
		close(release)
	})
}

// slowSecond is a journal whose second beginning after the first saga's takes
// for ever.
type slowSecond struct {
	saga.Journal
	begins int
}

func (s *slowSecond) Begin(ctx context.Context, fn saga.WriteFunc) error {
	if s.begins++; s.begins == 3 {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Journal.Begin(ctx, fn)
}

// The time that ran out within a try was spent on waiting all the same.
func TestExclusiveIsBusyHoweverItEnds(t *testing.T) {
	timed(t, saga.Options{Lease: long, Deadline: long, StepTimeout: long}, func(t *testing.T, l *lab) {
		d := l.simple()
		d.Exclusive = true
		l.journal.Journal = &slowSecond{Journal: l.journal.Journal}
		release := make(chan struct{})
		l.on("do a", func(context.Context, *order) error { <-release; return nil })
		f := l.bind(l.r, d)
		go func() { _, _, _ = f.Execute(t.Context(), "subject", order{}) }()
		synctest.Wait()
		start := time.Now()
		_, _, err := f.Execute(t.Context(), "subject", order{})
		require.ErrorIs(t, err, saga.ErrBusy)
		require.Equal(t, 10*time.Second, since(start))
		close(release)
	})
}
