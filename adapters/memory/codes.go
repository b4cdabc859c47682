package memory

import (
	"context"
	"time"

	"accord/app"
)

// codes implements app.Codes.
type codes struct{ db *tables }

type codeRow struct {
	id       int64
	target   string
	code     app.Secret
	replaced bool
	redeemed bool
	tries    int
	// created is when it was put.
	created, expires time.Time
}

// codeTries is how many wrong tries kill a code.
const codeTries = 5

func (c *codes) Put(ctx context.Context, target string, code app.Secret, expires time.Time, limits app.CodeLimits, now time.Time) error {
	return c.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		since := func(span time.Duration) int {
			return len(sorted(c.db.codes, func(r codeRow) bool {
				return r.target == target && r.created.After(kept(now.Add(-span)))
			}))
		}
		if limits.PerMinute > 0 && since(time.Minute) >= limits.PerMinute || limits.PerDay > 0 && since(24*time.Hour) >= limits.PerDay {
			return refusal(app.TooOften, "put code")
		}
		if live, found := c.live(target); found {
			live.replaced = true
			put(tx, c.db.codes, live.id, live)
		}
		c.db.lastCode++
		row := codeRow{id: c.db.lastCode, target: target, code: code, created: kept(now), expires: kept(expires)}
		put(tx, c.db.codes, row.id, row)
		return nil
	})
}

// live is the target's latest code.
func (c *codes) live(target string) (codeRow, bool) {
	for _, row := range c.db.codes {
		if row.target == target && !row.replaced {
			return row, true
		}
	}
	return codeRow{}, false
}

func (c *codes) Withdraw(ctx context.Context, target string, code app.Secret) error {
	return c.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if live, found := c.live(target); found && !live.redeemed && live.code == code {
			drop(tx, c.db.codes, live.id)
		}
		return nil
	})
}

func (c *codes) Check(ctx context.Context, target string, code app.Secret, now time.Time) (app.CodeRef, error) {
	const op = "check code"
	var ref app.CodeRef
	var right, expired bool
	err := c.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		live, found := c.live(target)
		if !found || live.redeemed || live.tries >= codeTries {
			return nil
		}
		if right = live.code == code; right {
			ref.ID, expired = live.id, !live.expires.After(kept(now))
			return nil
		}
		live.tries++
		put(tx, c.db.codes, live.id, live)
		return nil
	})
	switch {
	case err != nil:
		return app.CodeRef{}, err
	case !right:
		return app.CodeRef{}, refusal(app.CodeWrong, op)
	case expired:
		return app.CodeRef{}, &app.Error{Kind: app.CodeWrong, Op: op, Err: app.ErrCodeExpired}
	}
	return ref, nil
}

func (c *codes) Redeem(ctx context.Context, ref app.CodeRef, now time.Time) error {
	return c.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		row, found := c.db.codes[ref.ID]
		if !found || row.redeemed || row.replaced || !row.expires.After(kept(now)) {
			return refusal(app.CodeWrong, "redeem code")
		}
		row.redeemed = true
		put(tx, c.db.codes, ref.ID, row)
		return nil
	})
}

func (c *codes) GiveBack(ctx context.Context, ref app.CodeRef) error {
	return c.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if row, found := c.db.codes[ref.ID]; found {
			row.redeemed = false
			put(tx, c.db.codes, ref.ID, row)
		}
		return nil
	})
}
