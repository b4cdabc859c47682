package saga

import (
	"context"
	"errors"
	"time"
)

// Receipt is what Execute tells beside the state.
type Receipt struct {
	// ID is the saga's id, also where Execute failed; a saga that never began
	// is not in the journal.
	ID string
	// Pending is why a retriable step that is not detached is not done yet. The
	// saga is committed, and the step goes on in the background.
	Pending error
}

// Execute runs one saga of the flow about subject and waits for its outcome.
// It is safe for concurrent use. The saga has ctx's values, its Origin among
// them, but not its end: a client that goes away changes nothing.
//
// No error: the saga is committed, s is its state, and every retriable step
// that is not detached was tried (see Receipt.Pending).
//
// An error that is not ErrUndecided: the saga did not take place, or is being
// undone. It is the failing step's own error, the first in step order; or
// ErrBusy where another saga held the subject for as long as Execute may wait;
// or the journal's, where the saga could not begin.
//
// ErrUndecided: Options.Answer or ctx ran out first, or the journal failed, or
// another runner took over and committed (then ErrElsewhere is in the chain
// too); the saga is finished in the background either way.
func (f *Flow[S]) Execute(ctx context.Context, subject string, s S) (S, Receipt, error) {
	receipt := Receipt{ID: f.r.o.NewID()}
	data, err := encode(&s)
	if err != nil {
		return s, receipt, err
	}
	now := f.r.o.Now()
	state, pending, err := f.r.execute(ctx, f.f, Record{
		ID: receipt.ID, Flow: f.f.name, Subject: subject, Origin: OriginOf(ctx), Exclusive: f.f.exclusive, Phase: Running,
		State: data, Epoch: firstEpoch, CreatedAt: now, UpdatedAt: now,
	})
	if err != nil {
		return s, receipt, err
	}
	receipt.Pending = pending
	return *state.(*S), receipt, nil
}

func (r *Runner) execute(ctx context.Context, f *flow, rec Record) (state any, pending, err error) {
	answer, cancel := context.WithTimeout(ctx, r.o.Answer)
	defer cancel()
	held := false
	for try := 0; ; try++ {
		p := r.newPass(context.WithoutCancel(ctx), f, rec, r.o.Now().Add(r.o.Lease))
		p.watch = newWatch(rec.ID, f)
		if !r.enlist(p) {
			p.end()
			return nil, nil, errStopped
		}
		todo, err := p.begin(answer)
		if err == nil {
			r.watch(p.watch)
			go p.work(todo)
			return r.await(answer, p.watch)
		}
		p.end()
		busy := errors.Is(err, ErrBusy)
		if held && !busy && outOfTime(answer, err) {
			return nil, nil, ErrBusy
		}
		if held = busy; !busy || !r.pause(answer, try) {
			return nil, nil, err
		}
	}
}

// outOfTime reports whether the error of a saga that did not begin is nothing
// but the end of the wait.
func outOfTime(answer context.Context, err error) bool {
	end, _ := answer.Deadline()
	return errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrUndecided) && !time.Now().Before(end)
}

// begin stores a saga that starts now. It is bounded by the deadline of answer,
// but does not end when the client goes away.
func (p *pass) begin(answer context.Context) (move, error) {
	ctx := p.base
	if end, ok := answer.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end)
		defer cancel()
	}
	start := change{rec: p.rec, entries: []Entry{{Event: EventBegan}}}
	d, err := p.drafted(start, nil, func(fn WriteFunc) error { return p.store(ctx, fn, p.r.journal.Begin) })
	switch {
	case err == nil:
		p.adopt(d)
		return d.todo, nil
	case errors.Is(err, errUnclear), errors.Is(err, ErrFenced):
		p.abandon(err)
		return move{}, undecided(err)
	}
	return move{}, err
}

// work goes on with a saga that has begun.
func (p *pass) work(todo move) {
	defer p.end()
	var cancel context.CancelFunc
	p.forward, cancel = context.WithTimeout(p.ctx, p.r.o.Deadline)
	defer cancel()
	p.run(todo)
}

// await waits for the answer, and asks the journal for it while no pass of this
// runner works on the saga.
func (r *Runner) await(ctx context.Context, w *watch) (state any, pending, err error) {
	poll := time.NewTicker(r.o.Poll)
	defer poll.Stop()
	defer r.unwatch(w)
	for {
		select {
		case <-w.ready:
			return w.result()
		case <-ctx.Done():
			return w.result()
		case <-poll.C:
			if w.left() {
				_ = r.bounded(ctx, func(ctx context.Context) error {
					rec, err := r.journal.Load(ctx, w.id)
					if err == nil {
						w.observe(rec)
					}
					return err
				})
			}
		}
	}
}
