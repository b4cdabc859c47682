package store

import (
	"context"
	"crypto/subtle"
	"strconv"
	"time"

	"accord/app"
)

// answers implements app.Answers. A row past its time, be it that of the claim
// or of the answer, is as good as absent. A claim is the id of its row, and ids
// are never used again, so whoever lost a claim cannot touch its successor.
//
// The fingerprint is sealed as well: a request may hold a password, which could
// be guessed from a plain hash.
type answers struct {
	db   *database
	seal sealing
}

type answerRow struct {
	ID          int64  `db:"id"`
	Fingerprint []byte `db:"fingerprint"`
	Answer      []byte `db:"answer"`
}

func (a *answers) Begin(ctx context.Context, key string, fingerprint []byte, now, lease time.Time) (app.Asked, error) {
	const op = "begin an answer"
	// Repeats, and whoever waits for an answer, lock nothing.
	row, err := a.live(ctx, key, now)
	if err != nil || row.ID != 0 {
		return a.standing(row, key, fingerprint, during(op, err))
	}
	var asked app.Asked
	err = a.db.atomically(ctx, op, func(ctx context.Context) error {
		claim, err := a.claim(ctx, key, fingerprint, now, lease)
		asked = app.Asked{Claim: claim}
		if !isDuplicate(err) {
			return err
		}
		row, err := a.live(ctx, key, now)
		if err == nil && row.ID == 0 {
			return a.db.again(ctx, "a claim was given up meanwhile")
		}
		asked, err = a.standing(row, key, fingerprint, err)
		return err
	})
	return asked, err
}

// claim inserts a row for the key and returns its id. The error is a duplicate
// where another has a row that is not past its time.
func (a *answers) claim(ctx context.Context, key string, fingerprint []byte, now, lease time.Time) (int64, error) {
	sealed, err := a.seal.seal(fingerprint, "answers", "fingerprint", key)
	if err != nil {
		return 0, err
	}
	if _, err := a.db.exec(ctx, "DELETE FROM answers WHERE name = ? AND ends_at <= ?", key, microsOf(now)); err != nil {
		return 0, err
	}
	if _, err := a.db.exec(ctx, "INSERT INTO answers (name, fingerprint, ends_at) VALUES (?, ?, ?)", key, sealed, microsOf(lease)); err != nil {
		return 0, err
	}
	var id int64
	if err := a.db.one(ctx, &id, "SELECT id FROM answers WHERE name = ?", key); err != nil {
		return 0, err
	}
	return id, a.db.prune(ctx, "answers", "ends_at", microsOf(now))
}

// live reads the key's row; the zero value where there is none.
func (a *answers) live(ctx context.Context, key string, now time.Time) (answerRow, error) {
	var row answerRow
	err := a.db.one(ctx, &row, "SELECT id, fingerprint, answer FROM answers WHERE name = ? AND ends_at > ?", key, microsOf(now))
	return row, inPlaceOfNone(err, nil)
}

// standing is what a row, unless reading it failed, says to a request.
func (a *answers) standing(row answerRow, key string, fingerprint []byte, err error) (app.Asked, error) {
	if err != nil {
		return app.Asked{}, err
	}
	first, err := a.seal.open(row.Fingerprint, "answers", "fingerprint", key)
	if err != nil {
		return app.Asked{}, err
	}
	if subtle.ConstantTimeCompare(first, fingerprint) != 1 {
		return app.Asked{}, app.ErrKeyReused
	}
	answer, err := a.seal.open(row.Answer, "answers", "answer", answerPlace(row.ID))
	return app.Asked{Answer: answer}, err
}

func answerPlace(claim int64) string { return strconv.FormatInt(claim, 10) }

func (a *answers) Keep(ctx context.Context, claim int64, answer []byte, until time.Time) error {
	sealed, err := a.seal.seal(answer, "answers", "answer", answerPlace(claim))
	if err != nil {
		return err
	}
	return a.db.atomically(ctx, "keep an answer", func(ctx context.Context) error {
		_, err := a.db.exec(ctx, "UPDATE answers SET answer = ?, ends_at = ? WHERE id = ? AND answer IS NULL", sealed, microsOf(until), claim)
		return err
	})
}

func (a *answers) Drop(ctx context.Context, claim int64) error {
	return a.db.atomically(ctx, "drop an answer", func(ctx context.Context) error {
		_, err := a.db.exec(ctx, "DELETE FROM answers WHERE id = ? AND answer IS NULL", claim)
		return err
	})
}
