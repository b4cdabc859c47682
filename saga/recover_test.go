package saga_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

// TestTakeOver: what a runner left behind, what the next one does at once, and
// what becomes of the saga.
func TestTakeOver(t *testing.T) {
	type steps = map[string]saga.StepStatus
	tests := map[string]struct {
		phase saga.Phase
		steps steps
		calls []string
		after saga.Phase
		then  []string
	}{
		"running, nothing started": {saga.Running, nil, nil, saga.Aborted, nil},
		"running, a step started": {
			saga.Running,
			steps{"a": saga.Done, "b": saga.Started},
			[]string{"undo b", "undo a"},
			saga.Settling,
			[]string{"undo b"},
		},
		"running, all done but the pivot": {
			saga.Running,
			steps{"a": saga.Done, "b": saga.Done},
			[]string{"undo b", "undo a"},
			saga.Aborted, nil,
		},
		"running, the pivot started": {
			saga.Running,
			steps{"a": saga.Done, "b": saga.Done, "pivot": saga.Started},
			[]string{"do pivot", "do end"},
			saga.Committed, nil,
		},
		"completing, the pivot unknown": {
			saga.Completing,
			steps{"a": saga.Done, "b": saga.Done, "pivot": saga.Unknown},
			[]string{"do pivot", "do end"},
			saga.Committed, nil,
		},
		"completing, a step started": {
			saga.Completing,
			steps{"a": saga.Done, "b": saga.Done, "pivot": saga.Done, "end": saga.Started},
			[]string{"do end"},
			saga.Committed, nil,
		},
		"unwinding": {
			saga.Unwinding,
			steps{"a": saga.Unknown, "b": saga.Undone},
			[]string{"undo a"},
			saga.Settling,
			[]string{"undo a"},
		},
		"unwinding, nothing owed": {saga.Unwinding, steps{"a": saga.RefusedStep}, nil, saga.Aborted, nil},
		"settling": {
			saga.Settling,
			steps{"a": saga.UndoneUnsettled, "b": saga.UndoneUnsettled},
			[]string{"undo b", "undo a"},
			saga.Settling,
			[]string{"undo b", "undo a"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, saga.Options{})
			l.bind(l.r, l.simple())
			id := l.put(test.phase, test.steps)
			require.Equal(t, 1, l.tick(l.r))
			require.Equal(t, test.calls, l.took())
			require.Equal(t, test.after, l.load(id).Phase)
			if test.then != nil {
				l.clock.Reach(l.load(id).Due)
				require.Equal(t, 1, l.tick(l.r))
				l.takes(test.then...)
			}
			require.True(t, l.load(id).Phase.Ended())
			require.Empty(t, l.load(id).State)
			require.Equal(t, "taken-over", l.events(id)[0])
			require.Zero(t, l.tick(l.r))
		})
	}
}

// TestUnfitSagasGetStuck: never lost, never a panic.
func TestUnfitSagasGetStuck(t *testing.T) {
	tests := map[string]struct {
		steps  map[string]saga.StepStatus
		flow   func(l *lab) saga.Definition[order]
		reason string
	}{
		"unbound": {nil, func(l *lab) saga.Definition[order] {
			d := l.simple()
			d.Name = "another"
			return d
		}, "not bound"},
		"strange step": {
			map[string]saga.StepStatus{"a": saga.Done, "gone": saga.Done},
			func(l *lab) saga.Definition[order] { return l.simple() }, "gone",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, saga.Options{})
			l.bind(l.r, test.flow(l))
			id := l.put(saga.Running, test.steps)
			require.Equal(t, 1, l.tick(l.r))
			requireStuck(l, id, test.reason)
			require.Equal(t, saga.Running, l.load(id).Phase)
			require.Empty(t, l.took())
		})
	}
	t.Run("state does not decode", func(t *testing.T) {
		l := newLab(t, saga.Options{})
		do := func(context.Context, *int) error { return nil }
		_, err := saga.Bind(l.r, saga.Sequence("flow", saga.One(saga.Step[int]{Name: "p", Kind: saga.Pivot, Do: do})))
		require.NoError(t, err)
		id := l.put(saga.Running, nil)
		require.Equal(t, 1, l.tick(l.r))
		requireStuck(l, id, "does not decode")
	})
}

func requireStuck(l *lab, id, reason string) {
	l.t.Helper()
	rec := l.load(id)
	require.True(l.t, rec.Stuck)
	require.Contains(l.t, rec.Reason, reason)
	require.True(l.t, rec.Due.IsZero())
	require.Empty(l.t, rec.Owner)
	require.NotEmpty(l.t, rec.State, "an operator may still let it go on")
	require.Contains(l.t, l.logs.String(), "level=ERROR")
	require.NotContains(l.t, l.logs.String(), secret)
	events := l.events(id)
	require.Equal(l.t, "stuck", events[len(events)-1])
	l.clock.Advance(24 * time.Hour)
	require.Zero(l.t, l.tick(l.r), "it waits for an operator")
}

func TestUndoIsRetriedWithBackoffThenStuck(t *testing.T) {
	l := newLab(t, saga.Options{MaxAttempts: 5, Backoff: 2 * time.Second, MaxBackoff: 10 * time.Second})
	l.on("do b", returns(saga.Refused(errA)))
	for range 5 {
		l.on("undo a", returns(errB))
	}
	_, receipt, err := l.execute(l.simple())
	require.ErrorIs(t, err, errA)
	// The jitter is a half throughout.
	for i, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second} {
		rec := l.load(receipt.ID)
		require.Equal(t, saga.Unwinding, rec.Phase)
		require.Equal(t, i+1, rec.Attempts)
		require.Equal(t, pause, rec.Due.Sub(l.clock.Now()))
		require.Empty(t, rec.Owner)
		l.clock.Reach(rec.Due)
		require.Equal(t, 1, l.tick(l.r))
	}
	requireStuck(l, receipt.ID, "fault b")
	l.takes("do a", "do b", "undo a", "undo a", "undo a", "undo a", "undo a")
}

// TestFewerAttemptsThanWereMade stops a saga whose causes are known from its
// history alone, so that its reason does not blame its runners.
func TestFewerAttemptsThanWereMade(t *testing.T) {
	l := newLab(t, saga.Options{MaxAttempts: 5})
	l.on("do pivot", returns(saga.Refused(errA)))
	l.on("undo b", returns(errB), returns(errB), returns(errB))
	_, receipt, err := l.execute(l.simple())
	require.ErrorIs(t, err, errA)
	for range 2 {
		l.clock.Advance(10 * time.Minute)
		l.tick(l.r)
	}
	l.drain(l.r)
	rec := l.until(l.second(saga.Options{MaxAttempts: 3}, l.simple()), receipt.ID)
	require.True(t, rec.Stuck)
	require.Contains(t, rec.Reason, "each failed, or its runner went away")
}

func TestProgressRestoresPatience(t *testing.T) {
	l := newLab(t, saga.Options{MaxAttempts: 3})
	l.on("do pivot", returns(saga.Refused(errA)))
	l.on("undo b", returns(errB), returns(errB))
	l.on("undo a", returns(errB), returns(errB))
	_, receipt, err := l.execute(l.simple())
	require.ErrorIs(t, err, errA)
	require.Equal(t, saga.Aborted, l.until(l.r, receipt.ID).Phase, "four failed passes, never three in a row")
}

// TestLaterRefusalOfAnAmbiguousPivot does not lead back: the first try may have
// taken effect.
func TestLaterRefusalOfAnAmbiguousPivot(t *testing.T) {
	l := newLab(t, saga.Options{MaxAttempts: 4})
	ctx, leave := context.WithCancel(t.Context())
	l.on("do pivot", func(context.Context, *order) error { leave(); return errA })
	for range 3 {
		l.on("do pivot", returns(saga.Refused(errB)))
	}
	_, receipt, err := l.bind(l.r, l.simple()).Execute(ctx, "subject", order{})
	require.ErrorIs(t, err, saga.ErrUndecided)
	two := l.second(saga.Options{MaxAttempts: 4}, l.simple())
	l.drain(l.r)
	rec := l.until(two, receipt.ID)
	require.True(t, rec.Stuck)
	require.Equal(t, saga.Completing, rec.Phase)
	require.Contains(t, rec.Reason, "fault b")
	l.takes("do a", "do b", "do pivot", "do pivot", "do pivot", "do pivot")
}

// TestFailedSettleLookIsRepeated, and looked at once more: what it did is unknown.
func TestFailedSettleLookIsRepeated(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("do a", returns(errA))
	l.on("undo a", nil, returns(errB))
	_, receipt, err := l.execute(l.simple())
	require.ErrorIs(t, err, errA)
	l.clock.Advance(30 * time.Second)
	l.tick(l.r)
	rec := l.load(receipt.ID)
	require.Equal(t, saga.Unwinding, rec.Phase)
	require.Equal(t, saga.Unknown, rec.Steps["a"])
	require.Equal(t, saga.Aborted, l.until(l.r, receipt.ID).Phase)
	l.takes("do a", "undo a", "undo a", "undo a", "undo a")
}

func TestTickRunsAtMostConcurrencyAtOnce(t *testing.T) {
	l := newLab(t, saga.Options{Concurrency: 3})
	l.bind(l.r, l.simple())
	for i := range 7 {
		rec := saga.Record{
			ID: fmt.Sprint(i), Flow: "flow", Phase: saga.Unwinding, Epoch: 1, Due: l.clock.Now(),
			State: []byte("{}"), Steps: map[string]saga.StepStatus{"a": saga.Done},
		}
		require.NoError(t, l.journal.Begin(t.Context(), func(context.Context) (saga.Write, error) {
			return saga.Write{Record: rec}, nil
		}))
	}
	claimed := []int{l.tick(l.r), l.tick(l.r), l.tick(l.r), l.tick(l.r)}
	require.Equal(t, []int{3, 3, 1, 0}, claimed)
	require.Len(t, l.took(), 7)
}

// TestMarksComeFirstAfterATakeOver too.
func TestMarksComeFirstAfterATakeOver(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.bind(l.r, l.simple())
	id := l.put(saga.Completing, map[string]saga.StepStatus{"a": saga.Done, "b": saga.Done, "pivot": saga.Done})
	l.on("do end", func(context.Context, *order) error {
		require.Equal(t, saga.Started, l.load(id).Steps["end"])
		return nil
	})
	l.tick(l.r)
	l.takes("do end")
	require.Equal(t, []string{"taken-over", "started end", "done end", "committed"}, l.events(id))
}

func TestLocalUndosShareTheLastTransaction(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("undo y", returns(errB))
	d := sequence(local(l.compensable("x")), local(l.compensable("y")), l.pivot("pivot"))
	l.on("do pivot", returns(saga.Refused(errA)))
	_, receipt, err := l.execute(d)
	require.ErrorIs(t, err, errA)
	require.Equal(t, 1, l.load(receipt.ID).Attempts, "the local undo failed, and was recorded")
	l.took()
	before := l.counted()
	l.clock.Reach(l.load(receipt.ID).Due)
	l.tick(l.r)
	l.takes("undo y", "undo x")
	require.Equal(t, 1, l.counted()-before)
	require.Equal(t, saga.Aborted, l.load(receipt.ID).Phase)
}

// A saga that ends each process which works on it is stuck at last, and ends no
// more of them.
func TestTakeOversCountAsAttempts(t *testing.T) {
	const most = 3
	l := newLab(t, saga.Options{MaxAttempts: most})
	id := l.put(saga.Completing, map[string]saga.StepStatus{"a": saga.Done, "b": saga.Done, "pivot": saga.Done, "end": saga.Started})
	for range most - 1 { // each dies without another write
		_, err := l.journal.Claim(t.Context(), "dying", l.now(), l.now().Add(time.Second), 1)
		require.NoError(t, err)
		l.clock.Advance(time.Second)
	}
	l.bind(l.r, l.simple())
	l.tick(l.r)
	l.takes()
	rec := l.load(id)
	require.True(t, rec.Stuck)
	require.Contains(t, rec.Reason, "went away")
	require.Equal(t, saga.Completing, rec.Phase)
}

// A step that takes many tries, each of which does a part, is never stuck.
func TestPartialProgressRestoresPatience(t *testing.T) {
	l := newLab(t, saga.Options{MaxAttempts: 3})
	for range 10 {
		l.on("do end", returns(saga.Progressed(errB)))
	}
	l.on("do end", returns(errB))
	_, receipt, err := l.execute(l.simple())
	require.NoError(t, err)
	require.ErrorIs(t, receipt.Pending, errB)
	require.Equal(t, saga.Committed, l.until(l.r, receipt.ID).Phase)
}

func TestProgressedIsKnownByItsWrappers(t *testing.T) {
	require.NoError(t, saga.Progressed(nil))
	require.False(t, saga.HasProgressed(errA))
	require.True(t, saga.HasProgressed(fmt.Errorf("wrapped: %w", saga.Progressed(errA))))
	require.ErrorIs(t, saga.Progressed(errA), errA)
}

func TestBeginDoesNotWaitForTheOutcome(t *testing.T) {
	l := newLab(t, saga.Options{})
	release := make(chan struct{})
	l.on("do a", func(context.Context, *order) error {
		<-release
		return nil
	})
	receipt, err := l.bind(l.r, l.simple()).Begin(t.Context(), "subject", order{Secret: secret})
	require.NoError(t, err)
	require.Equal(t, saga.Running, l.load(receipt.ID).Phase)
	close(release)
	l.drain(l.r)
	require.Equal(t, saga.Committed, l.load(receipt.ID).Phase)
}

// reversing is a flow whose last step opens what "shut" closes.
func (l *lab) reversing() saga.Definition[order] {
	open := l.retriable("open")
	open.Reverses = true
	d := sequence(l.pivot("pivot"), l.retriable("shut"), open)
	d.Exclusive = true
	return d
}

// A request to shut that comes late finds the door open; it is opened once more.
func TestWhatReversesIsDoneOnceMore(t *testing.T) {
	l := newLab(t, saga.Options{MaxAttempts: 3})
	l.on("do shut", returns(errA))
	_, receipt, err := l.execute(l.reversing())
	require.NoError(t, err)
	l.drain(l.r)
	two := l.second(saga.Options{MaxAttempts: 3}, l.reversing())
	for l.load(receipt.ID).Phase != saga.Lingering {
		l.clock.Reach(l.load(receipt.ID).Due)
		l.tick(two)
	}
	l.on("do open", returns(errB))
	require.Equal(t, saga.Committed, l.until(two, receipt.ID).Phase)
	require.Equal(t, []string{
		"began", "started pivot", "pivot pivot", "started shut", "unknown shut", "parked", "done shut", "started open", "done open", "settling",
		"unknown open", "parked", "done open", "settling", "done open", "committed",
	}, l.events(receipt.ID))

	again := newLab(t, saga.Options{})
	_, receipt, err = again.execute(again.reversing())
	require.NoError(t, err)
	require.Equal(t, saga.Committed, again.load(receipt.ID).Phase, "nothing can come late")
}
