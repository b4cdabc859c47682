package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Flow is a definition bound to a Runner, ready to execute. It is safe for
// concurrent use.
type Flow[S any] struct {
	r *Runner
	f *flow
}

// flow is a Flow without its type: states are values of *S.
type flow struct {
	name      string
	exclusive bool
	also      func(state any) []string
	shape     shape
	steps     map[string]boundStep
	decode    func([]byte) (any, error)
}

type boundStep struct {
	do, undo func(ctx context.Context, state any) error
	timeout  time.Duration
}

// Bind makes a definition known to a Runner, for Execute and for recovery. It
// returns the faults of the definition, and an error for a name that is bound
// already. Bind every flow before Run: a claimed saga whose flow is not bound
// becomes stuck.
func Bind[S any](r *Runner, d Definition[S]) (*Flow[S], error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	f := &flow{
		name: d.Name, exclusive: d.Exclusive, also: func(any) []string { return nil }, shape: shapeOf(d, r.o.Settle),
		steps: map[string]boundStep{}, decode: decodeInto[S],
	}
	if d.Also != nil {
		f.also = func(state any) []string { return d.Also(state.(*S)) }
	}
	for _, stage := range d.Stages {
		for _, s := range stage {
			b := boundStep{do: erase(s.Do), undo: erase(s.Undo), timeout: s.Timeout}
			orDefault(&b.timeout, r.o.StepTimeout)
			f.steps[s.Name] = b
		}
	}
	if !r.bind(f) {
		return nil, fmt.Errorf("saga: flow %q is bound already", d.Name)
	}
	return &Flow[S]{r: r, f: f}, nil
}

func erase[S any](a Action[S]) func(context.Context, any) error {
	return func(ctx context.Context, state any) error { return a(ctx, state.(*S)) }
}

var (
	errDecode = errors.New("saga: the state in the journal does not decode")
	errEncode = errors.New("saga: the state does not encode")
)

// decodeInto leaves the decoder's own words out of its error: they can quote
// the state.
func decodeInto[S any](data []byte) (any, error) {
	s := new(S)
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%w: %T", errDecode, err)
	}
	return s, nil
}

func encode(state any) ([]byte, error) {
	data, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("%w: %T", errEncode, err)
	}
	return data, nil
}
