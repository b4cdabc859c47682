package saga

import (
	"errors"
	"maps"
	"strings"
	"time"
)

// The functions of this file are the whole state machine. They are pure: from
// a shape and a record they tell what to do next, and from a record and what
// happened they tell the record after it and the history to write. They never
// change the record they were given.

// move is what comes next: steps to do or to undo together, or, without steps,
// a phase to enter. The zero move is that of a saga that has ended.
type move struct {
	steps []stepShape
	undo  bool
	enter Phase
}

// next tells what a saga in this state needs.
func next(sh shape, r Record) move {
	switch r.Phase {
	case Running, Completing:
		for _, stage := range sh {
			if todo := pick(stage, func(s stepShape) bool { return !finished(r, s) }); len(todo) > 0 {
				return move{steps: todo}
			}
		}
		if settleTime(sh, r) > 0 {
			return move{enter: Lingering}
		}
		return move{enter: Committed}
	case Lingering:
		for _, stage := range sh {
			owes := func(s stepShape) bool { return s.reverses && r.Steps[s.name] != Done }
			if todo := pick(stage, owes); len(todo) > 0 {
				return move{steps: todo}
			}
		}
		return move{enter: Committed}
	case Unwinding, Settling:
		for i := range sh {
			owes := func(s stepShape) bool { return owesUndo(r, s) }
			if todo := pick(sh[len(sh)-1-i], owes); len(todo) > 0 {
				return move{steps: todo, undo: true}
			}
		}
		if r.Phase == Unwinding && settleTime(sh, r) > 0 {
			return move{enter: Settling}
		}
		return move{enter: Aborted}
	}
	return move{}
}

// owesUndo reports whether a step must be compensated in the present phase.
func owesUndo(r Record, s stepShape) bool {
	status := r.Steps[s.name]
	switch {
	case !s.hasUndo:
		return false
	case r.Phase == Settling && status == UndoneUnsettled:
		return true
	}
	return status == Started || status == Done || status == Unknown
}

// finished reports whether a step's Do succeeded.
func finished(r Record, s stepShape) bool {
	return r.Steps[s.name] == Done || r.Steps[s.name] == DoneUnsettled
}

func pick(stage []stepShape, wanted func(stepShape) bool) []stepShape {
	var picked []stepShape
	for _, s := range stage {
		if wanted(s) {
			picked = append(picked, s)
		}
	}
	return picked
}

// settleTime is how long late effects of what was undone, or done again, can
// still come.
func settleTime(sh shape, r Record) time.Duration {
	var longest time.Duration
	for _, stage := range sh {
		for _, s := range stage {
			if status := r.Steps[s.name]; status == UndoneUnsettled || status == DoneUnsettled {
				longest = max(longest, s.settle)
			}
		}
	}
	return longest
}

// outcome is how one try of a step, or of its compensation, ended. A skipped
// one was not even begun, and err says why.
type outcome struct {
	step    stepShape
	undo    bool
	skipped bool
	err     error
}

// change is what a transition leaves: the record after it and what its history
// says; blocked if this pass cannot go on.
type change struct {
	rec     Record
	entries []Entry
	blocked bool
}

// note makes a change of one entry.
func note(r Record, event Event, step string, cause error) change {
	return change{rec: r, entries: []Entry{{Event: event, Step: step, Cause: causeText(cause)}}}
}

// with returns r with the step in that status.
func with(r Record, step string, status StepStatus) Record {
	r.Steps = maps.Clone(r.Steps)
	if r.Steps == nil {
		r.Steps = map[string]StepStatus{}
	}
	r.Steps[step] = status
	return r
}

// mark records that steps are about to be done: those that were not tried before,
// and those of which no try can have taken effect.
func mark(r Record, steps []stepShape) change {
	c := change{rec: r}
	for _, s := range steps {
		if status := r.Steps[s.name]; status == "" || status == RefusedStep {
			c.rec = with(c.rec, s.name, Started)
			c.entries = append(c.entries, Entry{Event: EventStarted, Step: s.name})
		}
	}
	return c
}

// resolve is the transition by one outcome. A skipped one matters only before
// the pivot is decided: there the step is marked as started and certainly did
// nothing.
func resolve(r Record, o outcome) change {
	switch {
	case o.skipped && (o.undo || r.Phase != Running):
		return change{rec: r}
	case o.undo:
		return resolveUndo(r, o)
	case o.err == nil:
		return resolveDone(r, o.step)
	}
	status, event := Unknown, EventUnknown
	if o.step.local || IsRefused(o.err) {
		status, event = RefusedStep, EventRefused
	}
	decided := r.goesForward()
	if decided && (o.step.kind == Pivot || r.Steps[o.step.name] == Unknown) {
		// An earlier try may have taken effect, or may yet: no refusal of a later
		// one changes that.
		status = Unknown
	}
	c := note(with(r, o.step.name, status), event, o.step.name, o.err)
	switch {
	case decided:
		c.blocked, c.rec.Attempts = true, attemptsBefore(r, o.err)
	case o.step.kind == Pivot && status == Unknown:
		c.rec.Phase, c.blocked = Completing, true
	case r.Phase == Running:
		back := giveUp(c.rec, o.step.name, o.err)
		c.rec, c.entries = back.rec, append(c.entries, back.entries...)
	}
	return c
}

// goesForward reports whether the outcome is decided, and steps are tried until
// they succeed.
func (r Record) goesForward() bool { return r.Phase == Completing || r.Phase == Lingering }

// attemptsBefore is how many tries count beside the one that failed by err.
func attemptsBefore(r Record, err error) int {
	if HasProgressed(err) {
		return 0
	}
	return r.Attempts
}

func resolveDone(r Record, s stepShape) change {
	status := Done
	if r.Exclusive && r.Phase == Completing && r.Steps[s.name] == Unknown {
		status = DoneUnsettled
	}
	if r.Phase == Lingering && r.Steps[s.name] == Unknown { // it may take effect late in its turn
		status, r.Phase = DoneUnsettled, Completing
	}
	r = with(r, s.name, status)
	r.Attempts = 0
	if s.kind == Pivot {
		r.Phase = Completing
		return note(r, EventPivot, s.name, nil)
	}
	return note(r, EventDone, s.name, nil)
}

func resolveUndo(r Record, o outcome) change {
	before := r.Steps[o.step.name]
	if o.err != nil {
		if !o.step.local && !IsRefused(o.err) {
			// It may take effect late, or by half, so that the next one finds nothing
			// to undo.
			r = with(r, o.step.name, Unknown)
			r.Phase = Unwinding
		}
		c := note(r, EventUndoFault, o.step.name, o.err)
		c.blocked = true
		return c
	}
	status := Undone
	if !o.step.local && (before == Unknown || before == Started) {
		status = UndoneUnsettled
	}
	r = with(r, o.step.name, status)
	r.Attempts = 0
	return note(r, EventUndone, o.step.name, nil)
}

// giveUp turns a running saga back.
func giveUp(r Record, step string, cause error) change {
	r.Phase, r.Attempts, r.Reason = Unwinding, 0, causeText(cause)
	if step != "" {
		r.Reason = step + ": " + r.Reason
	}
	return note(r, EventUnwinding, step, cause)
}

// enter is the transition to a phase that next asked for. A saga that lingers owes
// the steps that reverse others once more.
func enter(sh shape, r Record, p Phase) change {
	r.Phase, r.Attempts = p, 0
	switch p {
	case Settling:
		return note(r, EventSettling, "", nil)
	case Lingering:
		for _, stage := range sh {
			for _, s := range pick(stage, func(s stepShape) bool { return s.reverses }) {
				r = with(r, s.name, DoneUnsettled)
			}
		}
		return note(r, EventSettling, "", nil)
	case Committed:
		r.Reason = ""
		return note(ended(r), EventCommitted, "", nil)
	}
	return note(ended(r), EventAborted, "", nil)
}

// ended frees what only a living saga has.
func ended(r Record) Record {
	r.State, r.Owner, r.Due, r.Stuck = nil, "", time.Time{}, false
	return r
}

var (
	errNoTriesLeft = errors.New("no tries are left: each failed, or its runner went away; the history has the causes")
	errOnItsWay    = errors.New("a request of the runner before may be on its way")
)

// takeOver is the transition of a saga that another runner left behind: before
// the pivot it turns back, and a pivot that was started goes forward. Whatever
// that runner may have been undoing is undone, and looked at again, by the next.
func takeOver(sh shape, r Record) change {
	c := change{rec: r}
	cause := ErrInterrupted
	if r.Phase != Running {
		cause = errOnItsWay
	}
	for _, stage := range sh {
		for _, s := range stage {
			if !underWay(r, s) {
				continue
			}
			c.rec = with(c.rec, s.name, Unknown)
			c.entries = append(c.entries, Entry{Event: EventUnknown, Step: s.name, Cause: cause.Error()})
		}
	}
	switch {
	case r.Phase == Settling && len(c.entries) > 0:
		c.rec.Phase = Unwinding
		return c
	case r.Phase != Running:
		return c
	case r.Steps[sh.pivot().name] == Started:
		c.rec.Phase = Completing
		return c
	}
	back := giveUp(c.rec, "", ErrInterrupted)
	return change{rec: back.rec, entries: append(c.entries, back.entries...)}
}

// underWay reports whether a request of the step, or of its compensation, may
// still be on its way from a runner that is gone. After the pivot that matters
// to those only who hold their subject: what comes late does no more than was
// done again.
func underWay(r Record, s stepShape) bool {
	status := r.Steps[s.name]
	switch r.Phase {
	case Running:
		return status == Started
	case Completing:
		return r.Exclusive && status == Started
	case Unwinding:
		return !s.local && s.hasUndo && status == Done
	case Lingering:
		return s.reverses && (status == Started || r.Attempts > 0 && status == DoneUnsettled)
	case Settling:
		// Without an attempt it was parked, and nobody has looked again yet.
		return r.Attempts > 0 && status == UndoneUnsettled
	}
	return false
}

// park lets go of the lease until due.
func park(r Record, due time.Time, cause error) change {
	r.Owner, r.Due = "", due
	return note(r, EventParked, "", cause)
}

// halt stops a saga for an operator to decide.
func halt(r Record, cause error) change {
	r.Owner, r.Due, r.Stuck, r.Reason = "", time.Time{}, true, causeText(cause)
	return note(r, EventStuck, "", cause)
}

// patience is how a blocked saga is tried again.
type patience struct {
	attempts         int
	backoff, longest time.Duration
}

// retreat ends a blocked pass: parked by exponential backoff with full jitter,
// or stuck where patience ends.
func retreat(r Record, cause error, p patience, now time.Time, jitter float64) change {
	r.Attempts++
	if r.Attempts >= p.attempts {
		return halt(r, cause)
	}
	pause := p.backoff
	for i := 1; i < r.Attempts && pause < p.longest; i++ {
		pause *= 2
	}
	return park(r, now.Add(time.Duration(jitter*float64(min(pause, p.longest)))), cause)
}

// committed reports whether the outcome is decided for good.
func committed(sh shape, r Record) bool {
	return r.Phase == Committed || r.Phase == Lingering || r.Phase == Completing && finished(r, sh.pivot())
}

// unwound reports whether the outcome is decided against.
func unwound(r Record) bool {
	return r.Phase == Unwinding || r.Phase == Settling || r.Phase == Aborted
}

// awaited counts the retriable steps that Execute waits for: those not done,
// and of these the ones that had no try yet.
func awaited(sh shape, r Record) (open, untried int) {
	if r.Phase == Committed {
		return 0, 0
	}
	for _, stage := range sh {
		for _, s := range stage {
			if s.kind != Retriable || s.detached || finished(r, s) {
				continue
			}
			open++
			if status := r.Steps[s.name]; status == "" || status == Started {
				untried++
			}
		}
	}
	return open, untried
}

// causeLimit bounds the text of an error in the journal, in bytes.
const causeLimit = 500

func causeText(err error) string {
	if err == nil {
		return ""
	}
	text := strings.ToValidUTF8(err.Error(), "?")
	if len(text) > causeLimit {
		text = strings.ToValidUTF8(text[:causeLimit], "")
	}
	return text
}
