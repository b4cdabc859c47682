package saga

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
)

// perform carries out the steps of a move together and waits for all of them.
func (p *pass) perform(m move) []outcome {
	results := make([]outcome, len(m.steps))
	var wg sync.WaitGroup
	last := len(m.steps) - 1
	for i, s := range m.steps[:last] {
		wg.Go(func() { results[i] = p.try(s, m.undo) })
	}
	results[last] = p.try(m.steps[last], m.undo)
	wg.Wait()
	p.keepState(results)
	return results
}

// try is one try of a remote step. It is skipped where the lease is lost or the
// runner stops.
func (p *pass) try(s stepShape, undo bool) outcome {
	if p.stopping() {
		return outcome{step: s, undo: undo, skipped: true, err: Refused(context.Cause(p.ctx))}
	}
	ctx := p.ctx
	if s.kind == Compensable && !undo {
		ctx = p.forward
	}
	return outcome{step: s, undo: undo, err: p.call(ctx, s, undo, p.state)}
}

// call bounds an action by its time-out and turns a panic into an error.
func (p *pass) call(ctx context.Context, s stepShape, undo bool, state any) (err error) {
	step := p.f.steps[s.name]
	action := step.do
	if undo {
		action = step.undo
	}
	ctx, cancel := context.WithTimeout(ctx, step.timeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			// Neither the value nor its text: a panic may carry anything.
			err = fmt.Errorf("saga: step %q panicked with a %T", s.name, v)
			p.log(slog.LevelError, "step panicked", slog.String("step", s.name), slog.String("stack", string(debug.Stack())))
		}
	}()
	return action(ctx, state)
}

// keepState takes over what the steps learnt. What cannot be written down was
// not learnt: their effect then counts as unknown.
func (p *pass) keepState(results []outcome) {
	data, err := encode(p.state)
	if err == nil {
		p.rec.State = data
		return
	}
	for i := range results {
		if results[i].err == nil {
			results[i].err = err
		}
	}
}
