package saga

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// Run renews the leases of running sagas and claims those that are due, until
// ctx ends. Then nothing more begins; Run waits at most Options.Answer for what
// runs, ends the rest's steps, hands their sagas to other runners, and returns.
// Its error says how many did not let go in another Options.StepTimeout; their
// leases run out. A Runner runs once.
func (r *Runner) Run(ctx context.Context) error {
	beats, end := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { r.every(beats, r.o.Lease/3, nil, r.beat) })
	r.every(ctx, r.o.Poll, r.wake, func(ctx context.Context) error {
		_, _, err := r.claim(ctx)
		return err
	})
	err := r.drain(context.WithoutCancel(ctx))
	end()
	wg.Wait()
	return err
}

// every does something at once, at each interval and at each signal, until ctx
// ends.
func (r *Runner) every(ctx context.Context, interval time.Duration, signal <-chan struct{}, do func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "saga journal", slog.String("cause", causeText(err)))
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-signal:
		}
	}
}

// Tick is one round: it renews leases, claims the sagas that are due, at most
// Options.Concurrency together with those already claimed, runs them, waits for
// their passes, and returns how many it claimed.
func (r *Runner) Tick(ctx context.Context) (int, error) {
	renewed := r.beat(ctx)
	n, wait, err := r.claim(ctx)
	wait()
	return n, errors.Join(renewed, err)
}

// claim starts a pass for each saga that is due, and returns how to wait for
// them.
func (r *Runner) claim(ctx context.Context) (n int, wait func(), err error) {
	var wg sync.WaitGroup
	free := r.takeSlots()
	claimed, err := r.due(ctx, free)
	for range free - len(claimed) {
		<-r.slots
	}
	for _, rec := range claimed {
		p := r.newPass(context.WithoutCancel(ctx), r.flow(rec.Flow), rec, rec.Due)
		p.begun, p.watch = true, r.watcher(rec.ID)
		p.watch.resumed()
		if !r.enlist(p) {
			p.lease.drop(errStopped)
		}
		wg.Go(func() {
			defer r.freeSlot()
			defer p.end()
			p.resume()
		})
	}
	return len(claimed), wg.Wait, err
}

func (r *Runner) due(ctx context.Context, limit int) ([]Record, error) {
	if limit == 0 {
		return nil, nil
	}
	var claimed []Record
	err := r.bounded(ctx, func(ctx context.Context) (err error) {
		now := r.o.Now()
		claimed, err = r.journal.Claim(ctx, r.o.Owner, now, now.Add(r.o.Lease), limit)
		return err
	})
	return claimed, err
}

func (r *Runner) takeSlots() (n int) {
	for {
		select {
		case r.slots <- struct{}{}:
			n++
		default:
			return n
		}
	}
}

// freeSlot wakes Run where all slots were taken: more may be due.
func (r *Runner) freeSlot() {
	full := len(r.slots) == cap(r.slots)
	<-r.slots
	if full {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// beat extends every lease of ours with one write, then lets go of abandoned
// sagas.
func (r *Runner) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.o.Lease/3)
	defer cancel()
	return errors.Join(r.renew(ctx), r.release(ctx))
}

func (r *Runner) renew(ctx context.Context) error {
	held := r.running()
	if len(held) == 0 {
		return nil
	}
	until := r.o.Now().Add(r.o.Lease)
	n, err := r.journal.Renew(ctx, r.o.Owner, until)
	if err != nil {
		return err
	}
	for _, p := range held {
		if n < len(held) && r.lostTo(ctx, p) {
			p.lease.drop(ErrFenced)
			continue
		}
		p.lease.extend(until)
	}
	return nil
}

// lostTo reports whether another runner took a saga over that this one believed
// to hold: by a clock that runs ahead of ours.
func (r *Runner) lostTo(ctx context.Context, p *pass) bool {
	rec, err := r.journal.Load(ctx, p.id)
	return err == nil && rec.Epoch != p.epoch
}

// release parks the abandoned sagas for recovery. One whose writes cannot be
// known to be through is kept for the next time.
func (r *Runner) release(ctx context.Context) error {
	var faults []error
	orphans := r.orphans()
	for _, id := range slices.Sorted(maps.Keys(orphans)) { // one order, so that simulations repeat
		epoch := orphans[id]
		rec, err := r.probe(ctx, id, epoch)
		if err == nil && rec.Owner == r.o.Owner {
			c := park(rec, r.o.Now(), errNotHeld)
			c.entries[0].At, c.entries[0].Epoch = c.rec.Due, epoch
			c.rec.UpdatedAt = c.rec.Due
			err = r.journal.Append(ctx, id, epoch, func(context.Context) (Write, error) {
				return Write{Record: c.rec, Entries: c.entries}, nil
			})
		}
		if err == nil || errors.Is(err, ErrFenced) || errors.Is(err, ErrNotFound) {
			r.adopted(id, epoch)
			continue
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// drain waits for the passes under way; in the end it makes them stop.
func (r *Runner) drain(ctx context.Context) error {
	r.stop()
	r.over(ctx, r.o.Answer)
	for _, p := range r.running() {
		p.cancel(errStopped)
	}
	left := r.over(ctx, r.o.StepTimeout)
	if err := r.beat(ctx); err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("saga: %d sagas were left to run out of their leases", left)
	}
	return nil
}

// over waits for the passes under way, and returns how many are left.
func (r *Runner) over(ctx context.Context, longest time.Duration) (left int) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for _, p := range r.running() {
		select {
		case <-p.over:
		case <-ctx.Done():
			left++
		}
	}
	return left
}
