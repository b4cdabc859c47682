package store

import (
	"context"
	"time"

	"accord/app"
)

// challenges implements app.Challenges. A challenge that was solved, or answered
// wrongly too often, is a row that is gone.
type challenges struct {
	db   *database
	seal sealing
}

type challengeRow struct {
	ID     int64  `db:"id"`
	Answer []byte `db:"answer"`
	Tries  int    `db:"tries"`
}

func (c *challenges) Put(ctx context.Context, id string, kind app.ChallengeKind, answer app.Secret, ends, now time.Time) error {
	sealed, err := c.seal.seal([]byte(answer.Reveal()), "challenges", "answer", id)
	if err != nil {
		return err
	}
	return c.db.atomically(ctx, "keep a challenge", func(ctx context.Context) error {
		_, err := c.db.exec(ctx, "INSERT INTO challenges (name, kind, answer, tries, ends_at) VALUES (?, ?, ?, 0, ?)",
			id, string(kind), sealed, microsOf(ends))
		if err != nil {
			return err
		}
		return c.db.prune(ctx, "challenges", "ends_at", microsOf(now))
	})
}

func (c *challenges) Solve(
	ctx context.Context, id string, kind app.ChallengeKind, now time.Time, right func(answer app.Secret) bool,
) error {
	const op = "solve a challenge"
	var solved bool
	// A wrong answer is no error in there: it has to be counted.
	err := c.db.atomically(ctx, op, func(ctx context.Context) error {
		solved = false
		var row challengeRow
		err := c.db.one(ctx, &row, "SELECT id, answer, tries FROM challenges WHERE name = ? AND kind = ? AND ends_at > ?"+
			c.db.dialect.lock, id, string(kind), microsOf(now))
		if err != nil {
			return inPlaceOfNone(err, nil)
		}
		answer, err := c.seal.open(row.Answer, "challenges", "answer", id)
		if err != nil {
			return err
		}
		solved = right(app.Secret(answer))
		if solved || row.Tries+1 >= app.ChallengeTries {
			_, err = c.db.exec(ctx, "DELETE FROM challenges WHERE id = ?", row.ID)
		} else {
			_, err = c.db.exec(ctx, "UPDATE challenges SET tries = tries + 1 WHERE id = ?", row.ID)
		}
		return err
	})
	if err == nil && !solved {
		err = &app.Error{Kind: app.CodeWrong, Op: op}
	}
	return err
}
