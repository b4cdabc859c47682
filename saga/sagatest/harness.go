package sagatest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

// World is a flow over a fresh set of systems. What it opened it closes by
// t.Cleanup.
type World[S any] struct {
	Definition saga.Definition[S]
	Journal    saga.Journal
	// Subject and State are what the flow is executed with.
	Subject string
	State   S
	// Decided, if any, is that of the runners; see saga.Options.
	Decided func(ctx context.Context, r saga.Record, o saga.Outcome) error
	// Check compares all systems when everything has settled: the flow's whole
	// effect is there where it committed, and nothing of it where it did not.
	Check func(t *testing.T, committed bool)
}

// FailEveryStep runs a flow again and again, each time in a world of its own
// and with one fault in it, lets recovery finish what is left, and checks the
// world. The faults: each step refuses; fails before its effect; loses the
// reply; hangs; arrives twice; takes effect only after its undo; the process
// dies after its effect; its undo fails at first, loses its reply, or dies; and
// each journal write fails, loses its reply, or dies before or after, on the
// way forward and on the way back. A restarted runner meets the same journal
// with a moved clock.
//
// The clock handed to open drives leases and due times; a world may use it too.
func FailEveryStep[S any](t *testing.T, open func(t *testing.T, clock *Clock) World[S]) {
	d := open(t, NewClock()).Definition
	require.NoError(t, d.Validate())
	t.Run("nothing fails", func(t *testing.T) { newTrial(t, open).finish(yes) })
	for _, stage := range d.Stages {
		for _, s := range stage {
			faults := faultsOf(s)
			for _, f := range slices.Sorted(maps.Keys(faults)) {
				t.Run(fmt.Sprintf("%s %s", s.Name, f), func(t *testing.T) {
					tr := newTrial(t, open)
					tr.fault(s, f)
					tr.finish(faults[f])
				})
			}
		}
	}
	for _, back := range []bool{false, true} {
		for _, how := range journalFaults() {
			eachWrite(t, open, how, back)
		}
	}
}

// verdict is what must come of a trial.
type verdict int

const (
	either verdict = iota
	yes
	no
)

// faultsOf tells what a step can suffer and what must come of it.
func faultsOf[S any](s saga.Step[S]) map[fault]verdict {
	faults := map[fault]verdict{refuse: no}
	if s.Kind == saga.Retriable {
		faults[refuse] = yes
	}
	if !s.Local {
		lost := yes
		if s.Kind == saga.Compensable {
			lost = no
		}
		faults[fail], faults[loseReply], faults[hang], faults[late] = lost, lost, lost, lost
		faults[die], faults[repeat] = lost, yes
	}
	if s.Undo != nil {
		faults[undoFail] = no
		if !s.Local {
			faults[undoLoseReply], faults[undoDie] = no, no
		}
	}
	return faults
}

func pivotOf[S any](d saga.Definition[S]) (pivot saga.Step[S]) {
	for _, stage := range d.Stages {
		for _, s := range stage {
			if s.Kind == saga.Pivot {
				pivot = s
			}
		}
	}
	return pivot
}

// trial is one run of a flow with one fault.
type trial[S any] struct {
	t       *testing.T
	clock   *Clock
	world   World[S]
	flow    *injected[S]
	journal *Interposed // as the first process sees it
	ctx     context.Context
}

func newTrial[S any](t *testing.T, open func(*testing.T, *Clock) World[S]) *trial[S] {
	clock := NewClock()
	tr := &trial[S]{t: t, clock: clock, world: open(t, clock)}
	ctx, end := context.WithCancel(t.Context())
	t.Cleanup(end)
	tr.ctx = ctx
	l := &life{end: end}
	tr.flow = inject(tr.world.Definition, "", none, l)
	tr.journal = &Interposed{Journal: tr.world.Journal, Before: func(Op) error { return l.alive() }}
	return tr
}

// patience is how long the client waits for a pivot that does not answer. The
// saga is the same with or without it.
const patience = 100 * time.Millisecond

// fault puts a fault into a step. An undo needs a saga that turns back.
func (tr *trial[S]) fault(s saga.Step[S], f fault) {
	switch f {
	case undoFail, undoLoseReply, undoDie:
		tr.turnBack()
	}
	if s.Kind == saga.Pivot {
		ctx, end := context.WithTimeout(tr.ctx, patience)
		tr.t.Cleanup(end)
		tr.ctx = ctx
	}
	tr.flow = inject(tr.flow.definition, s.Name, f, tr.flow.life)
}

// turnBack lets the pivot refuse. It returns what must come of it: a process
// that dies between a remote pivot's start and its refusal goes forward.
func (tr *trial[S]) turnBack() verdict {
	pivot := pivotOf(tr.world.Definition)
	tr.flow = inject(tr.flow.definition, pivot.Name, refuse, tr.flow.life)
	if pivot.Local {
		return no
	}
	return either
}

// finish executes the flow, lets a delayed request arrive, recovers what is
// left on another runner, and checks everything.
func (tr *trial[S]) finish(want verdict) {
	tr.t.Helper()
	one := tr.runner("one", tr.journal)
	flow, err := saga.Bind(one, tr.flow.mortal())
	require.NoError(tr.t, err)
	_, receipt, answer := flow.Execute(tr.ctx, tr.world.Subject, tr.world.State)
	stop, cancel := context.WithCancel(context.Background())
	cancel()
	if err := one.Run(stop); err != nil {
		require.True(tr.t, tr.flow.life.dead.Load(), "a living runner lets go of everything: %v", err)
	}
	_ = tr.flow.late() // its reply reaches nobody

	committed := tr.recover(receipt.ID)
	switch {
	case answer == nil:
		require.True(tr.t, committed, "success was answered")
	case !errors.Is(answer, saga.ErrUndecided):
		require.False(tr.t, committed, "failure was answered: %v", answer)
	}
	if want != either {
		require.Equal(tr.t, want == yes, committed, "committed; answered: %v", answer)
	}
	tr.world.Check(tr.t, committed)
}

// recover lets another runner finish the saga, the clock moving to each moment
// it waits for, and reports whether it was committed.
func (tr *trial[S]) recover(id string) bool {
	tr.t.Helper()
	two := tr.runner("two", tr.world.Journal)
	_, err := saga.Bind(two, tr.flow.definition)
	require.NoError(tr.t, err)
	ctx := tr.t.Context()
	for range 50 {
		rec, err := tr.world.Journal.Load(ctx, id)
		if errors.Is(err, saga.ErrNotFound) {
			return false
		}
		require.NoError(tr.t, err)
		require.False(tr.t, rec.Stuck, "stuck: %s", rec.Reason)
		if rec.Phase.Ended() {
			require.Empty(tr.t, rec.State, "an ended saga keeps no state")
			return rec.Phase == saga.Committed
		}
		tr.clock.Reach(rec.Due)
		_, err = two.Tick(ctx)
		require.NoError(tr.t, err)
	}
	require.Fail(tr.t, "the saga does not end")
	return false
}

func (tr *trial[S]) runner(owner string, j saga.Journal) *saga.Runner {
	return saga.NewRunner(j, saga.Options{
		Owner: owner, Decided: tr.world.Decided, Now: tr.clock.Now, Jitter: func() float64 { return 0.5 },
		Backoff: 10 * time.Millisecond, Poll: 10 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
}
