package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"accord/app"
	"accord/saga"
)

// leftovers implements app.Leftovers.
type leftovers struct{ db *database }

// clearing says which rows of a table are of no use when the time in a column
// has come, and how long after it.
type clearing struct {
	table, column, also string
	// key is the primary key, if it is not called id.
	key  string
	keep time.Duration
}

var clearings = map[app.Leftover]clearing{
	app.OldCodes:         {table: "codes", column: "created_at", also: "1 = 1", keep: longWindow},
	app.OldCounters:      {table: "counters", column: "ends_at", also: "1 = 1"},
	app.OldFailures:      {table: "failures", column: "ends_at", also: "1 = 1"},
	app.OldBudgets:       {table: "budgets", column: "ends_at", also: "1 = 1", key: "name", keep: budgetsKeep},
	app.OldAnswers:       {table: "answers", column: "ends_at", also: "1 = 1"},
	app.OldProofs:        {table: "proofs", column: "ends_at", also: "1 = 1"},
	app.OldChallenges:    {table: "challenges", column: "ends_at", also: "1 = 1"},
	app.ClosedSessions:   {table: "sessions", column: "closed_at", also: "closed_at > 0"},
	app.ReservedSessions: {table: "sessions", column: "created_at", also: "closed_at = 0 AND opened_at = 0"},
}

func (l *leftovers) Clear(ctx context.Context, kind app.Leftover, before time.Time, limit int) (int, error) {
	c, known := clearings[kind]
	if !known {
		return 0, &app.Error{Kind: app.Internal, Op: "clear up", Err: fmt.Errorf("%q is no kind of leftover", kind)}
	}
	key := cmp.Or(c.key, "id")
	find := fmt.Sprintf("SELECT %s FROM %s WHERE %s <= ? AND %s ORDER BY %[3]s LIMIT ?", key, c.table, c.column, c.also)
	return l.each(ctx, "clear up", find, []any{microsOf(before.Add(-c.keep)), limit}, "DELETE FROM "+c.table+" WHERE "+key+" IN (?)")
}

// each runs change, whose last parameter is a list of ids, on the rows that find
// finds and nobody else has locked, and returns how many those are.
func (l *leftovers) each(ctx context.Context, op, find string, args []any, change string, values ...any) (n int, err error) {
	err = l.db.atomically(ctx, op, func(ctx context.Context) error {
		var ids []any
		if err := l.db.many(ctx, &ids, find+l.db.dialect.lockFree, args...); err != nil {
			return err
		}
		if n = len(ids); n == 0 {
			return nil
		}
		query, args, err := sqlx.In(change, append(values[:len(values):len(values)], ids)...)
		if err != nil {
			return err
		}
		_, err = l.db.exec(ctx, query, args...)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (l *leftovers) AbandonReserved(ctx context.Context, before, at time.Time, limit int) (int, error) {
	const op = "abandon reserved accounts"
	var n int
	err := l.db.atomically(ctx, op, func(ctx context.Context) error {
		var ids []string
		err := l.db.many(ctx, &ids, `SELECT id FROM accounts WHERE status = ? AND created_at <= ?
			AND NOT EXISTS (SELECT 1 FROM sagas WHERE sagas.subject = accounts.id AND sagas.phase NOT IN (?, ?))
			ORDER BY created_at LIMIT ?`, app.Reserved, microsOf(before), saga.Committed, saga.Aborted, limit)
		if err != nil {
			return err
		}
		n = len(ids)
		for _, id := range ids {
			if err := (&accounts{db: l.db}).Abandon(ctx, id, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// Strip marks a row that is stripped by a time of zero, so that it is not looked
// at again.
func (l *leftovers) Strip(ctx context.Context, before time.Time, limit int) (int, error) {
	return l.each(ctx, "strip abandoned accounts",
		"SELECT id FROM accounts WHERE status = ? AND updated_at > 0 AND updated_at <= ? ORDER BY updated_at LIMIT ?",
		[]any{app.Abandoned, microsOf(before), limit},
		`UPDATE accounts SET username = '', email = '', country = '', mobile = '', nickname = '', nickname_key = '', avatar_url = '', description = '',
			website = '', location = '', password_hash = '', storage_secret = NULL, attributes = NULL, updated_at = 0
			WHERE id IN (?)`)
}

func (l *leftovers) Position(ctx context.Context, name string) (string, error) {
	var position string
	err := l.db.one(ctx, &position, "SELECT position FROM sweep_positions WHERE name = ?", name)
	return position, during("read a position", inPlaceOfNone(err, nil))
}

func (l *leftovers) SetPosition(ctx context.Context, name, position string) error {
	return l.db.atomically(ctx, "keep a position", func(ctx context.Context) error {
		_, err := l.db.exec(ctx, "INSERT INTO sweep_positions (name, position) VALUES (?, ?)"+
			l.db.dialect.orElse+"position = ?", name, position, position)
		return err
	})
}
