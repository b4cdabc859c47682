package memory

import (
	"context"
	"time"

	"accord/app"
)

// departures implements app.Departures.
type departures struct{ db *tables }

// postponement is why a leaving account is not removed yet, and until when.
type postponement struct {
	until  time.Time
	reason string
}

func (d *departures) Postpone(ctx context.Context, id string, until time.Time, reason string) error {
	return d.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if d.db.accounts[id].Status == app.Leaving {
			runes := []rune(reason)
			put(tx, d.db.postponed, id, postponement{kept(until), string(runes[:min(len(runes), 200)])})
		}
		return nil
	})
}

func (d *departures) Postponement(ctx context.Context, id string) (until time.Time, reason string, err error) {
	err = d.db.atomically(ctx, func(context.Context, *transaction) error {
		p := d.db.postponed[id]
		until, reason = p.until, p.reason
		return nil
	})
	return until, reason, err
}

func (d *departures) CountPostponed(ctx context.Context, now time.Time) (n int, err error) {
	err = d.db.atomically(ctx, func(context.Context, *transaction) error {
		n = 0
		for _, p := range d.db.postponed {
			if p.until.After(now) {
				n++
			}
		}
		return nil
	})
	return n, err
}
