package saga

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// The functions of this file are the transitions by an operator's hand, pure
// like those of rules.go. An error says why a move is not a legal one.

// ErrNotAllowed says that a saga is not in a state for what an operator wants;
// the text that goes with it says why.
var ErrNotAllowed = errors.New("saga: not allowed")

// ErrResolved is the cause of an outcome that an operator decided.
var ErrResolved = errors.New("saga: resolved by an operator")

func notAllowed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotAllowed, fmt.Sprintf(format, args...))
}

// idle says why a saga is not one to move: it has ended, or is being run.
func idle(r Record, now time.Time) error {
	switch {
	case r.Phase.Ended():
		return notAllowed("it has ended: %s", r.Phase)
	case r.Owner != "" && r.Due.After(now):
		return notAllowed("it is being run right now")
	}
	return nil
}

// blocked says why a saga is not one that cannot go on by itself.
func blocked(r Record, now time.Time) error {
	if err := idle(r, now); err != nil {
		return err
	}
	if !r.Stuck && r.Attempts == 0 {
		return notAllowed("nothing blocks it: it goes on by itself")
	}
	return nil
}

// retried lets a saga go on at once. What waits for late effects has to: looking
// for them earlier would miss them.
func retried(r Record, now time.Time, reason string) (change, error) {
	if err := idle(r, now); err != nil {
		return change{}, err
	}
	waits := r.Phase == Settling || r.Phase == Lingering
	if waits && !r.Stuck && r.Attempts == 0 && r.Due.After(now) {
		return change{}, notAllowed("it waits until no late effect of what was given up can come; it goes on by itself")
	}
	return noted(goesOn(r, now), EventRetried, "", reason), nil
}

// goesOn makes a saga due, with all its patience.
func goesOn(r Record, now time.Time) Record {
	r.Owner, r.Due, r.Attempts, r.Stuck = "", now, 0, false
	return r
}

// skipped takes a step that blocks a saga as done or undone.
func skipped(sh shape, r Record, step string, now time.Time, reason string) (change, error) {
	if err := blocked(r, now); err != nil {
		return change{}, err
	}
	if sh == nil {
		return change{}, notAllowed("this version of the program does not know its flow %q", r.Flow)
	}
	s, known := sh.find(step)
	switch {
	case !known:
		return change{}, notAllowed("its flow has no step %q", step)
	case s.kind == Pivot:
		return change{}, notAllowed("%q decides whether the saga took place: resolve the saga instead", step)
	case r.Phase == Running:
		return change{}, notAllowed("it turns back when it goes on: retry it, or resolve it")
	}
	m := next(sh, r)
	if !slices.ContainsFunc(m.steps, func(s stepShape) bool { return s.name == step }) {
		return change{}, notAllowed("%q is not what blocks it%s", step, blockers(m))
	}
	status := Done
	if m.undo {
		status = Undone
	}
	return noted(with(goesOn(r, now), step, status), EventSkipped, step, reason), nil
}

// blockers names what blocks a saga.
func blockers(m move) string {
	text := ""
	for i, s := range m.steps {
		text += map[bool]string{true: ": it is ", false: " or "}[i == 0] + fmt.Sprintf("%q", s.name)
	}
	return text
}

// resolved ends a blocked saga in that phase.
func resolved(sh shape, r Record, to Phase, now time.Time, reason string) (change, error) {
	if err := blocked(r, now); err != nil {
		return change{}, err
	}
	mayCommit, mayAbort := endings(sh, r)
	switch {
	case !to.Ended():
		return change{}, notAllowed("a saga ends as %s or %s", Committed, Aborted)
	case to == Committed && !mayCommit:
		return change{}, notAllowed("it is decided that it did not take place: it can only end as %s", Aborted)
	case to == Aborted && !mayAbort:
		return change{}, notAllowed("it took place, and its answer may have been given: it can only end as %s", Committed)
	}
	c := noted(r, EventResolved, "", reason)
	end := enter(sh, r, to)
	end.rec.Reason = ErrResolved.Error()
	return change{rec: end.rec, entries: append(c.entries, end.entries...)}, nil
}

// endings tells how a saga may still end. Without its flow nobody knows whether
// the pivot was tried.
func endings(sh shape, r Record) (mayCommit, mayAbort bool) {
	switch {
	case unwound(r):
		return false, true
	case r.Phase == Lingering:
		return true, false
	case sh == nil:
		return true, true
	}
	pivot := r.Steps[sh.pivot().name]
	return pivot != "" && pivot != RefusedStep, pivot != Done
}

// noted makes a change of one entry that tells why.
func noted(r Record, event Event, step, reason string) change {
	return change{rec: r, entries: []Entry{{Event: event, Step: step, Cause: reason}}}
}
