package saga

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// effect is what a step really left in the world.
type effect int

const (
	nothing effect = iota
	there
	onItsWay // a request that will be carried out later
	hidden   // an undo that was cut short: it seems to be gone, and comes back
)

// model walks a record through the rules, with a world beside it.
type model struct {
	*rapid.T
	sh    shape
	rec   Record
	world map[string]effect
	// owed are steps that reverse others, which late requests may have met.
	owed map[string]bool
	// late are steps of which a try may still take effect.
	late map[string]bool
	// calm tells that there are no more faults.
	calm bool
}

func drawShape(t *rapid.T) shape {
	var sh shape
	n := 0
	stage := func(kind Kind) {
		local := rapid.Bool().Draw(t, "local")
		width := 1
		if !local && kind != Pivot {
			width = rapid.IntRange(1, 3).Draw(t, "width")
		}
		var st []stepShape
		for range width {
			n++
			s := stepShape{name: fmt.Sprint("s", n), kind: kind, local: local, settle: time.Second}
			s.hasUndo = kind == Compensable
			s.reverses = kind == Retriable && !local && rapid.Bool().Draw(t, "reverses")
			st = append(st, s)
		}
		sh = append(sh, st)
	}
	for range rapid.IntRange(0, 3).Draw(t, "compensable") {
		stage(Compensable)
	}
	stage(Pivot)
	for range rapid.IntRange(0, 2).Draw(t, "retriable") {
		stage(Retriable)
	}
	return sh
}

// TestRulesProperty walks random flows through random outcomes and crashes. In
// the end everything or nothing is there, whatever arrived late.
func TestRulesProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{T: t, sh: drawShape(t), rec: Record{Phase: Running, State: []byte("{}"), Exclusive: rapid.Bool().Draw(t, "exclusive")}, world: map[string]effect{}, owed: map[string]bool{}, late: map[string]bool{}}
		for turn := range 300 {
			if m.rec.Phase.Ended() {
				m.judge()
				return
			}
			m.calm = turn >= 200 // the faults end, and so must the saga
			m.turn()
		}
		t.Fatalf("no end: %+v", m.rec)
	})
}

func (m *model) turn() {
	before := m.rec.Phase
	todo := next(m.sh, m.rec)
	switch {
	case len(todo.steps) == 0 && todo.enter == "":
		m.Fatalf("nothing to do in %+v", m.rec)
	case len(todo.steps) == 0:
		m.rec = enter(m.sh, m.rec, todo.enter).rec
		switch m.rec.Phase {
		case Settling:
			m.arrive()
		case Lingering:
			m.arrive()
			m.owe()
		}
	case todo.undo:
		m.undo(todo)
	default:
		m.do(todo)
	}
	if !legal[[2]Phase{before, m.rec.Phase}] && before != m.rec.Phase {
		m.Fatalf("from %s to %s", before, m.rec.Phase)
	}
}

// legal is the diagram in doc.go, and the turns that share a transaction.
var legal = map[[2]Phase]bool{
	{Running, Unwinding}: true, {Running, Completing}: true, {Unwinding, Settling}: true,
	{Unwinding, Aborted}: true, {Settling, Aborted}: true, {Completing, Committed}: true,
	{Settling, Unwinding}: true, {Completing, Lingering}: true, {Lingering, Committed}: true, {Lingering, Completing}: true,
}

// arrive lets delayed requests be carried out, and what is hidden be seen: all
// of it has come to light by the time the settle time has passed.
func (m *model) arrive() {
	clear(m.late)
	for _, name := range slices.Sorted(maps.Keys(m.world)) {
		if m.world[name] == onItsWay || m.world[name] == hidden {
			m.world[name] = there
		}
	}
}

// owe wants what reverses other steps once more.
func (m *model) owe() {
	for _, stage := range m.sh {
		for _, s := range stage {
			if s.reverses {
				m.owed[s.name] = true
			}
		}
	}
}

func (m *model) do(todo move) {
	local := todo.steps[0].local
	if !local {
		m.rec = mark(m.rec, todo.steps).rec
	}
	outcomes := make([]outcome, 0, len(todo.steps))
	for _, s := range todo.steps {
		if m.rec.Phase == Running && s.kind == Retriable {
			m.Fatalf("%s before the pivot", s.name)
		}
		outcomes = append(outcomes, m.try(s))
	}
	if !local && m.crashes() {
		m.rec.Attempts++ // as a claim has it
		m.rec = takeOver(m.sh, m.rec).rec
		return
	}
	for _, o := range outcomes {
		m.rec = resolve(m.rec, o).rec
	}
}

// crashes draws whether the runner goes away in the middle of this turn.
func (m *model) crashes() bool {
	return !m.calm && rapid.IntRange(0, 5).Draw(m.T, "crash") == 0
}

func (m *model) try(s stepShape) outcome {
	faults := []string{"done", "done", "done", "refused", "lost before", "lost after", "late"}
	switch {
	case m.calm:
		faults = faults[:1]
	case s.local:
		faults = faults[:4]
	}
	o := outcome{step: s}
	fault := rapid.SampledFrom(faults).Draw(m.T, s.name)
	switch fault {
	case "refused":
		o.err = Refused(errors.New(fault))
		return o
	case "lost before":
		o.err = errors.New(fault)
	case "late":
		o.err = errors.New(fault)
		m.late[s.name] = true
		if m.world[s.name] == nothing {
			m.world[s.name] = onItsWay
		}
	case "lost after":
		o.err = errors.New(fault)
		m.world[s.name] = there
	default:
		m.world[s.name] = there
		delete(m.owed, s.name)
	}
	return o
}

func (m *model) undo(todo move) {
	for _, s := range todo.steps {
		switch {
		case s.kind != Compensable:
			m.Fatalf("%s is undone", s.name)
		case m.rec.Steps[s.name] == RefusedStep:
			m.Fatalf("%s was refused and is undone", s.name)
		case !m.laterUndone(s.name):
			m.Fatalf("%s is undone before a later stage", s.name)
		}
	}
	outcomes := make([]outcome, 0, len(todo.steps))
	crash := !todo.steps[0].local && m.crashes()
	for _, s := range todo.steps {
		outcomes = append(outcomes, m.tryUndo(s, crash))
	}
	if crash {
		m.rec.Attempts++ // as a claim has it
		m.rec = takeOver(m.sh, m.rec).rec
		return
	}
	for _, o := range outcomes {
		m.rec = resolve(m.rec, o).rec
	}
}

// tryUndo undoes a step. An undo that fails, or whose runner is gone, has had its
// effect, none, or half of it. It never reaches a request that is still on its
// way, nor what is hidden.
func (m *model) tryUndo(s stepShape, crash bool) outcome {
	o := outcome{step: s, undo: true}
	if !m.calm && rapid.IntRange(0, 3).Draw(m.T, "undo") == 0 {
		o.err = errors.New("undo failed")
	}
	left := nothing
	if crash || o.err != nil && !s.local {
		left = rapid.SampledFrom([]effect{nothing, hidden, there}).Draw(m.T, "effect")
	}
	if s.local && o.err != nil { // it rolls back
		left = there
	}
	if m.world[s.name] == there {
		m.world[s.name] = left
	}
	return o
}

// laterUndone reports whether no stage after the step's still owes an undo.
func (m *model) laterUndone(name string) bool {
	for _, stage := range slices.Backward(m.sh) {
		if slices.ContainsFunc(stage, func(s stepShape) bool { return s.name == name }) {
			return true
		}
		if slices.ContainsFunc(stage, func(s stepShape) bool { return owesUndo(m.rec, s) }) {
			return false
		}
	}
	return false
}

func (m *model) judge() {
	if m.rec.Exclusive && m.rec.Phase == Committed && len(m.late) > 0 {
		m.Fatalf("the subject is free, and a try may still take effect: %v", m.late)
	}
	m.arrive()
	for _, stage := range m.sh {
		for _, s := range stage {
			want := nothing
			if m.rec.Phase == Committed {
				want = there
			}
			if m.world[s.name] != want {
				m.Fatalf("%s: %s has effect %d: %+v", m.rec.Phase, s.name, m.world[s.name], m.rec)
			}
		}
	}
	if len(m.owed) > 0 {
		m.Fatalf("what reverses others was not done once more: %v", m.owed)
	}
	if m.rec.State != nil || m.rec.Owner != "" || !m.rec.Due.IsZero() {
		m.Fatalf("an ended saga holds something: %+v", m.rec)
	}
}
