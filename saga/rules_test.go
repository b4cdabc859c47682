package saga

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testShape is [local] (a ‖ b) [pivot] (after ‖ detached).
var testShape = shape{
	{{name: "local", kind: Compensable, local: true, hasUndo: true}},
	{{name: "a", kind: Compensable, hasUndo: true, settle: time.Second}, {name: "b", kind: Compensable, hasUndo: true, settle: time.Minute}},
	{{name: "pivot", kind: Pivot}},
	{{name: "after", kind: Retriable}, {name: "detached", kind: Retriable, detached: true}},
}

type statuses = map[string]StepStatus

func names(steps []stepShape) []string {
	var all []string
	for _, s := range steps {
		all = append(all, s.name)
	}
	return all
}

func TestNext(t *testing.T) {
	tests := map[string]struct {
		phase Phase
		steps statuses
		want  []string
		undo  bool
		enter Phase
	}{
		"nothing yet":               {phase: Running, want: []string{"local"}},
		"a stage together":          {phase: Running, steps: statuses{"local": Done}, want: []string{"a", "b"}},
		"the rest of a stage":       {phase: Running, steps: statuses{"local": Done, "a": Done, "b": Started}, want: []string{"b"}},
		"the pivot":                 {phase: Running, steps: statuses{"local": Done, "a": Done, "b": Done}, want: []string{"pivot"}},
		"an ambiguous pivot again":  {phase: Completing, steps: statuses{"local": Done, "a": Done, "b": Done, "pivot": Unknown}, want: []string{"pivot"}},
		"what is after it":          {phase: Completing, steps: statuses{"local": Done, "a": Done, "b": Done, "pivot": Done, "after": RefusedStep}, want: []string{"after", "detached"}},
		"all done":                  {phase: Completing, steps: statuses{"local": Done, "a": Done, "b": Done, "pivot": Done, "after": Done, "detached": Done}, enter: Committed},
		"back from the last stage":  {phase: Unwinding, steps: statuses{"local": Done, "a": Done, "b": Unknown, "pivot": RefusedStep}, want: []string{"a", "b"}, undo: true},
		"a started one too":         {phase: Unwinding, steps: statuses{"local": Done, "a": Started, "b": RefusedStep}, want: []string{"a"}, undo: true},
		"back to the first stage":   {phase: Unwinding, steps: statuses{"local": Done, "a": Undone, "b": UndoneUnsettled}, want: []string{"local"}, undo: true},
		"unsettled":                 {phase: Unwinding, steps: statuses{"local": Undone, "a": Undone, "b": UndoneUnsettled}, enter: Settling},
		"settled from the start":    {phase: Unwinding, steps: statuses{"local": Undone, "a": Undone, "b": RefusedStep}, enter: Aborted},
		"look again":                {phase: Settling, steps: statuses{"local": Undone, "a": Undone, "b": UndoneUnsettled}, want: []string{"b"}, undo: true},
		"looked again":              {phase: Settling, steps: statuses{"local": Undone, "a": Undone, "b": Undone}, enter: Aborted},
		"done, unsettled":           {phase: Completing, steps: statuses{"local": Done, "a": Done, "b": DoneUnsettled, "pivot": Done, "after": Done, "detached": Done}, enter: Lingering},
		"lingered":                  {phase: Lingering, steps: statuses{"after": DoneUnsettled}, enter: Committed},
		"nothing after the end":     {phase: Committed},
		"nothing after the undoing": {phase: Aborted, steps: statuses{"a": Done}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := next(testShape, Record{Phase: test.phase, Steps: test.steps})
			require.Equal(t, test.want, names(m.steps))
			require.Equal(t, test.undo, m.undo)
			require.Equal(t, test.enter, m.enter)
		})
	}
}

func TestResolve(t *testing.T) {
	fault, refusal := errors.New("fault"), Refused(errors.New("no"))
	undo := func(name string, err error) outcome { return outcome{step: stepOf(name), undo: true, err: err} }
	do := func(name string, err error) outcome { return outcome{step: stepOf(name), err: err} }
	skip := func(o outcome) outcome { o.skipped = true; return o }
	tests := map[string]struct {
		phase   Phase
		status  StepStatus
		o       outcome
		want    Phase
		becomes StepStatus
		blocked bool
		events  []Event
	}{
		"done":                     {Running, Started, do("a", nil), Running, Done, false, []Event{EventDone}},
		"refused":                  {Running, Started, do("a", refusal), Unwinding, RefusedStep, false, []Event{EventRefused, EventUnwinding}},
		"unknown":                  {Running, Started, do("a", fault), Unwinding, Unknown, false, []Event{EventUnknown, EventUnwinding}},
		"a local fault is refusal": {Running, "", do("local", fault), Unwinding, RefusedStep, false, []Event{EventRefused, EventUnwinding}},
		"a mate's fault":           {Unwinding, Started, do("b", fault), Unwinding, Unknown, false, []Event{EventUnknown}},
		"a mate's success":         {Unwinding, Started, do("b", nil), Unwinding, Done, false, []Event{EventDone}},
		"pivot done":               {Running, Started, do("pivot", nil), Completing, Done, false, []Event{EventPivot}},
		"pivot refused":            {Running, Started, do("pivot", refusal), Unwinding, RefusedStep, false, []Event{EventRefused, EventUnwinding}},
		"pivot unknown":            {Running, Started, do("pivot", fault), Completing, Unknown, true, []Event{EventUnknown}},
		"pivot refused later":      {Completing, Unknown, do("pivot", refusal), Completing, Unknown, true, []Event{EventRefused}},
		"pivot unknown later":      {Completing, Unknown, do("pivot", fault), Completing, Unknown, true, []Event{EventUnknown}},
		"pivot done later":         {Completing, Unknown, do("pivot", nil), Completing, Done, false, []Event{EventPivot}},
		"retriable done":           {Completing, Started, do("after", nil), Completing, Done, false, []Event{EventDone}},
		"retriable refused":        {Completing, Started, do("after", refusal), Completing, RefusedStep, true, []Event{EventRefused}},
		"retriable unknown":        {Completing, Started, do("after", fault), Completing, Unknown, true, []Event{EventUnknown}},
		"undone":                   {Unwinding, Done, undo("a", nil), Unwinding, Undone, false, []Event{EventUndone}},
		"unknown, undone":          {Unwinding, Unknown, undo("a", nil), Unwinding, UndoneUnsettled, false, []Event{EventUndone}},
		"started, undone":          {Unwinding, Started, undo("a", nil), Unwinding, UndoneUnsettled, false, []Event{EventUndone}},
		"undone again":             {Settling, UndoneUnsettled, undo("a", nil), Settling, Undone, false, []Event{EventUndone}},
		"undo unknown":             {Unwinding, Done, undo("a", fault), Unwinding, Unknown, true, []Event{EventUndoFault}},
		"second undo unknown":      {Settling, UndoneUnsettled, undo("a", fault), Unwinding, Unknown, true, []Event{EventUndoFault}},
		"local undo failed":        {Unwinding, Done, undo("local", fault), Unwinding, Done, true, []Event{EventUndoFault}},
		"undo refused":             {Settling, UndoneUnsettled, undo("a", refusal), Settling, UndoneUnsettled, true, []Event{EventUndoFault}},
		"skipped before the pivot": {Running, Started, skip(do("a", refusal)), Unwinding, RefusedStep, false, []Event{EventRefused, EventUnwinding}},
		"skipped undo":             {Unwinding, Done, skip(undo("a", refusal)), Unwinding, Done, false, nil},
		"skipped after the pivot":  {Completing, Started, skip(do("after", refusal)), Completing, Started, false, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := Record{Phase: test.phase, Steps: statuses{test.o.step.name: test.status}, Attempts: 3}
			c := resolve(before, test.o)
			require.Equal(t, test.want, c.rec.Phase)
			require.Equal(t, test.becomes, c.rec.Steps[test.o.step.name])
			require.Equal(t, test.blocked, c.blocked)
			var events []Event
			for _, e := range c.entries {
				events = append(events, e.Event)
			}
			require.Equal(t, test.events, events)
			require.Equal(t, test.status, before.Steps[test.o.step.name], "the given record is not changed")
			turned := test.phase == Running && test.want == Unwinding
			require.Equal(t, test.o.err == nil || turned, c.rec.Attempts == 0, "progress restores patience")
		})
	}
}

// An exclusive saga remembers every request that may come late.
func TestResolveExclusive(t *testing.T) {
	refusal := Refused(errors.New("no"))
	tests := map[string]struct {
		phase   Phase
		status  StepStatus
		o       outcome
		want    Phase
		becomes StepStatus
	}{
		"pivot done later":      {Completing, Unknown, outcome{step: stepOf("pivot")}, Completing, DoneUnsettled},
		"retriable done":        {Completing, Started, outcome{step: stepOf("after")}, Completing, Done},
		"retriable done later":  {Completing, Unknown, outcome{step: stepOf("after")}, Completing, DoneUnsettled},
		"done after a refusal":  {Completing, RefusedStep, outcome{step: stepOf("after")}, Completing, Done},
		"refused after unknown": {Completing, Unknown, outcome{step: stepOf("after"), err: refusal}, Completing, Unknown},
		"undo refused":          {Unwinding, Done, outcome{step: stepOf("a"), undo: true, err: refusal}, Unwinding, Done},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := resolve(Record{Phase: test.phase, Exclusive: true, Steps: statuses{test.o.step.name: test.status}}, test.o)
			require.Equal(t, test.want, c.rec.Phase)
			require.Equal(t, test.becomes, c.rec.Steps[test.o.step.name])
		})
	}
}

func stepOf(name string) stepShape {
	s, _ := testShape.find(name)
	return s
}

func TestTakeOverRules(t *testing.T) {
	done := statuses{"local": Done, "a": Done, "b": Done}
	started := statuses{"local": Done, "a": Started, "b": Done}
	c := takeOver(testShape, Record{Phase: Running, Steps: started})
	require.Equal(t, Unwinding, c.rec.Phase)
	require.Equal(t, statuses{"local": Done, "a": Unknown, "b": Done}, c.rec.Steps)
	require.NotEmpty(t, c.rec.Reason)

	done["pivot"] = Started
	c = takeOver(testShape, Record{Phase: Running, Steps: done})
	require.Equal(t, Completing, c.rec.Phase)
	require.Equal(t, Unknown, c.rec.Steps["pivot"])

	for phase, want := range map[Phase]statuses{
		Unwinding:  {"local": Done, "a": Started, "b": Unknown},
		Settling:   started,
		Completing: {"local": Done, "a": Unknown, "b": Done},
		Lingering:  started,
	} {
		held := takeOver(testShape, Record{Phase: phase, Steps: started, Exclusive: true})
		require.Equal(t, want, held.rec.Steps, phase)
		require.Equal(t, phase, held.rec.Phase)
	}
	for _, phase := range []Phase{Settling, Completing} {
		r := Record{Phase: phase, Steps: started}
		require.Equal(t, change{rec: r}, takeOver(testShape, r))
	}
}

// Whatever a runner was undoing when it went away is of unknown effect, whoever
// holds the subject.
func TestTakeOverOfAnUndo(t *testing.T) {
	for _, exclusive := range []bool{false, true} {
		unwinding := Record{Phase: Unwinding, Exclusive: exclusive, Steps: statuses{"local": Done, "a": Done, "b": Undone}}
		c := takeOver(testShape, unwinding)
		require.Equal(t, statuses{"local": Done, "a": Unknown, "b": Undone}, c.rec.Steps)
		require.Equal(t, Unwinding, c.rec.Phase)

		settling := Record{Phase: Settling, Exclusive: exclusive, Steps: statuses{"local": Undone, "a": UndoneUnsettled, "b": Undone}}
		require.Equal(t, change{rec: settling}, takeOver(testShape, settling), "nobody has looked again yet")
		settling.Attempts = 1
		c = takeOver(testShape, settling)
		require.Equal(t, statuses{"local": Undone, "a": Unknown, "b": Undone}, c.rec.Steps)
		require.Equal(t, Unwinding, c.rec.Phase)
	}
}

func TestRetreat(t *testing.T) {
	now := time.Unix(1000, 0)
	p := patience{attempts: 6, backoff: 2 * time.Second, longest: 15 * time.Second}
	r := Record{Phase: Unwinding, Owner: "one", Due: now}
	for _, want := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 15 * time.Second} {
		full := retreat(r, errors.New("why"), p, now, 1)
		require.Equal(t, want, full.rec.Due.Sub(now))
		require.Equal(t, now, retreat(r, nil, p, now, 0).rec.Due)
		require.Empty(t, full.rec.Owner)
		require.Equal(t, []Entry{{Event: EventParked, Cause: "why"}}, full.entries)
		r = full.rec
	}
	stuck := retreat(r, errors.New("why"), p, now, 1)
	require.True(t, stuck.rec.Stuck)
	require.True(t, stuck.rec.Due.IsZero())
	require.Equal(t, "why", stuck.rec.Reason)
	require.Equal(t, Unwinding, stuck.rec.Phase)
}

func TestCauseTextIsBounded(t *testing.T) {
	long := causeText(errors.New(strings.Repeat("é", causeLimit)))
	require.LessOrEqual(t, len(long), causeLimit)
	require.True(t, strings.HasPrefix(strings.Repeat("é", causeLimit), long))
	require.Equal(t, "a?b", causeText(errors.New("a\xffb")))
	require.Empty(t, causeText(nil))
}

func TestDetachedStepsOfAStageComeAfterTheOthers(t *testing.T) {
	sh := shapeOf(Definition[int]{Stages: []Stage[int]{{
		{Name: "x", Detached: true}, {Name: "y"}, {Name: "z", Detached: true, Settle: 1},
	}, {}}}, time.Minute)
	require.Len(t, sh, 2)
	require.Equal(t, []string{"y"}, names(sh[0]))
	require.Equal(t, []string{"x", "z"}, names(sh[1]))
	require.Equal(t, time.Minute, sh[1][0].settle)
	require.Equal(t, time.Duration(1), sh[1][1].settle)
}
