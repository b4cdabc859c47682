package saga

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// Desk is where an operator decides about sagas that do not go on. It works
// beside runners on the same journal, and needs none: who moves a saga locks its
// record, and takes the next epoch, so that a runner which still holds it is
// fenced. A saga that is being run is refused with ErrNotAllowed.
//
// Each move is told in the saga's history, with its reason and the Origin that
// ctx has. All methods are safe for concurrent use.
type Desk struct {
	archive Archive
	r       *Runner
}

// Desk makes a desk for the flows that are bound to the runner, over its journal
// as an archive.
func (r *Runner) Desk(a Archive) *Desk { return &Desk{a, r} }

// MaxReason is the longest reason of a move, in characters.
const MaxReason = 300

// Retry lets a stuck or parked saga go on at once, as if it had never failed.
// The reason may be empty. It returns the record after it; ErrNotFound,
// ErrNotAllowed or the journal's error.
func (d *Desk) Retry(ctx context.Context, id, reason string) (Record, error) {
	return d.move(ctx, id, reason, false, func(_ shape, r Record) (change, error) {
		return retried(r, d.r.o.Now(), reason)
	})
}

// Skip takes a step that blocks a saga as done, or as undone where the saga
// turns back, and lets the saga go on. A pivot cannot be skipped: Resolve. It
// returns the record after it; ErrNotFound, ErrNotAllowed or the journal's error.
func (d *Desk) Skip(ctx context.Context, id, step, reason string) (Record, error) {
	return d.move(ctx, id, reason, true, func(sh shape, r Record) (change, error) {
		return skipped(sh, r, step, d.r.o.Now(), reason)
	})
}

// Resolve ends a blocked saga as Committed or Aborted: its state is scrubbed,
// its subject is free, and what it left undone stays so. A saga that is decided
// cannot be resolved to the contrary. It returns the record after it;
// ErrNotFound, ErrNotAllowed or the journal's error.
func (d *Desk) Resolve(ctx context.Context, id string, to Phase, reason string) (Record, error) {
	return d.move(ctx, id, reason, true, func(sh shape, r Record) (change, error) {
		return resolved(sh, r, to, d.r.o.Now(), reason)
	})
}

// Find returns a saga's record, ErrNotFound or the archive's error.
func (d *Desk) Find(ctx context.Context, id string) (Record, error) { return d.archive.Find(ctx, id) }

// CheckSkip returns ErrNotAllowed if Skip would refuse that record now. It
// changes nothing.
func (d *Desk) CheckSkip(r Record, step, reason string) error {
	if err := fit(reason, true); err != nil {
		return err
	}
	_, err := skipped(d.shapeOf(r.Flow), r, step, d.r.o.Now(), reason)
	return err
}

// CheckResolve returns ErrNotAllowed if Resolve would refuse that record now.
// It changes nothing.
func (d *Desk) CheckResolve(r Record, to Phase, reason string) error {
	if err := fit(reason, true); err != nil {
		return err
	}
	_, err := resolved(d.shapeOf(r.Flow), r, to, d.r.o.Now(), reason)
	return err
}

// shapeOf returns the shape of a flow; nil if none of that name is bound.
func (d *Desk) shapeOf(name string) shape {
	if f := d.r.flow(name); f != nil {
		return f.shape
	}
	return nil
}

func (d *Desk) move(ctx context.Context, id, reason string, demanded bool, rule func(shape, Record) (change, error)) (Record, error) {
	if err := fit(reason, demanded); err != nil {
		return Record{}, err
	}
	var c change
	err := d.archive.Revise(ctx, id, func(ctx context.Context, r Record) (Write, error) {
		sh := d.shapeOf(r.Flow)
		var err error
		if c, err = rule(sh, r); err != nil {
			return Write{}, err
		}
		by, now := OriginOf(ctx), d.r.o.Now()
		c.rec.Epoch, c.rec.UpdatedAt = r.Epoch+1, now
		for i := range c.entries {
			c.entries[i].At, c.entries[i].Epoch = now, c.rec.Epoch
		}
		c.entries[0].Cause = signed(c.entries[0].Cause, by)
		return Write{Record: c.rec, Entries: c.entries}, d.decide(ctx, sh, r, c, by)
	})
	if err != nil {
		return Record{}, err
	}
	d.r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "saga "+string(c.entries[0].Event),
		slog.String("saga", id), slog.String("flow", c.rec.Flow), slog.String("step", c.entries[0].Step))
	return c.rec, nil
}

// decide tells of the outcome that a resolution decides, then of the move.
func (d *Desk) decide(ctx context.Context, sh shape, before Record, c change, by Origin) error {
	decided := unwound(before) || sh != nil && committed(sh, before)
	if c.rec.Phase.Ended() && !decided {
		o := Outcome{Event: EventCommitted, By: before.Origin}
		if c.rec.Phase == Aborted {
			o.Event, o.Cause = EventAborted, ErrResolved
		}
		if err := d.r.o.Decided(ctx, c.rec, o); err != nil {
			return err
		}
	}
	return d.r.o.Decided(ctx, c.rec, Outcome{Event: c.entries[0].Event, Step: c.entries[0].Step, By: by})
}

// fit says what is wrong with a reason.
func fit(reason string, demanded bool) error {
	switch {
	case demanded && strings.TrimSpace(reason) == "":
		return notAllowed("it takes a reason")
	case utf8.RuneCountInString(reason) > MaxReason:
		return notAllowed("the reason is longer than %d characters", MaxReason)
	}
	return nil
}

// signed is a reason with who gave it, as a history keeps it.
func signed(reason string, by Origin) string {
	who := by.Actor
	if by.Channel != "" {
		who += " by " + by.Channel
	}
	if by.Request != "" {
		who += ", request " + by.Request
	}
	return causeText(fmt.Errorf("%s: %s", who, reason))
}
