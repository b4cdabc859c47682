package saga

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

var errUnbound = errors.New("saga: its flow is not bound to this runner")

func strangerError(step string) error {
	return errors.New("saga: its step " + step + " is not part of the flow")
}

// localFault is the failure of a local step. It rolled the journal's
// transaction back, so that the step certainly did nothing.
type localFault struct {
	work localWork
	err  error
}

func (l *localFault) Error() string { return l.err.Error() }
func (l *localFault) Unwrap() error { return l.err }

// localWork is a local step, done or undone.
type localWork struct {
	step stepShape
	undo bool
}

// draft is one journal transaction while it is being made up. The journal may
// throw it away and ask for another.
type draft struct {
	p       *pass
	rec     Record
	entries []Entry
	state   any
	cause   error     // turned the saga back
	blocked error     // ends the pass
	ran     localWork // the last in this draft
	todo    move
}

// drafted makes drafts until one is stored. A local step that fails rolls its
// transaction back and counts as failed in the next one, so that the number of
// drafts is bounded by that of the steps.
func (p *pass) drafted(start change, results []outcome, store func(WriteFunc) error) (*draft, error) {
	failed := map[localWork]error{}
	for {
		var d *draft
		err := store(func(ctx context.Context) (Write, error) {
			d = &draft{p: p, rec: start.rec}
			if err := d.make(ctx, start.entries, results, failed); err != nil {
				return Write{}, err
			}
			return d.write(), nil
		})
		var fault *localFault
		switch {
		case err == nil:
			return d, nil
		case !errors.As(err, &fault):
			return nil, err
		case !p.begun && fault.work.step.kind != Retriable:
			return nil, fault.err
		}
		failed[fault.work] = fault.err
	}
}

// make runs the rules from what is journalled to the next remote work, or the
// end of the pass.
func (d *draft) make(ctx context.Context, entries []Entry, results []outcome, failed map[localWork]error) error {
	state, err := d.p.f.decode(d.p.rec.State)
	if err != nil {
		return err
	}
	d.state, d.entries = state, d.stamped(entries)
	for _, o := range results {
		d.resolve(o)
	}
	if d.rec.Phase == Running && d.p.late() {
		d.take(giveUp(d.rec, "", ErrLate))
		d.cause = ErrLate
	}
	if err := d.advance(ctx, failed); err != nil {
		return err
	}
	if err := d.keep(); err != nil {
		return err
	}
	return d.decide(ctx)
}

// decide tells of the outcome where this draft decides it.
func (d *draft) decide(ctx context.Context) error {
	o, decided := decision(d.p.f.shape, d.p.rec, d.rec, d.cause)
	if !decided {
		return nil
	}
	return d.p.r.o.Decided(ctx, d.rec, o)
}

func (d *draft) advance(ctx context.Context, failed map[localWork]error) error {
	for d.blocked == nil {
		m := next(d.p.f.shape, d.rec)
		switch {
		case m.enter == Settling, m.enter == Lingering:
			d.take(enter(d.p.f.shape, d.rec, m.enter))
			d.rec.Owner, d.rec.Due = "", d.now().Add(settleTime(d.p.f.shape, d.rec))
			return nil
		case m.enter != "":
			d.take(enter(d.p.f.shape, d.rec, m.enter))
		case len(m.steps) == 0:
			return nil
		case m.steps[0].local:
			if err := d.local(ctx, m, failed); err != nil {
				return err
			}
		case d.p.stopping():
			d.take(park(d.rec, d.now(), context.Cause(d.p.ctx)))
			return nil
		default:
			if !m.undo {
				d.take(mark(d.rec, m.steps))
			}
			d.hold()
			d.todo = m
			return nil
		}
	}
	o := d.p.r.o
	d.take(retreat(d.rec, d.blocked, patience{o.MaxAttempts, o.Backoff, o.MaxBackoff}, d.now(), o.Jitter()))
	return nil
}

// local runs a local step inside the transaction, or counts the fault that it
// had in an earlier draft.
func (d *draft) local(ctx context.Context, m move, failed map[localWork]error) error {
	work := localWork{m.steps[0], m.undo}
	fault := failed[work]
	if fault == nil {
		if err := d.p.call(ctx, work.step, work.undo, d.state); err != nil {
			return &localFault{work, err}
		}
		d.ran = work
	}
	d.resolve(outcome{step: work.step, undo: work.undo, err: fault})
	return nil
}

func (d *draft) resolve(o outcome) {
	before := d.rec.Phase
	c := resolve(d.rec, o)
	d.take(c)
	if before == Running && unwound(d.rec) {
		d.cause = o.err
	}
	if c.blocked && d.blocked == nil {
		d.blocked = o.err
	}
}

func (d *draft) take(c change) {
	d.rec = c.rec
	d.entries = append(d.entries, d.stamped(c.entries)...)
}

func (d *draft) stamped(entries []Entry) []Entry {
	out := make([]Entry, len(entries))
	for i, e := range entries {
		e.At, e.Epoch = d.now(), d.rec.Epoch
		out[i] = e
	}
	return out
}

// hold keeps the lease for the work to come.
func (d *draft) hold() {
	d.rec.Owner, d.rec.Due = d.p.r.o.Owner, d.now().Add(d.p.r.o.Lease)
}

// keep puts the state into the record, unless the saga has ended. The state
// came out of the journal, so that only a local step can have spoilt it.
func (d *draft) keep() error {
	if d.rec.Phase.Ended() {
		return nil
	}
	data, err := encode(d.state)
	if err != nil && d.ran.step.name != "" {
		return &localFault{d.ran, err}
	}
	d.rec.State = data
	return err
}

func (d *draft) write() Write {
	d.rec.UpdatedAt = d.now()
	return Write{Record: d.rec, Entries: d.entries, Also: d.p.also}
}

func (d *draft) now() time.Time { return d.p.r.o.Now() }

// log tells the faults that are now history.
func (d *draft) log() {
	for _, e := range d.entries {
		level := slog.LevelDebug
		switch e.Event {
		case EventRefused, EventUnknown, EventUndoFault, EventUnwinding:
			level = slog.LevelWarn
		case EventStuck:
			level = slog.LevelError
		}
		d.p.log(level, "saga "+string(e.Event), slog.String("step", e.Step), slog.String("cause", e.Cause))
	}
}
