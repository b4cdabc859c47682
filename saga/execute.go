package saga

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Receipt is what Execute tells beside the state.
type Receipt struct {
	// ID is the saga's id, also where Execute failed; a saga that never began
	// is not in the journal.
	ID string
	// Began reports that the saga is in the journal. It may be so without, if the
	// error is ErrUndecided.
	Began bool
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
// ErrBusy if another saga held the subject, or one of Definition.Also, for as
// long as Execute may wait (see Patience), or one that precedes waited for it;
// or the journal's, where the saga could not begin.
//
// ErrUndecided: Options.Answer or ctx ran out first, or the journal failed, or
// another runner took over and committed (then ErrElsewhere is in the chain
// too); the saga is finished in the background either way.
func (f *Flow[S]) Execute(ctx context.Context, subject string, s S) (S, Receipt, error) {
	rec, err := f.record(ctx, subject, &s)
	receipt := Receipt{ID: rec.ID}
	if err != nil {
		return s, receipt, err
	}
	w, answer, cancel, err := f.begin(ctx, rec, &s)
	defer cancel()
	if err != nil {
		return s, receipt, err
	}
	receipt.Began = true
	state, pending, err := f.r.await(answer, w)
	if err != nil {
		return s, receipt, err
	}
	receipt.Pending = pending
	return *state.(*S), receipt, nil
}

// Begin stores a saga of the flow about subject and returns; the saga goes on in
// the background. An error that is not ErrUndecided says that it did not begin.
func (f *Flow[S]) Begin(ctx context.Context, subject string, s S) (Receipt, error) {
	rec, err := f.record(ctx, subject, &s)
	if err != nil {
		return Receipt{ID: rec.ID}, err
	}
	w, _, cancel, err := f.begin(ctx, rec, &s)
	defer cancel()
	if err == nil {
		f.r.unwatch(w)
	}
	return Receipt{ID: rec.ID, Began: err == nil}, err
}

// record makes that of a saga which has not begun.
func (f *Flow[S]) record(ctx context.Context, subject string, s *S) (Record, error) {
	now := f.r.o.Now()
	rec := Record{
		ID: f.r.o.NewID(), Flow: f.f.name, Subject: subject, Origin: OriginOf(ctx), Exclusive: f.f.exclusive, Phase: Running,
		Epoch: firstEpoch, CreatedAt: now, UpdatedAt: now,
	}
	var err error
	rec.State, err = encode(s)
	return rec, err
}

// start stores the saga, as soon as nothing else holds its subjects, and lets it
// go on in the background.
func (r *Runner) start(answer context.Context, f *flow, rec Record, also []string) (*watch, error) {
	ctx, held := context.WithoutCancel(answer), false
	for try := 0; ; try++ {
		p := r.newPass(ctx, f, rec, r.o.Now().Add(r.o.Lease))
		p.watch, p.also = newWatch(rec.ID, f), also
		if !r.enlist(p) {
			p.end()
			if held {
				r.reserve(ctx, p, 0)
			}
			return nil, errStopped
		}
		todo, err := p.begin(answer)
		if err == nil {
			r.watch(p.watch)
			go p.work(todo)
			return p.watch, nil
		}
		p.end()
		waited := held
		if held = errors.Is(err, ErrBusy); held && r.queue(answer, p, try) {
			continue
		}
		if waited && !held {
			r.reserve(ctx, p, 0)
		}
		if waited && errors.Is(err, errOutOfTime) {
			err = ErrBusy
		}
		return nil, err
	}
}

// errOutOfTime says of a saga that did not begin that nothing else was in its way.
var errOutOfTime = errors.New("saga: the time to wait ran out")

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
	case ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded):
		return move{}, fmt.Errorf("%w: %w", errOutOfTime, err)
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
