package saga

import (
	"context"
	"errors"
	"maps"
	"time"
)

const (
	// writeTries is how often one write is tried; probeTries how often the
	// journal is asked whether a write took place whose answer was lost.
	writeTries, probeTries = 3, 8
	firstEpoch             = 1
)

// append stores a draft under the epoch of this pass.
func (p *pass) append(fn WriteFunc) error {
	return p.store(p.base, fn, func(ctx context.Context, fn WriteFunc) error {
		return p.r.journal.Append(ctx, p.id, p.epoch, fn)
	})
}

// store writes once. After an error it finds out whether the transaction took
// place all the same; an error it returns says that it did not, or that nobody
// can tell.
func (p *pass) store(ctx context.Context, fn WriteFunc, call func(context.Context, WriteFunc) error) error {
	var err error
	for try := range writeTries {
		var wrote *Record // what may have been committed
		err = p.r.bounded(ctx, func(ctx context.Context) error {
			return call(ctx, func(ctx context.Context) (Write, error) {
				wrote = nil
				w, err := fn(ctx)
				if err == nil {
					wrote = &w.Record
				}
				return w, err
			})
		})
		if err == nil || final(err) {
			return err
		}
		if wrote == nil && !p.begun {
			return err
		}
		if wrote != nil {
			happened, probeErr := p.happened(ctx, *wrote)
			switch {
			case happened:
				return nil
			case probeErr != nil:
				return errors.Join(probeErr, err)
			case errors.Is(err, ErrExists):
				return err
			}
		}
		p.r.pause(p.ctx, try)
	}
	return err
}

// final reports whether a write certainly did not take place, nor will if it is
// tried again.
func final(err error) bool {
	var local *localFault
	return errors.As(err, &local) || errors.Is(err, errDecode) || errors.Is(err, errEncode) ||

		errors.Is(err, ErrFenced) || errors.Is(err, ErrBusy) || errors.Is(err, ErrNotFound)
}

var (
	errProbe   = errors.New("saga: probe")
	errUnclear = errors.New("saga: whether a journal write took place cannot be known")
)

// probe loads a record after every write under this epoch is through: its
// append waits for a transaction that may still be on its way, and rolls back.
func (r *Runner) probe(ctx context.Context, id string, epoch int64) (rec Record, err error) {
	err = r.bounded(ctx, func(ctx context.Context) error {
		err := r.journal.Append(ctx, id, epoch, func(context.Context) (Write, error) { return Write{}, errProbe })
		if !errors.Is(err, errProbe) {
			return err
		}
		rec, err = r.journal.Load(ctx, id)
		return err
	})
	return rec, err
}

// happened tells whether a write took place, or that it cannot be known.
func (p *pass) happened(ctx context.Context, wrote Record) (bool, error) {
	var last error
	for try := range probeTries {
		rec, err := p.r.probe(ctx, p.id, p.epoch)
		switch {
		case errors.Is(err, ErrNotFound) && !p.begun:
			return false, nil
		case errors.Is(err, ErrFenced):
			return false, err
		case err != nil:
			last = err
		case same(rec, wrote):
			return true, nil
		case p.begun && same(rec, p.rec):
			return false, nil
		default:
			return false, errUnclear
		}
		p.r.pause(p.ctx, try)
	}
	return false, errors.Join(errUnclear, last)
}

// same compares what every write changes at least one of.
func same(a, b Record) bool {
	return a.ID == b.ID && a.Phase == b.Phase && a.Owner == b.Owner && a.Attempts == b.Attempts &&
		a.Stuck == b.Stuck && maps.Equal(a.Steps, b.Steps)
}

// bounded bounds one journal call.
func (r *Runner) bounded(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, r.o.StepTimeout)
	defer cancel()
	return call(ctx)
}

// pause waits a little before the journal is asked again: a tenth of Backoff,
// doubling up to Backoff. It reports whether ctx is still good.
func (r *Runner) pause(ctx context.Context, try int) bool {
	length := min(r.o.Backoff, r.o.Backoff/10<<min(try, 10))
	timer := time.NewTimer(length/2 + time.Duration(r.o.Jitter()*float64(length/2)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
