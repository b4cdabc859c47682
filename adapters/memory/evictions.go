package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"accord/app"
)

// evictions implements app.Evictions.
type evictions struct{ db *tables }

func (e *evictions) EvictAgain(ctx context.Context, accountID string, at time.Time) error {
	return e.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if _, found := e.db.accounts[accountID]; found {
			put(tx, e.db.evictAgain, accountID, kept(at))
		}
		return nil
	})
}

func (e *evictions) PostponeEviction(ctx context.Context, accountID string, now, at time.Time) error {
	return e.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if due := e.db.evictAgain[accountID]; !due.IsZero() && !due.After(now) {
			put(tx, e.db.evictAgain, accountID, kept(at))
		}
		return nil
	})
}

func (e *evictions) EvictedAgain(ctx context.Context, now time.Time, limit int) (due []app.Account, err error) {
	err = e.db.atomically(ctx, func(context.Context, *transaction) error {
		due = nil
		for id, at := range e.db.evictAgain {
			a := e.db.accounts[id]
			if !at.IsZero() && !at.After(now) && a.Status == app.Normal {
				due = append(due, a)
			}
		}
		slices.SortFunc(due, func(a, b app.Account) int {
			return cmp.Or(e.db.evictAgain[a.ID].Compare(e.db.evictAgain[b.ID]), cmp.Compare(a.ID, b.ID))
		})
		due = due[:min(len(due), limit)]
		return nil
	})
	return due, err
}
