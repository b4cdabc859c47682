package store

import (
	"context"
	"time"
)

// counters implements app.Counters.
type counters struct{ db *database }

func (c *counters) Spend(ctx context.Context, key string, window time.Duration, limit int, now time.Time) (bool, error) {
	if limit == 0 {
		return true, nil
	}
	var spent int64
	err := c.db.atomically(ctx, "spend", func(ctx context.Context) error {
		span, end := window.Microseconds(), microsOf(now.Truncate(window).Add(window))
		_, err := c.db.exec(ctx, "INSERT INTO counters (name, span, ends_at, spent) VALUES (?, ?, ?, 1)"+
			c.db.dialect.orElse+"spent = spent + 1", key, span, end)
		if err != nil {
			return err
		}
		err = c.db.one(ctx, &spent, "SELECT spent FROM counters WHERE name = ? AND span = ? AND ends_at = ?", key, span, end)
		if err != nil || spent > 1 {
			return err
		}
		// Who opens a window clears up after others.
		return c.db.prune(ctx, "counters", "ends_at", microsOf(now))
	})
	return err == nil && spent <= int64(limit), err
}
