package saga_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/saga"
	"accord/saga/sagatest"
)

func TestExecuteCommits(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("do a", func(_ context.Context, o *order) error {
		o.Notes = map[string]int{"from a": 1}
		return nil
	})
	l.on("do pivot", func(_ context.Context, o *order) error {
		o.Notes["from pivot"] = o.Notes["from a"] + 1
		return nil
	})
	s, receipt, err := l.execute(l.simple())
	require.NoError(t, err)
	require.NoError(t, receipt.Pending)
	require.Equal(t, order{Secret: secret, Notes: map[string]int{"from a": 1, "from pivot": 2}}, s)
	l.takes("do a", "do b", "do pivot", "do end")

	rec := l.load(receipt.ID)
	require.Equal(t, saga.Committed, rec.Phase)
	require.Empty(t, rec.State)
	require.Empty(t, rec.Owner)
	require.True(t, rec.Due.IsZero())
	require.Equal(t, "subject", rec.Subject)
	require.Equal(t, []string{
		"began", "started a", "done a", "started b", "done b", "started pivot", "pivot pivot",
		"started end", "done end", "committed",
	}, l.events(receipt.ID))
	require.NotContains(t, l.logs.String(), secret)
}

func TestExecuteSharesTransactions(t *testing.T) {
	l := newLab(t, saga.Options{})
	d := l.register()
	d.Stages = d.Stages[:3]
	_, _, err := l.execute(d)
	require.NoError(t, err)
	require.Equal(t, 2, l.counted())
	require.Equal(t, []string{"do a", "do b", "do pivot", "do reserve"}, sorted(l.took()))
}

func TestExecuteAnswersBeforeDetachedSteps(t *testing.T) {
	l := newLab(t, saga.Options{})
	release := make(chan struct{})
	l.on("do reserve", func(_ context.Context, o *order) error {
		o.Notes = map[string]int{"reserve": 1}
		return nil
	})
	l.on("do mail", func(_ context.Context, o *order) error {
		<-release
		o.Notes["mail"] = 1
		return nil
	})
	s, receipt, err := l.execute(l.register())
	require.NoError(t, err)
	require.NoError(t, receipt.Pending)
	require.Equal(t, 2, l.counted())
	rec := l.load(receipt.ID)
	require.Equal(t, saga.Completing, rec.Phase)
	require.Equal(t, saga.Started, rec.Steps["mail"])
	close(release)
	l.drain(l.r)
	require.Equal(t, saga.Committed, l.load(receipt.ID).Phase)
	require.Equal(t, 3, l.counted())
	require.Equal(t, map[string]int{"reserve": 1}, s.Notes, "the answered state is the caller's own")
}

func TestExecuteOfLocalStepsOnlyIsOneTransaction(t *testing.T) {
	l := newLab(t, saga.Options{})
	_, receipt, err := l.execute(sequence(local(l.compensable("a")), local(l.pivot("p")), local(l.retriable("r"))))
	require.NoError(t, err)
	require.Equal(t, 1, l.counted())
	require.Equal(t, saga.Committed, l.load(receipt.ID).Phase)
}

// TestMarksComeFirst looks into the journal from inside a step.
func TestMarksComeFirst(t *testing.T) {
	l := newLab(t, saga.Options{NewID: func() string { return "id" }})
	l.on("do b", func(ctx context.Context, _ *order) error {
		rec, err := l.journal.Load(ctx, "id")
		require.Equal(t, map[string]saga.StepStatus{"a": saga.Done, "b": saga.Started}, rec.Steps)
		require.Equal(t, "one", rec.Owner)
		return err
	})
	_, _, err := l.execute(l.simple())
	require.NoError(t, err)
}

func TestLocalFaultInBeginLeavesNothing(t *testing.T) {
	for _, step := range []string{"reserve", "pivot"} {
		t.Run(step, func(t *testing.T) {
			l := newLab(t, saga.Options{})
			l.on("do "+step, returns(errA))
			_, receipt, err := l.execute(sequence(local(l.compensable("reserve")), local(l.pivot("pivot"))))
			require.ErrorIs(t, err, errA)
			require.NotErrorIs(t, err, saga.ErrUndecided)
			_, err = l.journal.Load(t.Context(), receipt.ID)
			require.ErrorIs(t, err, saga.ErrNotFound)
			require.NotEmpty(t, receipt.ID)
			require.NotContains(t, l.took(), "undo reserve")
		})
	}
}

func TestLocalRetriableFaultInBeginIsRetried(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("do after", returns(errA))
	_, receipt, err := l.execute(sequence(local(l.pivot("pivot")), local(l.retriable("after"))))
	require.NoError(t, err)
	require.ErrorIs(t, receipt.Pending, errA)
	l.takes("do pivot", "do after", "do pivot")
	require.Equal(t, saga.Committed, l.until(l.r, receipt.ID).Phase)
	l.takes("do after")
}

// TestLocalPivotFault: the rollback takes the pivot back, not the outcomes of
// the stage before it.
func TestLocalPivotFault(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("do pivot", func(context.Context, *order) error { return errA })
	_, receipt, err := l.execute(l.register())
	require.ErrorIs(t, err, errA)
	calls := l.took()
	require.Equal(t, "undo reserve", calls[len(calls)-1], "the last to be undone")
	require.Equal(t, []string{"do a", "do b", "do pivot", "do reserve", "undo a", "undo b", "undo reserve"}, sorted(calls))
	rec := l.load(receipt.ID)
	require.Equal(t, saga.Aborted, rec.Phase, "nothing was of unknown effect: no settling")
	require.Equal(t, "pivot: fault a", rec.Reason)
	require.Equal(t, saga.RefusedStep, rec.Steps["pivot"])
	require.Equal(t, saga.Undone, rec.Steps["a"])
	require.Equal(t, saga.Undone, rec.Steps["reserve"])
	require.Equal(t, 4, l.counted(), "begin, what was rolled back, the turn, the end")
}

// TestLocalUndoFault in the very transaction that turns back keeps the cause.
func TestLocalUndoFault(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("do pivot", returns(errA))
	l.on("undo x", returns(errB))
	_, receipt, err := l.execute(sequence(l.compensable("a"), local(l.compensable("x")), local(l.pivot("pivot"))))
	require.ErrorIs(t, err, errA)
	rec := l.load(receipt.ID)
	require.Equal(t, saga.Unwinding, rec.Phase)
	require.Equal(t, map[string]saga.StepStatus{"a": saga.Done, "x": saga.Done, "pivot": saga.RefusedStep}, rec.Steps)
	require.Equal(t, 1, rec.Attempts)
	l.took()
	require.Equal(t, saga.Aborted, l.until(l.r, receipt.ID).Phase)
	l.takes("undo x", "undo a", "undo a")
}

func TestRefusedStepIsNotUndone(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("do b", returns(fmt.Errorf("no: %w", saga.Refused(errA))))
	_, receipt, err := l.execute(l.simple())
	require.ErrorIs(t, err, errA)
	l.takes("do a", "do b", "undo a")
	require.Equal(t, saga.Aborted, l.load(receipt.ID).Phase)
	require.Equal(t, []string{
		"began", "started a", "done a", "started b", "refused b", "unwinding b", "undone a", "aborted",
	}, l.events(receipt.ID))
}

func TestUnwindingGoesBackwards(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("do pivot", returns(saga.Refused(errA)))
	_, _, err := l.execute(l.simple())
	require.ErrorIs(t, err, errA)
	l.takes("do a", "do b", "do pivot", "undo b", "undo a")
}

func TestFirstFaultInStepOrderIsAnswered(t *testing.T) {
	l := newLab(t, saga.Options{})
	bFailed := make(chan struct{})
	l.on("do a", func(context.Context, *order) error {
		<-bFailed
		return saga.Refused(errA)
	})
	l.on("do b", func(context.Context, *order) error {
		close(bFailed)
		return saga.Refused(errB)
	})
	_, receipt, err := l.execute(l.register())
	require.ErrorIs(t, err, errA)
	require.NotErrorIs(t, err, errB)
	require.Equal(t, "a: fault a", l.load(receipt.ID).Reason)
}

// TestUnknownEffect covers what leaves an effect unknown: each is undone at
// once, and once more when the settle time has passed.
func TestUnknownEffect(t *testing.T) {
	faults := map[string]action{
		"an error":     returns(errA),
		"a panic":      func(context.Context, *order) error { panic(secret) },
		"a nil map":    func(_ context.Context, o *order) error { o.Notes["x"] = 1; return nil },
		"the time-out": hangs,
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, saga.Options{})
			d := l.simple()
			d.Stages[1][0].Timeout = 1
			l.on("do b", fault)
			_, receipt, err := l.execute(d)
			require.Error(t, err)
			require.NotErrorIs(t, err, saga.ErrUndecided)
			l.takes("do a", "do b", "undo b", "undo a")
			rec := l.load(receipt.ID)
			require.Equal(t, saga.Settling, rec.Phase)
			require.Equal(t, saga.UndoneUnsettled, rec.Steps["b"])
			require.Equal(t, saga.Undone, rec.Steps["a"])
			require.Equal(t, l.clock.Now().Add(30e9), rec.Due)
			require.Empty(t, rec.Owner)

			l.clock.Advance(30e9 - 1)
			require.Zero(t, l.tick(l.r), "not yet")
			l.clock.Advance(1)
			require.Equal(t, 1, l.tick(l.r))
			l.takes("undo b")
			require.Equal(t, saga.Aborted, l.load(receipt.ID).Phase)
			require.NotContains(t, l.logs.String(), secret)
			l.events(receipt.ID)
		})
	}
}

func TestPanicIsLoggedWithItsStack(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("do a", func(context.Context, *order) error { panic(errA) })
	_, receipt, err := l.execute(l.simple())
	require.ErrorContains(t, err, `step "a" panicked`)
	require.Contains(t, l.logs.String(), "execute_test.go")
	require.Contains(t, l.logs.String(), receipt.ID)
}

func TestLongestSettleTimeOfUnknownStepsCounts(t *testing.T) {
	l := newLab(t, saga.Options{})
	d := l.register()
	d.Stages[1][0].Settle, d.Stages[1][1].Settle = long, 2*long
	l.on("do a", returns(errA))
	l.on("do b", returns(saga.Refused(errB)))
	_, receipt, _ := l.execute(d)
	require.Equal(t, l.clock.Now().Add(long), l.load(receipt.ID).Due, "b certainly did nothing")
}

func TestStepWithoutUndoLeavesNothingBehind(t *testing.T) {
	l := newLab(t, saga.Options{})
	d := l.simple()
	d.Stages[1][0].Undo = nil
	l.on("do b", returns(errA))
	_, receipt, err := l.execute(d)
	require.ErrorIs(t, err, errA)
	l.takes("do a", "do b", "undo a")
	require.Equal(t, saga.Aborted, l.load(receipt.ID).Phase)
}

func TestPendingStepGoesOn(t *testing.T) {
	l := newLab(t, saga.Options{})
	d := saga.Sequence("flow", saga.One(l.pivot("pivot")),
		saga.Parallel(l.retriable("x"), l.retriable("y")), saga.One(l.retriable("z")))
	l.on("do y", returns(errA), returns(saga.Refused(errB)))
	_, receipt, err := l.execute(d)
	require.NoError(t, err)
	require.ErrorIs(t, receipt.Pending, errA)
	require.Equal(t, []string{"do pivot", "do x", "do y"}, sorted(l.took()))
	rec := l.load(receipt.ID)
	require.Equal(t, saga.Completing, rec.Phase)
	require.Equal(t, 1, rec.Attempts)
	require.Equal(t, l.clock.Now().Add(250e6), rec.Due, "half of Backoff by the jitter")

	l.clock.Reach(rec.Due)
	l.tick(l.r)
	l.takes("do y")
	require.Equal(t, 2, l.load(receipt.ID).Attempts)
	require.Equal(t, saga.Committed, l.until(l.r, receipt.ID).Phase)
	l.takes("do y", "do z")
}

// TestMixedStage: the detached one of a stage is not waited for.
func TestMixedStage(t *testing.T) {
	l := newLab(t, saga.Options{})
	release := make(chan struct{})
	l.on("do slow", func(context.Context, *order) error { <-release; return nil })
	d := saga.Sequence("flow", saga.One(l.pivot("pivot")), saga.Parallel(detached(l.retriable("slow")), l.retriable("quick")))
	_, receipt, err := l.execute(d)
	require.NoError(t, err)
	require.Equal(t, saga.Done, l.load(receipt.ID).Steps["quick"])
	close(release)
	l.drain(l.r)
	require.Equal(t, saga.Committed, l.load(receipt.ID).Phase)
}

func TestStateThatDoesNotEncode(t *testing.T) {
	type bad struct{ C chan int }
	r := saga.NewRunner(sagatest.NewJournal(), saga.Options{Logger: slog.New(slog.DiscardHandler)})
	do := func(context.Context, *bad) error { return nil }
	f, err := saga.Bind(r, saga.Sequence("bad", saga.One(saga.Step[bad]{Name: "p", Kind: saga.Pivot, Do: do})))
	require.NoError(t, err)
	_, _, err = f.Execute(t.Context(), "", bad{C: make(chan int)})
	require.ErrorContains(t, err, "does not encode")
}

// TestStepSpoilsTheState: what a step learnt and cannot be kept is as good as a
// lost reply.
func TestStepSpoilsTheState(t *testing.T) {
	type odd struct{ V any }
	spoil := func(_ context.Context, s *odd) error { s.V = func() {}; return nil }
	fine := func(context.Context, *odd) error { return nil }
	for _, inJournal := range []bool{false, true} {
		undone := 0
		r := saga.NewRunner(sagatest.NewJournal(), saga.Options{Logger: slog.New(slog.DiscardHandler)})
		f, err := saga.Bind(r, saga.Sequence("odd",
			saga.One(saga.Step[odd]{Name: "a", Kind: saga.Compensable, Do: fine, Undo: func(context.Context, *odd) error {
				undone++
				return nil
			}}),
			saga.One(saga.Step[odd]{Name: "b", Kind: saga.Compensable, Local: inJournal, Do: spoil}),
			saga.One(saga.Step[odd]{Name: "c", Kind: saga.Compensable, Do: fine}),
			saga.One(saga.Step[odd]{Name: "p", Kind: saga.Pivot, Do: fine})))
		require.NoError(t, err)
		_, _, err = f.Execute(t.Context(), "", odd{})
		require.ErrorContains(t, err, "does not encode")
		require.Equal(t, 1, undone)
	}
}

func TestBind(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.bind(l.r, l.simple())
	_, err := saga.Bind(l.r, l.simple())
	require.ErrorContains(t, err, "bound already")
	_, err = saga.Bind(l.r, saga.Definition[order]{})
	require.ErrorContains(t, err, "flow without a name")
	require.ErrorContains(t, err, "no pivot")
}

func TestRefused(t *testing.T) {
	require.NoError(t, saga.Refused(nil))
	require.False(t, saga.IsRefused(errA))
	err := fmt.Errorf("outer: %w", saga.Refused(errA))
	require.True(t, saga.IsRefused(err))
	require.ErrorIs(t, err, errA)
	require.Equal(t, "outer: fault a", err.Error())
	require.False(t, saga.IsRefused(errors.Join(errA, errB)))
}
