package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"accord/app"
)

// codes implements app.Codes.
type codes struct{ db *tables }

type codeRow struct {
	id       int64
	target   string
	purpose  app.Purpose
	code     app.Secret
	replaced bool
	redeemed bool
	tries    int
	// created is when it was put.
	created, expires time.Time
}

// codeTries is how many wrong tries kill a code.
const codeTries = 100

func (c *codes) Put(ctx context.Context, target string, purpose app.Purpose, code app.Secret, expires, now time.Time) error {
	return c.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		for _, live := range c.live(target) {
			if live.purpose == purpose {
				live.replaced = true
				put(tx, c.db.codes, live.id, live)
			}
		}
		c.db.lastCode++
		row := codeRow{id: c.db.lastCode, target: target, purpose: purpose, code: code, created: kept(now), expires: kept(expires)}
		put(tx, c.db.codes, row.id, row)
		return nil
	})
}

// live returns the target's codes, one of each purpose, the latest first.
func (c *codes) live(target string) []codeRow {
	var live []codeRow
	for _, row := range c.db.codes {
		if row.target == target && !row.replaced {
			live = append(live, row)
		}
	}
	slices.SortFunc(live, func(a, b codeRow) int { return cmp.Compare(b.id, a.id) })
	return live
}

func (c *codes) Withdraw(ctx context.Context, target string, code app.Secret) error {
	return c.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		for _, live := range c.live(target) {
			if live.code == code {
				if !live.redeemed {
					drop(tx, c.db.codes, live.id)
				}
				return nil
			}
		}
		return nil
	})
}

func (c *codes) Check(ctx context.Context, target string, code app.Secret, now time.Time, purposes ...app.Purpose) (app.CodeRef, app.Purpose, error) {
	const op = "check code"
	var ref app.CodeRef
	var purpose app.Purpose
	var right, expired bool
	err := c.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		live := slices.DeleteFunc(c.live(target), func(r codeRow) bool {
			serves := r.purpose == app.AnyPurpose || slices.Contains(purposes, r.purpose)
			return !serves || r.redeemed || r.tries >= codeTries
		})
		at := slices.IndexFunc(live, func(r codeRow) bool { return r.code == code })
		if right = at >= 0; right {
			ref.ID, purpose, expired = live[at].id, live[at].purpose, !live[at].expires.After(kept(now))
			return nil
		}
		for _, row := range live {
			row.tries++
			put(tx, c.db.codes, row.id, row)
		}
		return nil
	})
	switch {
	case err != nil:
		return app.CodeRef{}, "", err
	case !right:
		return app.CodeRef{}, "", refusal(app.CodeWrong, op)
	case expired:
		return app.CodeRef{}, "", &app.Error{Kind: app.CodeWrong, Op: op, Err: app.ErrCodeExpired}
	}
	return ref, purpose, nil
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
