package store

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"accord/app"
)

// failures implements app.Failures.
type failures struct{ db *database }

type failureRow struct {
	Name   string `db:"name"`
	Failed int    `db:"failed"`
	LastAt micros `db:"last_at"`
	EndsAt micros `db:"ends_at"`
}

func (r failureRow) count() app.FailureCount {
	return app.FailureCount{Failed: r.Failed, Last: r.LastAt.time(), Ends: r.EndsAt.time()}
}

const selectFailures = "SELECT name, failed, last_at, ends_at FROM failures WHERE name "

// errHeld rolls a reservation back.
var errHeld = errors.New("a try has to wait")

func (f *failures) Reserve(ctx context.Context, tries []app.Try, now time.Time) (time.Duration, error) {
	const op = "reserve a try"
	wait, err := f.look(ctx, tries, now)
	if err != nil || wait > 0 {
		return wait, during(op, err)
	}
	err = f.db.atomically(ctx, op, func(ctx context.Context) error {
		wait = 0
		opened := false
		for _, try := range tries {
			first, held, err := f.count(ctx, try, now)
			if err != nil {
				return err
			}
			opened, wait = opened || first, max(wait, held)
		}
		switch {
		case wait > 0:
			return errHeld
		case opened: // who adds a row clears up after others
			return f.db.prune(ctx, "failures", "ends_at", microsOf(now))
		}
		return nil
	})
	if errors.Is(err, errHeld) {
		err = nil
	}
	return wait, err
}

// look finds most of those who have to wait by one read, so that a flood of
// them keeps nobody from writing.
func (f *failures) look(ctx context.Context, tries []app.Try, now time.Time) (time.Duration, error) {
	limits := make(map[string]app.FailureLimit, len(tries))
	keys := make([]string, len(tries))
	for i, try := range tries {
		keys[i], limits[try.Key] = try.Key, try.Limit
	}
	query, args, err := sqlx.In(selectFailures+"IN (?)", keys)
	if err != nil {
		return 0, err
	}
	var rows []failureRow
	if err := f.db.many(ctx, &rows, query, args...); err != nil {
		return 0, err
	}
	var longest time.Duration
	for _, row := range rows {
		_, wait := row.count().Next(limits[row.Name], now)
		longest = max(longest, wait)
	}
	return longest, nil
}

// count adds one try, which nobody else can do under its key until the
// transaction ends. It tells whether it is the first one, or has to wait.
func (f *failures) count(ctx context.Context, try app.Try, now time.Time) (first bool, wait time.Duration, err error) {
	_, err = f.db.exec(ctx, "INSERT INTO failures (name, failed, last_at, ends_at) VALUES (?, 0, 0, 0)"+
		f.db.dialect.orElse+"name = name", try.Key)
	if err != nil {
		return false, 0, err
	}
	var row failureRow
	if err := f.db.one(ctx, &row, selectFailures+"= ?"+f.db.dialect.lock, try.Key); err != nil {
		return false, 0, err
	}
	next, wait := row.count().Next(try.Limit, now)
	if wait > 0 {
		return false, wait, nil
	}
	_, err = f.db.exec(ctx, "UPDATE failures SET failed = ?, last_at = ?, ends_at = ? WHERE name = ?",
		next.Failed, microsOf(next.Last), microsOf(next.Ends), try.Key)
	return next.Failed == 1, 0, err
}

func (f *failures) Release(ctx context.Context, forget, giveBack []string) error {
	return f.db.atomically(ctx, "release a try", func(ctx context.Context) error {
		for _, key := range forget {
			if _, err := f.db.exec(ctx, "DELETE FROM failures WHERE name = ?", key); err != nil {
				return err
			}
		}
		for _, key := range giveBack {
			if _, err := f.db.exec(ctx, "UPDATE failures SET failed = failed - 1 WHERE name = ? AND failed > 0", key); err != nil {
				return err
			}
		}
		return nil
	})
}
