package saga

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind says what a step may do to a saga's outcome.
type Kind uint8

const (
	// Compensable steps come before the pivot; each can be undone.
	Compensable Kind = iota + 1
	// Pivot is the point of no return: the first write that cannot be undone.
	Pivot
	// Retriable steps come after the pivot and are tried until they succeed.
	Retriable
)

// Action is one try of a step, or of its compensation, over the flow's typed state.
//
// It must end soon after ctx does. A returned error that wraps Refused promises
// that nothing was changed; any other error leaves the effect unknown. Actions
// of one stage run at the same time on the same state, so each writes only
// fields that no other step of its stage reads or writes.
type Action[S any] func(ctx context.Context, s *S) error

// Step is one named piece of a flow.
type Step[S any] struct {
	// Name is unique within the flow and stable across releases: the journal
	// finds a step by it after a restart.
	Name string
	Kind Kind
	// Do carries the step out. Pivots and retriable steps may be tried again
	// and must then be idempotent; a compensable Do is tried once.
	Do Action[S]
	// Undo compensates Do. It must be idempotent and treat "absent" as done. It
	// is nil for a step that leaves nothing behind, and for every step that is
	// not compensable.
	Undo Action[S]
	// Local steps write only to the journal's own database. They run inside the
	// journal's transaction, are recorded together with it, and hence are never
	// of unknown effect. They may run again when that transaction is retried.
	// A local step stands alone in its stage.
	Local bool
	// Timeout bounds one try of Do or Undo; zero means Options.StepTimeout.
	Timeout time.Duration
	// Settle is how long a request that was given up on may still take effect.
	// After an unknown Do the compensation runs once more when it has passed.
	// Zero means Options.Settle.
	Settle time.Duration
	// Detached retriable steps are not waited for by Execute.
	Detached bool
	// Reverses marks a retriable step of an exclusive flow that reverses an earlier
	// retriable one. Where a try of unknown effect came before, it is done once more
	// when that can no longer take effect: what comes late would have the last word.
	Reverses bool
}

// Stage is a set of steps with no order between them; they run together.
type Stage[S any] []Step[S]

// Definition is a flow: stages in order over one typed state. S must survive a
// round trip through encoding/json.
type Definition[S any] struct {
	// Name is unique within a Runner and stable across releases.
	Name   string
	Stages []Stage[S]
	// Exclusive flows hold their subject: one at a time per subject, the hold
	// lasting until the saga has ended. Others wait, then get ErrBusy.
	Exclusive bool
	// Also, optional, names further subjects that an exclusive flow holds, read
	// from the state that it begins with. All are taken at once, with its own, and
	// kept as long, so that flows which wait for one another never wait in a ring.
	Also func(s *S) []string
}

// Sequence makes a definition whose arguments are stages in order.
func Sequence[S any](name string, stages ...Stage[S]) Definition[S] {
	return Definition[S]{Name: name, Stages: stages}
}

// One is a stage of a single step.
func One[S any](s Step[S]) Stage[S] { return Stage[S]{s} }

// Parallel is a stage of several steps.
func Parallel[S any](steps ...Step[S]) Stage[S] { return steps }

// Validate reports every fault of the definition at once: missing or doubled
// names, no pivot or more than one, kinds out of order, a pivot or local step
// that shares its stage, an Undo where none belongs, further subjects of a flow
// that is not exclusive.
func (d Definition[S]) Validate() error {
	var faults []error
	if d.Name == "" {
		faults = append(faults, errors.New("saga: flow without a name"))
	}
	seen, last := map[string]bool{}, Compensable
	for _, stage := range d.Stages {
		for _, s := range stage {
			fault := s.fault(len(stage) == 1, last)
			if seen[s.Name] {
				fault = "is there twice"
			}
			if s.Reverses && (s.Kind != Retriable || s.Local || s.Detached || !d.Exclusive) {
				fault = "reverses another one but is local, detached, not retriable or in a flow that is not exclusive"
			}
			if fault != "" {
				faults = append(faults, fmt.Errorf("saga: step %q of flow %q %s", s.Name, d.Name, fault))
			}
			seen[s.Name], last = true, max(last, s.Kind)
		}
	}
	if d.Also != nil && !d.Exclusive {
		faults = append(faults, fmt.Errorf("saga: flow %q holds further subjects but is not exclusive", d.Name))
	}
	if last == Compensable {
		faults = append(faults, fmt.Errorf("saga: flow %q has no pivot", d.Name))
	}
	return errors.Join(faults...)
}

// fault says what is wrong with a step that follows one of kind last.
func (s Step[S]) fault(alone bool, last Kind) string {
	switch {
	case s.Name == "" || s.Do == nil:
		return "lacks a name or Do"
	case s.Kind < Compensable || s.Kind > Retriable:
		return "has no kind"
	case !follows(s.Kind, last):
		return "is out of order: compensable steps, one pivot, retriable steps"
	case s.Undo != nil && s.Kind != Compensable:
		return "has an Undo but is not compensable"
	case !alone && (s.Local || s.Kind == Pivot):
		return "is local or a pivot and must stand alone"
	case s.Detached && s.Kind != Retriable:
		return "is detached but not retriable"
	}
	return ""
}

// follows reports whether a step of that kind may come after one of kind last.
func follows(k, last Kind) bool {
	switch k {
	case Pivot:
		return last == Compensable
	case Retriable:
		return last != Compensable
	}
	return last == Compensable
}
