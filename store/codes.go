package store

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"time"

	"accord/app"
)

const (
	// codeTries is how many wrong tries kill a code.
	codeTries = 5
	// shortWindow and longWindow are those of app.CodeLimits. They end at the
	// moment of asking.
	shortWindow, longWindow = time.Minute, 24 * time.Hour
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
	Tries      int    `db:"tries"`
	ExpiresAt  micros `db:"expires_at"`
	RedeemedAt micros `db:"redeemed_at"`
}

// tally is how many codes a target had.
type tally struct {
	Last   int64 `db:"last"`
	Minute int   `db:"minute"`
	Day    int   `db:"day"`
}

// exceeds takes a limit of zero for none.
func (t tally) exceeds(l app.CodeLimits) bool {
	return (l.PerMinute > 0 && t.Minute >= l.PerMinute) || (l.PerDay > 0 && t.Day >= l.PerDay)
}

func (c *codes) Put(ctx context.Context, target string, code app.Secret, expires time.Time, limits app.CodeLimits, now time.Time) error {
	const op = "put code"
	return c.db.atomically(ctx, op, func(ctx context.Context) error {
		var sent tally
		err := c.db.one(ctx, &sent, `SELECT COALESCE(MAX(seq), 0) AS last, COUNT(CASE WHEN created_at > ? THEN 1 END) AS minute,
				COUNT(CASE WHEN created_at > ? THEN 1 END) AS day
			FROM codes WHERE target = ?`, microsOf(now.Add(-shortWindow)), microsOf(now.Add(-longWindow)), target)
		switch {
		case err != nil:
			return err
		case sent.exceeds(limits):
			return &app.Error{Kind: app.TooOften, Op: op}
		}
		if err := c.replace(ctx, target, sent.Last+1, code, expires, now); err != nil {
			return err
		}
		return c.db.prune(ctx, "codes", "created_at", microsOf(now.Add(-longWindow)))
	})
}

func (c *codes) replace(ctx context.Context, target string, seq int64, code app.Secret, expires, now time.Time) error {
	place := codePlace(target, seq)
	sealed, err := c.seal.seal(codeHash(place, code), "codes", "code", place)
	if err != nil {
		return err
	}
	if _, err := c.db.exec(ctx, "UPDATE codes SET code = NULL WHERE target = ? AND code IS NOT NULL", target); err != nil {
		return err
	}
	_, err = c.db.exec(ctx, `INSERT INTO codes (target, seq, code, tries, created_at, expires_at, redeemed_at)
		VALUES (?, ?, ?, 0, ?, ?, 0)`, target, seq, sealed, microsOf(now), microsOf(expires))
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
		row, err := c.lockLive(ctx, target)
		if err != nil || row.RedeemedAt != 0 {
			return err
		}
		if same, err := c.matches(target, row, code); err != nil || !same {
			return err
		}
		_, err = c.db.exec(ctx, "DELETE FROM codes WHERE id = ?", row.ID)
		return err
	})
}

func (c *codes) Check(ctx context.Context, target string, code app.Secret, now time.Time) (app.CodeRef, error) {
	const op = "check code"
	var row codeRow
	var right bool
	// A wrong try is no error in there: it has to be kept.
	err := c.db.atomically(ctx, op, func(ctx context.Context) (err error) {
		right = false
		row, err = c.lockLive(ctx, target)
		if err != nil || row.RedeemedAt != 0 || row.Tries >= codeTries {
			return err
		}
		if right, err = c.matches(target, row, code); err != nil || right {
			return err
		}
		_, err = c.db.exec(ctx, "UPDATE codes SET tries = tries + 1 WHERE id = ?", row.ID)
		return err
	})
	switch {
	case err != nil:
		return app.CodeRef{}, err
	case !right:
		return app.CodeRef{}, &app.Error{Kind: app.CodeWrong, Op: op}
	case row.ExpiresAt <= microsOf(now):
		return app.CodeRef{}, &app.Error{Kind: app.CodeWrong, Op: op, Err: app.ErrCodeExpired}
	}
	return app.CodeRef{ID: row.ID}, nil
}

// lockLive reads the target's latest code, which nobody else can try until the
// transaction ends. It is the zero value where there is none.
func (c *codes) lockLive(ctx context.Context, target string) (codeRow, error) {
	var row codeRow
	err := c.db.one(ctx, &row, "SELECT id, seq, code, tries, expires_at, redeemed_at FROM codes WHERE target = ? AND code IS NOT NULL"+
		c.db.dialect.lock, target)
	return row, inPlaceOfNone(err, nil)
}

// matches compares in constant time. No code matches an absent one.
func (c *codes) matches(target string, row codeRow, code app.Secret) (bool, error) {
	place := codePlace(target, row.Seq)
	wanted, err := c.seal.open(row.Code, "codes", "code", place)
	return err == nil && subtle.ConstantTimeCompare(wanted, codeHash(place, code)) == 1, err
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
