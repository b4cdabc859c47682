package store

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"accord/app"
)

const (
	// codeTries is how many wrong tries kill a code, whoever makes them; each client
	// has fewer. A code is one of 31^6, or 888 million.
	codeTries = 100
	// longWindow is how long codes are kept.
	longWindow = 24 * time.Hour
)

// codes implements app.Codes. A code is kept as a hash, salted by its place;
// since it has too few values for a hash alone to hide it, the hash is sealed.
type codes struct {
	db   *database
	seal sealing
}

type codeRow struct {
	ID         int64  `db:"id"`
	Seq        int64  `db:"seq"`
	Code       []byte `db:"code"`
	Purpose    string `db:"purpose"`
	Tries      int    `db:"tries"`
	ExpiresAt  micros `db:"expires_at"`
	RedeemedAt micros `db:"redeemed_at"`
}

// putRounds is how often a code is put anew after all tries of a transaction met
// another code for the target: of many at once, one gets through at a time.
const putRounds = 5

func (c *codes) Put(ctx context.Context, target string, purpose app.Purpose, code app.Secret, expires, now time.Time) (err error) {
	for range putRounds {
		err = c.put(ctx, target, purpose, code, expires, now)
		var met *fault
		if c.db.in(ctx) != nil || !errors.As(err, &met) || !met.transient {
			return err
		}
	}
	return err
}

func (c *codes) put(ctx context.Context, target string, purpose app.Purpose, code app.Secret, expires, now time.Time) error {
	return c.db.atomically(ctx, "put code", func(ctx context.Context) error {
		var last int64
		if err := c.db.one(ctx, &last, "SELECT COALESCE(MAX(seq), 0) FROM codes WHERE target = ?", target); err != nil {
			return err
		}
		if err := c.replace(ctx, target, last+1, purpose, code, expires, now); err != nil {
			return err
		}
		return c.db.prune(ctx, "codes", "created_at", microsOf(now.Add(-longWindow)))
	})
}

func (c *codes) replace(ctx context.Context, target string, seq int64, purpose app.Purpose, code app.Secret, expires, now time.Time) error {
	place := codePlace(target, seq)
	sealed, err := c.seal.seal(codeHash(place, code), "codes", "code", place)
	if err != nil {
		return err
	}
	if _, err := c.db.exec(ctx, "UPDATE codes SET code = NULL WHERE target = ? AND purpose = ? AND code IS NOT NULL",
		target, string(purpose)); err != nil {
		return err
	}
	_, err = c.db.exec(ctx, `INSERT INTO codes (target, seq, purpose, code, tries, created_at, expires_at, redeemed_at)
		VALUES (?, ?, ?, ?, 0, ?, ?, 0)`, target, seq, string(purpose), sealed, microsOf(now), microsOf(expires))
	if isDuplicate(err) { // whoever put one at the same time counts
		return c.db.again(ctx, "two codes for one target at once")
	}
	return err
}

func codePlace(target string, seq int64) string { return fmt.Sprintf("%s/%d", target, seq) }

func codeHash(place string, code app.Secret) []byte {
	sum := sha256.Sum256([]byte(place + "\x00" + code.Reveal()))
	return sum[:]
}

func (c *codes) Withdraw(ctx context.Context, target string, code app.Secret) error {
	return c.db.atomically(ctx, "withdraw code", func(ctx context.Context) error {
		live, err := c.lockLive(ctx, target)
		if err != nil {
			return err
		}
		at, err := c.match(target, code, live)
		if err != nil || at < 0 || live[at].RedeemedAt != 0 {
			return err
		}
		_, err = c.db.exec(ctx, "DELETE FROM codes WHERE id = ?", live[at].ID)
		return err
	})
}

func (c *codes) Check(ctx context.Context, target string, code app.Secret, now time.Time, purposes ...app.Purpose) (app.CodeRef, app.Purpose, error) {
	const op = "check code"
	var row codeRow
	var right bool
	// A wrong try is no error in there: it has to be kept.
	err := c.db.atomically(ctx, op, func(ctx context.Context) (err error) {
		right = false
		live, err := c.lockLive(ctx, target)
		if err != nil {
			return err
		}
		live = slices.DeleteFunc(live, func(r codeRow) bool {
			serves := r.Purpose == string(app.AnyPurpose) || slices.Contains(purposes, app.Purpose(r.Purpose))
			return !serves || r.RedeemedAt != 0 || r.Tries >= codeTries
		})
		at, err := c.match(target, code, live)
		if err != nil {
			return err
		}
		if right = at >= 0; right {
			row = live[at]
			return nil
		}
		return c.countTry(ctx, live)
	})
	switch {
	case err != nil:
		return app.CodeRef{}, "", err
	case !right:
		return app.CodeRef{}, "", &app.Error{Kind: app.CodeWrong, Op: op}
	case row.ExpiresAt <= microsOf(now):
		return app.CodeRef{}, "", &app.Error{Kind: app.CodeWrong, Op: op, Err: app.ErrCodeExpired}
	}
	return app.CodeRef{ID: row.ID}, app.Purpose(row.Purpose), nil
}

// countTry counts a wrong try of each of the codes.
func (c *codes) countTry(ctx context.Context, live []codeRow) error {
	if len(live) == 0 {
		return nil
	}
	ids := make([]int64, len(live))
	for i, row := range live {
		ids[i] = row.ID
	}
	query, args, err := sqlx.In("UPDATE codes SET tries = tries + 1 WHERE id IN (?)", ids)
	if err != nil {
		return err
	}
	_, err = c.db.exec(ctx, query, args...)
	return err
}

// lockLive reads the target's live codes, the latest first, which no one else can
// try until the transaction ends.
func (c *codes) lockLive(ctx context.Context, target string) ([]codeRow, error) {
	var rows []codeRow
	err := c.db.many(ctx, &rows, "SELECT id, seq, purpose, code, tries, expires_at, redeemed_at FROM codes"+
		" WHERE target = ? AND code IS NOT NULL ORDER BY seq DESC"+c.db.dialect.lock, target)
	return rows, err
}

// match returns the index of the live code that this one is, or -1. It compares
// each in constant time.
func (c *codes) match(target string, code app.Secret, live []codeRow) (int, error) {
	found := -1
	for i, row := range live {
		place := codePlace(target, row.Seq)
		wanted, err := c.seal.open(row.Code, "codes", "code", place)
		if err != nil {
			return -1, err
		}
		if subtle.ConstantTimeCompare(wanted, codeHash(place, code)) == 1 && found < 0 {
			found = i
		}
	}
	return found, nil
}

func (c *codes) Redeem(ctx context.Context, ref app.CodeRef, now time.Time) error {
	const op = "redeem code"
	return c.db.atomically(ctx, op, func(ctx context.Context) error {
		n, err := c.db.exec(ctx, "UPDATE codes SET redeemed_at = ? WHERE id = ? AND redeemed_at = 0 AND code IS NOT NULL AND expires_at > ?",
			microsOf(now), ref.ID, microsOf(now))
		return unlessMatched(n, err, &app.Error{Kind: app.CodeWrong, Op: op})
	})
}

func (c *codes) GiveBack(ctx context.Context, ref app.CodeRef) error {
	return c.db.atomically(ctx, "give code back", func(ctx context.Context) error {
		_, err := c.db.exec(ctx, "UPDATE codes SET redeemed_at = 0 WHERE id = ?", ref.ID)
		return err
	})
}
