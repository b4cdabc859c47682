package saga_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

var person = saga.Origin{Actor: "26030112000001", Channel: "infinite", Request: "r-1"}

// TestDecidedOnce: every saga that began has one outcome, told when it is
// decided, whoever decides it.
func TestDecidedOnce(t *testing.T) {
	committed := told{saga.EventCommitted, "", nil, person, saga.Completing}
	aborted := told{saga.EventAborted, "", errA, person, saga.Unwinding}
	for name, test := range map[string]struct {
		script func(l *lab)
		want   told
	}{
		"it goes well":               {func(*lab) {}, committed},
		"a step after it fails":      {func(l *lab) { l.on("do end", returns(errB), returns(errB)) }, committed},
		"a step refuses":             {func(l *lab) { l.on("do b", returns(saga.Refused(errA))) }, aborted},
		"a step fails":               {func(l *lab) { l.on("do b", returns(errA)) }, aborted},
		"so does its undo":           {func(l *lab) { l.on("do b", returns(errA)); l.on("undo b", returns(errB), returns(errB)) }, aborted},
		"the pivot refuses":          {func(l *lab) { l.on("do pivot", returns(saga.Refused(errA))) }, aborted},
		"the pivot is unknown first": {func(l *lab) { l.on("do pivot", returns(errA), returns(errB)) }, committed},
	} {
		t.Run(name, func(t *testing.T) {
			g := &ledger{}
			l := newLab(t, saga.Options{Decided: g.decided, Answer: 50 * time.Millisecond})
			test.script(l)
			ctx := saga.WithOrigin(t.Context(), person)
			_, receipt, _ := l.bind(l.r, l.simple()).Execute(ctx, "subject", order{Secret: secret})
			l.drain(l.r)
			two := l.second(saga.Options{Decided: g.decided}, l.simple())
			require.False(t, l.until(two, receipt.ID).Stuck)
			require.Len(t, g.told, 1)
			require.ErrorIs(t, g.told[0].cause, test.want.cause)
			require.Equal(t, test.want.event, g.told[0].event)
			require.Equal(t, person, g.told[0].by)
			require.Equal(t, person, l.load(receipt.ID).Origin)
		})
	}
}

// TestDecidedByTheNextRunner, for a saga that another one left behind.
func TestDecidedByTheNextRunner(t *testing.T) {
	type steps = map[string]saga.StepStatus
	for name, test := range map[string]struct {
		phase saga.Phase
		steps steps
		want  []told
	}{
		"before the pivot": {saga.Running, steps{"a": saga.Done}, []told{{event: saga.EventAborted, cause: saga.ErrInterrupted}}},
		"at the pivot":     {saga.Running, steps{"a": saga.Done, "b": saga.Done, "pivot": saga.Started}, []told{{event: saga.EventCommitted}}},
		"turned back":      {saga.Unwinding, steps{"a": saga.Done}, nil},
		"decided":          {saga.Completing, steps{"a": saga.Done, "b": saga.Done, "pivot": saga.Done}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := &ledger{}
			l := newLab(t, saga.Options{Decided: g.decided})
			l.bind(l.r, l.simple())
			l.until(l.r, l.put(test.phase, test.steps))
			for i := range g.told {
				g.told[i].phase = ""
			}
			require.Equal(t, test.want, g.told)
		})
	}
}

// TestNothingIsDecidedUntold: a saga whose outcome cannot be told stays
// undecided, and is told when that is possible again.
func TestNothingIsDecidedUntold(t *testing.T) {
	for name, script := range map[string]func(l *lab){
		"committed": func(*lab) {}, "aborted": func(l *lab) { l.on("do b", returns(saga.Refused(errA))) },
	} {
		t.Run(name, func(t *testing.T) {
			g := &ledger{fault: errors.New("no place to write")}
			l := newLab(t, saga.Options{Decided: g.decided, Answer: 200 * time.Millisecond, Backoff: time.Millisecond})
			script(l)
			_, receipt, err := l.execute(l.simple())
			require.ErrorIs(t, err, saga.ErrUndecided)
			l.drain(l.r)
			rec := l.load(receipt.ID)
			require.Equal(t, saga.Running, rec.Phase)
			require.NotEqual(t, saga.Done, rec.Steps["pivot"])
			g.fault = nil
			two := l.second(saga.Options{Decided: g.decided}, l.simple())
			l.clock.Advance(time.Minute)
			require.Equal(t, saga.Phase(name), l.until(two, receipt.ID).Phase)
			require.Len(t, g.told, 1)
			require.Equal(t, saga.Event(name), g.told[0].event)
		})
	}
}

func TestOriginsAddUp(t *testing.T) {
	ctx := saga.WithOrigin(t.Context(), saga.Origin{Channel: "infinite", Request: "r-1"})
	ctx = saga.WithOrigin(ctx, saga.Origin{Actor: "26030112000001"})
	require.Equal(t, person, saga.OriginOf(ctx))
	require.Equal(t, "operator", saga.OriginOf(saga.WithOrigin(ctx, saga.Origin{Actor: "operator"})).Actor)
	require.Zero(t, saga.OriginOf(t.Context()))
}

// TestLogLinesNameSagaAndRequest, those of recovery too.
func TestLogLinesNameSagaAndRequest(t *testing.T) {
	l := newLab(t, saga.Options{})
	l.on("do b", returns(errA))
	l.on("undo b", returns(errB))
	_, receipt, err := l.bind(l.r, l.simple()).Execute(saga.WithOrigin(t.Context(), person), "subject", order{Secret: secret})
	require.ErrorIs(t, err, errA)
	l.drain(l.r)
	two := l.second(saga.Options{}, l.simple())
	l.until(two, receipt.ID)
	lines := l.logs.lines()
	require.NotEmpty(t, lines)
	for _, line := range lines {
		require.Contains(t, line, "saga="+receipt.ID)
		require.Contains(t, line, "request=r-1")
	}
}
