package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"accord/app"
)

// departures implements app.Departures.
type departures struct{ db *database }

// maxPostponed bounds the reason of a postponement, in characters.
const maxPostponed = 200

func (d *departures) Postpone(ctx context.Context, id string, until time.Time, reason string) error {
	const op = "postpone removal"
	runes := []rune(reason)
	return d.db.atomically(ctx, op, func(ctx context.Context) error {
		_, err := d.db.exec(ctx, "UPDATE accounts SET postponed_until = ?, postponed_reason = ? WHERE id = ? AND status = ?",
			microsOf(until), string(runes[:min(len(runes), maxPostponed)]), id, app.Leaving)
		return err
	})
}

func (d *departures) Postponement(ctx context.Context, id string) (until time.Time, reason string, err error) {
	var found struct {
		Until  micros `db:"postponed_until"`
		Reason string `db:"postponed_reason"`
	}
	err = d.db.one(ctx, &found, "SELECT postponed_until, postponed_reason FROM accounts WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err != nil {
		return time.Time{}, "", during("look up postponed removal", err)
	}
	return found.Until.time(), found.Reason, nil
}

func (d *departures) CountPostponed(ctx context.Context, now time.Time) (n int, err error) {
	err = d.db.one(ctx, &n, "SELECT COUNT(*) FROM accounts WHERE status = ? AND postponed_until > ?", app.Leaving, microsOf(now))
	return n, during("count postponed removals", err)
}
