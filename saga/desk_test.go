package saga_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
	"accord/saga/sagatest"
)

var operator = saga.Origin{Actor: "operator", Channel: "cli"}

// told is what a runner's Decided hook was told: the event, the step, the cause
// and who.
type told struct {
	event saga.Event
	step  string
	cause error
	by    saga.Origin
	phase saga.Phase
}

// ledger keeps what was decided; what a transaction rolled back it forgets.
type ledger struct {
	told  []told
	fault error
}

func (g *ledger) decided(ctx context.Context, r saga.Record, o saga.Outcome) error {
	if g.fault != nil {
		return g.fault
	}
	had := len(g.told)
	g.told = append(g.told, told{o.Event, o.Step, o.Cause, o.By, r.Phase})
	sagatest.Rollback(ctx, func() { g.told = g.told[:had] })
	return nil
}

// newDesk makes a lab whose saga "left" is blocked as told, and the desk over it.
func newDesk(t *testing.T, g *ledger, change func(*saga.Record)) (*lab, *saga.Desk) {
	t.Helper()
	l := newLab(t, saga.Options{Decided: g.decided})
	l.bind(l.r, l.simple())
	rec := saga.Record{
		ID: "left", Flow: "flow", Subject: "subject", Exclusive: true, Phase: saga.Unwinding,
		Origin: saga.Origin{Actor: "somebody"}, Steps: map[string]saga.StepStatus{"a": saga.Done, "b": saga.Unknown},
		State: []byte(`{"Secret":"` + secret + `"}`), Epoch: 3, Stuck: true, Attempts: 20, Reason: "b: fault",
		CreatedAt: l.now(), UpdatedAt: l.now(),
	}
	change(&rec)
	archive := l.journal.Journal.(*sagatest.Journal)
	require.NoError(t, archive.Begin(t.Context(), func(context.Context) (saga.Write, error) {
		return saga.Write{Record: rec}, nil
	}))
	return l, l.r.Desk(archive)
}

func completing(pivot saga.StepStatus) func(*saga.Record) {
	return func(r *saga.Record) {
		r.Phase, r.Steps = saga.Completing, map[string]saga.StepStatus{"a": saga.Done, "b": saga.Done, "pivot": pivot}
	}
}

func same(*saga.Record) {}

func TestRetryGoesOn(t *testing.T) {
	g := &ledger{}
	l, desk := newDesk(t, g, same)
	require.Zero(t, l.tick(l.r), "a stuck saga waits")
	rec, err := desk.Retry(saga.WithOrigin(t.Context(), operator), "left", "Gitea is back")
	require.NoError(t, err)
	require.False(t, rec.Stuck)
	require.Zero(t, rec.Attempts)
	require.Equal(t, []told{{saga.EventRetried, "", nil, operator, saga.Unwinding}}, g.told)
	require.Equal(t, 1, l.tick(l.r))
	l.takes("undo b", "undo a")
	require.Equal(t, saga.Aborted, l.until(l.r, "left").Phase)
	entries, err := l.journal.Entries(t.Context(), "left")
	require.NoError(t, err)
	require.Equal(t, saga.EventRetried, entries[0].Event)
	require.Equal(t, "operator by cli: Gitea is back", entries[0].Cause)
	require.Equal(t, int64(4), entries[0].Epoch)
}

func TestSkipTakesAStepAsUndone(t *testing.T) {
	g := &ledger{}
	l, desk := newDesk(t, g, same)
	rec, err := desk.Skip(saga.WithOrigin(t.Context(), operator), "left", "b", "removed by hand")
	require.NoError(t, err)
	require.Equal(t, saga.Undone, rec.Steps["b"])
	require.Equal(t, []told{{saga.EventSkipped, "b", nil, operator, saga.Unwinding}}, g.told)
	require.Equal(t, saga.Aborted, l.until(l.r, "left").Phase)
	l.takes("undo a", "undo a") // the second time for what a runner before may have sent
}

func TestSkipTakesAStepAsDone(t *testing.T) {
	l, desk := newDesk(t, &ledger{}, completing(saga.Done))
	_, err := desk.Skip(t.Context(), "left", "end", "done by hand")
	require.NoError(t, err)
	require.Equal(t, saga.Committed, l.until(l.r, "left").Phase)
	l.takes()
}

// TestResolve: how a blocked saga can be ended, and what that decides.
func TestResolve(t *testing.T) {
	outcome := func(event saga.Event, cause error, phase saga.Phase) told {
		return told{event, "", cause, saga.Origin{Actor: "somebody"}, phase}
	}
	running := func(pivot saga.StepStatus) func(*saga.Record) {
		return func(r *saga.Record) {
			completing(pivot)(r)
			r.Phase = saga.Running
			if pivot == "" {
				delete(r.Steps, "pivot")
			}
		}
	}
	unbound := func(phase saga.Phase) func(*saga.Record) {
		return func(r *saga.Record) { r.Flow, r.Phase = "gone", phase }
	}
	for name, test := range map[string]struct {
		rec     func(*saga.Record)
		to      saga.Phase
		refused string
		decides []told
	}{
		"unwinding, aborted":    {same, saga.Aborted, "", nil},
		"unwinding, committed":  {same, saga.Committed, "did not take place", nil},
		"completing, committed": {completing(saga.Done), saga.Committed, "", nil},
		"completing, aborted":   {completing(saga.Done), saga.Aborted, "took place", nil},
		"pivot unknown, committed": {
			completing(saga.Unknown), saga.Committed, "",
			[]told{outcome(saga.EventCommitted, nil, saga.Committed)},
		},
		"pivot unknown, aborted": {
			completing(saga.Unknown), saga.Aborted, "",
			[]told{outcome(saga.EventAborted, saga.ErrResolved, saga.Aborted)},
		},
		"running, aborted":              {running(""), saga.Aborted, "", []told{outcome(saga.EventAborted, saga.ErrResolved, saga.Aborted)}},
		"running, committed":            {running(""), saga.Committed, "did not take place", nil},
		"running at pivot":              {running(saga.Started), saga.Committed, "", []told{outcome(saga.EventCommitted, nil, saga.Committed)}},
		"unknown flow":                  {unbound(saga.Completing), saga.Committed, "", []told{outcome(saga.EventCommitted, nil, saga.Committed)}},
		"unknown flow, turned back":     {unbound(saga.Settling), saga.Committed, "did not take place", nil},
		"no end":                        {same, saga.Settling, "ends as", nil},
		"parked after a failure":        {func(r *saga.Record) { r.Stuck, r.Attempts, r.Due = false, 1, r.CreatedAt.Add(time.Hour) }, saga.Aborted, "", nil},
		"parked without one":            {func(r *saga.Record) { r.Stuck, r.Attempts = false, 0 }, saga.Aborted, "nothing blocks it", nil},
		"being run":                     {func(r *saga.Record) { r.Stuck, r.Owner, r.Due = false, "one", r.CreatedAt.Add(time.Second) }, saga.Aborted, "being run", nil},
		"left by a runner that is gone": {func(r *saga.Record) { r.Stuck, r.Owner, r.Due = false, "one", r.CreatedAt }, saga.Aborted, "", nil},
		"ended":                         {func(r *saga.Record) { r.Phase = saga.Aborted }, saga.Aborted, "has ended", nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := &ledger{}
			l, desk := newDesk(t, g, test.rec)
			before := l.load("left")
			_, err := desk.Resolve(saga.WithOrigin(t.Context(), operator), "left", test.to, "looked at all three")
			if test.refused != "" {
				require.ErrorIs(t, err, saga.ErrNotAllowed)
				require.ErrorContains(t, err, test.refused)
				require.Equal(t, before, l.load("left"))
				require.Empty(t, g.told)
				return
			}
			require.NoError(t, err)
			rec := l.load("left")
			require.Equal(t, test.to, rec.Phase)
			require.Empty(t, rec.State)
			require.False(t, rec.Stuck)
			require.Equal(t, saga.ErrResolved.Error(), rec.Reason)
			require.Equal(t, []string{"resolved", string(test.to)}, l.events("left"))
			require.Equal(t, append(test.decides, told{saga.EventResolved, "", nil, operator, test.to}), g.told)
			l.takes()
			require.NoError(t, l.journal.Begin(t.Context(), func(context.Context) (saga.Write, error) {
				return saga.Write{Record: saga.Record{ID: "next", Flow: "flow", Subject: "subject", Exclusive: true, Phase: saga.Running}}, nil
			}), "the subject is free")
		})
	}
}

func TestWhatCannotBeSkipped(t *testing.T) {
	for name, test := range map[string]struct {
		rec           func(*saga.Record)
		step, refused string
	}{
		"the pivot":               {completing(saga.Unknown), "pivot", "resolve the saga instead"},
		"a step that is not next": {same, "a", `it is "b"`},
		"a step of no flow":       {same, "c", "no step"},
		"nothing blocks":          {func(r *saga.Record) { r.Stuck, r.Attempts = false, 0 }, "b", "nothing blocks it"},
		"before it turned back":   {func(r *saga.Record) { r.Phase = saga.Running }, "b", "turns back"},
		"an unknown flow":         {func(r *saga.Record) { r.Flow = "gone" }, "b", "does not know its flow"},
		"being run":               {func(r *saga.Record) { r.Stuck, r.Owner, r.Due = false, "one", r.CreatedAt.Add(time.Second) }, "b", "being run"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &ledger{}
			l, desk := newDesk(t, g, test.rec)
			before := l.load("left")
			_, err := desk.Skip(t.Context(), "left", test.step, "reason")
			require.ErrorIs(t, err, saga.ErrNotAllowed)
			require.ErrorContains(t, err, test.refused)
			require.Equal(t, before, l.load("left"))
			require.Empty(t, g.told)
		})
	}
}

// TestRetryDoesNotShortenTheSettleTime: late effects would be missed.
func TestRetryDoesNotShortenTheSettleTime(t *testing.T) {
	_, desk := newDesk(t, &ledger{}, func(r *saga.Record) {
		r.Phase, r.Stuck, r.Attempts, r.Due = saga.Settling, false, 0, r.CreatedAt.Add(time.Second)
	})
	_, err := desk.Retry(t.Context(), "left", "")
	require.ErrorIs(t, err, saga.ErrNotAllowed)
	require.ErrorContains(t, err, "late effect")
	l, desk := newDesk(t, &ledger{}, func(r *saga.Record) { r.Phase = saga.Settling })
	_, err = desk.Retry(t.Context(), "left", "")
	require.NoError(t, err)
	require.Equal(t, 1, l.tick(l.r))
}

func TestReasonsAreDemandedAndBounded(t *testing.T) {
	_, desk := newDesk(t, &ledger{}, same)
	for _, reason := range []string{"", " \n", strings.Repeat("长", saga.MaxReason+1)} {
		_, err := desk.Skip(t.Context(), "left", "b", reason)
		require.ErrorIs(t, err, saga.ErrNotAllowed, "%.10q", reason)
		_, err = desk.Resolve(t.Context(), "left", saga.Aborted, reason)
		require.ErrorIs(t, err, saga.ErrNotAllowed, "%.10q", reason)
	}
	_, err := desk.Retry(t.Context(), "nobody", "")
	require.ErrorIs(t, err, saga.ErrNotFound)
}

// TestAMoveThatIsNotToldIsNotMade in any of them.
func TestAMoveThatIsNotToldIsNotMade(t *testing.T) {
	g := &ledger{fault: errors.New("no place to write")}
	l, desk := newDesk(t, g, same)
	before := l.load("left")
	for _, move := range []func() error{
		func() error { _, err := desk.Retry(t.Context(), "left", ""); return err },
		func() error { _, err := desk.Skip(t.Context(), "left", "b", "r"); return err },
		func() error { _, err := desk.Resolve(t.Context(), "left", saga.Aborted, "r"); return err },
	} {
		require.ErrorIs(t, move(), g.fault)
		require.Equal(t, before, l.load("left"))
	}
}
