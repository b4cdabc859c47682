package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"accord/saga"
)

// seenColumns are a saga without its state.
var seenColumns = strings.ReplaceAll(sagaColumns, " state ", " ")

var (
	selectSeen = "SELECT " + columns(seenColumns, "%") + " FROM sagas"
	reviseSaga = "UPDATE sagas SET " + columns(strings.ReplaceAll(sagaReplaced, " state ", " "), "% = :%") + ", epoch = :epoch WHERE id = :id"
)

// List implements saga.Archive.
func (j *journal) List(ctx context.Context, f saga.Filter, p saga.Page) ([]saga.Record, error) {
	const op = "list sagas"
	var where conditions
	where.add(f.Stuck, "stuck = 1")
	where.add(f.Phase != "", "phase = ?", string(f.Phase))
	where.add(f.Flow != "", "flow = ?", f.Flow)
	where.add(f.Subject != "", "subject = ?", f.Subject)
	where.add(!f.Before.IsZero(), "created_at < ?", microsOf(f.Before))
	if p.After != "" {
		var last micros
		if err := j.db.one(ctx, &last, "SELECT created_at FROM sagas WHERE id = ?", p.After); err != nil {
			return nil, during(op, inPlaceOfNone(err, saga.ErrNotFound))
		}
		// The first condition is the one that an index can begin at.
		where.add(true, "created_at <= ? AND (created_at < ? OR id < ?)", last, last, p.After)
	}
	var rows []sagaRow
	query := selectSeen + where.sql() + " ORDER BY created_at DESC, id DESC LIMIT ?"
	if err := j.db.many(ctx, &rows, query, append(where.args, min(p.Limit, saga.MaxPage))...); err != nil {
		return nil, during(op, err)
	}
	records := make([]saga.Record, len(rows))
	for i, row := range rows {
		records[i] = row.record()
	}
	return records, nil
}

// conditions are those of a WHERE clause.
type conditions struct {
	texts []string
	args  []any
}

func (c *conditions) add(wanted bool, text string, args ...any) {
	if wanted {
		c.texts, c.args = append(c.texts, text), append(c.args, args...)
	}
}

func (c *conditions) sql() string {
	if len(c.texts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.texts, " AND ")
}

// Find implements saga.Archive.
func (j *journal) Find(ctx context.Context, id string) (saga.Record, error) {
	var row sagaRow
	if err := j.db.one(ctx, &row, selectSeen+" WHERE id = ?", id); err != nil {
		return saga.Record{}, during("find saga", inPlaceOfNone(err, saga.ErrNotFound))
	}
	return row.record(), nil
}

// Revise implements saga.Archive.
func (j *journal) Revise(ctx context.Context, id string, fn func(context.Context, saga.Record) (saga.Write, error)) error {
	return j.db.atomically(ctx, "revise saga", func(ctx context.Context) error {
		var row sagaRow
		err := j.db.one(ctx, &row, selectSeen+" WHERE id = ?"+j.db.dialect.lock, id)
		if errors.Is(err, sql.ErrNoRows) {
			return saga.ErrNotFound
		}
		if err != nil {
			return err
		}
		w, err := fn(ctx, row.record())
		if err != nil {
			return err
		}
		w.Record.ID, w.Record.Epoch, w.Record.State = id, row.Epoch+1, nil
		statement := reviseSaga
		if w.Record.Phase.Ended() {
			statement = strings.Replace(reviseSaga, "SET ", "SET state = NULL, ", 1)
		}
		return j.replaceBy(ctx, statement, w, row.EntryCount)
	})
}

// Prune implements saga.Archive. Rows that others hold are passed over.
func (j *journal) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	const old = "SELECT id FROM sagas WHERE phase = ? AND updated_at < ? ORDER BY updated_at LIMIT ?"
	removed := 0
	err := j.db.atomically(ctx, "prune sagas", func(ctx context.Context) error {
		var ids []string
		for _, phase := range []saga.Phase{saga.Committed, saga.Aborted} {
			var some []string
			if err := j.db.many(ctx, &some, old+j.db.dialect.lockFree, string(phase), microsOf(before), limit-len(ids)); err != nil {
				return err
			}
			ids = append(ids, some...)
		}
		removed = len(ids)
		if removed == 0 {
			return nil
		}
		for _, statement := range []string{
			"DELETE FROM saga_entries WHERE saga_id IN (?)", "DELETE FROM sagas WHERE id IN (?)",
		} {
			query, args, err := sqlx.In(statement, ids)
			if err != nil {
				return err
			}
			if _, err := j.db.exec(ctx, query, args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}
