package saga

import (
	"maps"
	"slices"
	"time"
)

// stepShape is what the rules need to know of a step.
type stepShape struct {
	name     string
	kind     Kind
	local    bool
	hasUndo  bool
	detached bool
	reverses bool
	settle   time.Duration
}

// shape is a definition without its functions: the stages the rules work on.
type shape [][]stepShape

// shapeOf leaves the functions out. The detached steps of a mixed stage become
// a stage of their own after the others, so that nobody waits for them.
func shapeOf[S any](d Definition[S], settle time.Duration) shape {
	var sh shape
	for _, stage := range d.Stages {
		var waited, detached []stepShape
		for _, s := range stage {
			one := stepShape{
				name: s.Name, kind: s.Kind, local: s.Local, hasUndo: s.Undo != nil,
				detached: s.Detached, reverses: s.Reverses, settle: s.Settle,
			}
			orDefault(&one.settle, settle)
			if one.detached {
				detached = append(detached, one)
			} else {
				waited = append(waited, one)
			}
		}
		for _, part := range [][]stepShape{waited, detached} {
			if len(part) > 0 {
				sh = append(sh, part)
			}
		}
	}
	return sh
}

// find returns the step of that name.
func (sh shape) find(name string) (stepShape, bool) {
	for _, stage := range sh {
		for _, s := range stage {
			if s.name == name {
				return s, true
			}
		}
	}
	return stepShape{}, false
}

// pivot returns the point of no return.
func (sh shape) pivot() stepShape {
	for _, stage := range sh {
		if stage[0].kind == Pivot {
			return stage[0]
		}
	}
	return stepShape{}
}

// stranger returns a step that the record knows and the definition does not.
func (sh shape) stranger(r Record) (string, bool) {
	for _, name := range slices.Sorted(maps.Keys(r.Steps)) {
		if _, ok := sh.find(name); !ok {
			return name, true
		}
	}
	return "", false
}

// meaningless returns what of a record no version of these rules has written: a
// phase or the status of a step. Guessing at it could leave something half-done.
func meaningless(r Record) (string, bool) {
	switch r.Phase {
	case Running, Unwinding, Settling, Completing, Lingering, Committed, Aborted:
	default:
		return "its phase", true
	}
	for _, name := range slices.Sorted(maps.Keys(r.Steps)) {
		switch r.Steps[name] {
		case Started, Done, DoneUnsettled, RefusedStep, Unknown, Undone, UndoneUnsettled:
		default:
			return "the status of its step " + name, true
		}
	}
	return "", false
}
