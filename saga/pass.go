package saga

import (
	"context"
	"errors"
	"log/slog"
)

// pass runs one saga under one lease until it ends, parks, or is lost. One
// goroutine at a time works on it.
type pass struct {
	r     *Runner
	f     *flow
	lease *lease
	id    string
	epoch int64
	// base keeps the caller's values and is never cancelled; journal calls run
	// on it. ctx ends with the lease or the runner, and steps run on it.
	base, ctx context.Context
	cancel    context.CancelCauseFunc
	// forward is ctx within the deadline of the compensable steps.
	forward context.Context
	over    chan struct{} // closed when the pass has let go

	// rec is the record as journalled, with the state that the steps of the
	// last move left; state is the same, decoded.
	rec   Record
	state any
	begun bool // rec is in the journal
	// also are the further subjects to hold from the beginning.
	also []string
	// cause is what turned the saga back, fault what blocked it last.
	cause, fault error
	watch        *watch // nil where nobody waits
}

// run does what is to do and journals it, in turns.
func (p *pass) run(todo move) {
	for len(todo.steps) > 0 {
		results := p.perform(todo)
		var err error
		if todo, err = p.commit(change{rec: p.rec}, results); err != nil {
			p.abandon(err)
			return
		}
	}
}

// resume goes on with a claimed saga.
func (p *pass) resume() {
	todo, err := p.reopen()
	if err != nil {
		p.abandon(err)
		return
	}
	p.run(todo)
}

// reopen brings a claimed record to where work can go on.
func (p *pass) reopen() (move, error) {
	if cause := p.unfit(); cause != nil {
		return move{}, p.halt(cause)
	}
	if p.rec.Attempts >= p.r.o.MaxAttempts {
		return move{}, p.halt(errNoTriesLeft)
	}
	start := takeOver(p.f.shape, p.rec)
	if m := next(p.f.shape, start.rec); len(start.entries) == 0 && ready(start.rec, m) {
		return m, nil
	}
	return p.commit(start, nil)
}

// ready reports whether a move can be performed without a journal write first.
func ready(r Record, m move) bool {
	if len(m.steps) == 0 || m.steps[0].local {
		return false
	}
	return m.undo || len(mark(r, m.steps).entries) == 0
}

// unfit tells why a claimed saga cannot be run, and decodes its state.
func (p *pass) unfit() error {
	if p.f == nil {
		return errUnbound
	}
	if step, found := p.f.shape.stranger(p.rec); found {
		return strangerError(step)
	}
	if what, found := meaningless(p.rec); found {
		return errors.New("saga: " + what + " has no meaning here")
	}
	state, err := p.f.decode(p.rec.State)
	p.state = state
	return err
}

// halt marks a saga stuck that nothing can be done for.
func (p *pass) halt(cause error) error {
	d := &draft{p: p, rec: p.rec}
	d.take(halt(p.rec, cause))
	if err := p.append(func(context.Context) (Write, error) { return d.write(), nil }); err != nil {
		return err
	}
	p.adopt(d)
	return nil
}

// commit journals how the saga came here and what the steps left, runs the
// local steps that follow in the same transaction, and tells what to do next.
func (p *pass) commit(start change, results []outcome) (move, error) {
	d, err := p.drafted(start, results, p.append)
	if err != nil {
		return move{}, err
	}
	p.adopt(d)
	return d.todo, nil
}

// adopt makes a journalled draft the present.
func (p *pass) adopt(d *draft) {
	p.rec, p.state, p.begun = d.rec, d.state, true
	if d.cause != nil && p.cause == nil {
		p.cause = d.cause
	}
	if d.blocked != nil {
		p.fault = d.blocked
	}
	if p.rec.Owner != "" {
		p.lease.extend(p.rec.Due)
	}
	d.log()
	p.watch.follow(p, len(d.todo.steps) == 0)
}

// abandon gives the saga up to recovery after the journal failed.
func (p *pass) abandon(err error) {
	p.lease.drop(err)
	p.watch.lost(err)
	p.log(slog.LevelWarn, "saga left to recovery", slog.String("cause", causeText(err)))
	if !errors.Is(err, ErrFenced) {
		p.r.abandon(p.id, p.epoch)
	}
}

// stopping reports whether no further remote step may begin.
func (p *pass) stopping() bool { return !p.lease.held() || p.ctx.Err() != nil }

// late reports whether the forward phase has run out of time.
func (p *pass) late() bool { return p.forward.Err() != nil && p.ctx.Err() == nil }

func (p *pass) log(level slog.Level, msg string, attrs ...slog.Attr) {
	all := append([]slog.Attr{
		slog.String("saga", p.rec.ID), slog.String("flow", p.rec.Flow), slog.Int("attempt", p.rec.Attempts),
	}, attrs...)
	if request := p.rec.Origin.Request; request != "" {
		all = append(all, slog.String("request", request))
	}
	p.r.o.Logger.LogAttrs(p.base, level, msg, all...)
}
