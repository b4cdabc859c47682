package store

import (
	"context"
	"time"

	"accord/app"
)

// evictions implements app.Evictions.
type evictions struct {
	db   *database
	seal sealing
}

var selectEvictedAgain = selectAccount + "evict_again_at > 0 AND evict_again_at <= ? AND status = ? ORDER BY evict_again_at, id LIMIT ?"

func (e *evictions) EvictAgain(ctx context.Context, accountID string, at time.Time) error {
	return e.db.atomically(ctx, "note when to evict again", func(ctx context.Context) error {
		_, err := e.db.exec(ctx, "UPDATE accounts SET evict_again_at = ? WHERE id = ?", microsOf(at), accountID)
		return err
	})
}

func (e *evictions) PostponeEviction(ctx context.Context, accountID string, now, at time.Time) error {
	return e.db.atomically(ctx, "postpone eviction", func(ctx context.Context) error {
		_, err := e.db.exec(ctx, "UPDATE accounts SET evict_again_at = ? WHERE id = ? AND evict_again_at > 0 AND evict_again_at <= ?",
			microsOf(at), accountID, microsOf(now))
		return err
	})
}

func (e *evictions) EvictedAgain(ctx context.Context, now time.Time, limit int) ([]app.Account, error) {
	var rows []accountRow
	if err := e.db.many(ctx, &rows, selectEvictedAgain, microsOf(now), app.Normal, limit); err != nil {
		return nil, during("list accounts to evict again", err)
	}
	return openAll(ctx, e.db, e.seal, "an account to evict again cannot be read", rows), nil
}
