package saga_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

func TestValidate(t *testing.T) {
	do := func(context.Context, *int) error { return nil }
	step := func(name string, kind saga.Kind) saga.Step[int] {
		return saga.Step[int]{Name: name, Kind: kind, Do: do}
	}
	a, p, r := step("a", saga.Compensable), step("p", saga.Pivot), step("r", saga.Retriable)
	one := saga.One[int]
	require.NoError(t, saga.Sequence("flow", one(a), one(p), saga.Parallel(r, step("s", saga.Retriable))).Validate())

	with := func(s saga.Step[int], change func(*saga.Step[int])) saga.Step[int] { change(&s); return s }
	faults := map[string][]saga.Stage[int]{
		"no pivot":                     {one(a)},
		"lacks a name or Do":           {one(a), one(p), one(saga.Step[int]{Name: "x", Kind: saga.Retriable})},
		"has no kind":                  {one(p), one(step("x", 9))},
		"is there twice":               {one(a), one(a), one(p)},
		`"b" of flow "flow" is out of`: {one(p), one(step("b", saga.Compensable))},
		`"q" of flow "flow" is out of`: {one(p), one(step("q", saga.Pivot))},
		`"r" of flow "flow" is out of`: {one(r), one(a)},
		"has an Undo":                  {one(with(p, func(s *saga.Step[int]) { s.Undo = do }))},
		"local or a pivot":             {saga.Parallel(a, with(step("l", saga.Compensable), func(s *saga.Step[int]) { s.Local = true })), one(p)},
		"must stand alone":             {saga.Parallel(a, p)},
		"is detached":                  {one(with(a, func(s *saga.Step[int]) { s.Detached = true })), one(p)},
	}
	for text, stages := range faults {
		require.ErrorContains(t, saga.Sequence("flow", stages...).Validate(), text)
	}
	reversing := func(s saga.Step[int]) saga.Step[int] { s.Reverses = true; return s }
	sound := saga.Sequence("flow", one(p), one(reversing(r)))
	require.ErrorContains(t, sound.Validate(), "reverses another one")
	sound.Exclusive = true
	require.NoError(t, sound.Validate())
	for _, s := range []saga.Step[int]{reversing(a), with(reversing(r), func(s *saga.Step[int]) { s.Local = true })} {
		unsound := saga.Sequence("flow", one(s), one(p))
		if s.Kind == saga.Retriable {
			unsound = saga.Sequence("flow", one(p), one(s))
		}
		unsound.Exclusive = true
		require.ErrorContains(t, unsound.Validate(), "reverses another one")
	}
	also := saga.Sequence("flow", one(p))
	also.Also = func(*int) []string { return nil }
	require.ErrorContains(t, also.Validate(), "is not exclusive")
	err := saga.Sequence("", one(with(a, func(s *saga.Step[int]) { s.Do = nil }))).Validate()
	for _, text := range []string{"without a name", "lacks", "no pivot"} {
		require.ErrorContains(t, err, text, "all faults are told at once")
	}
}
