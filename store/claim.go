package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"accord/saga"
)

var selectDue = "SELECT " + columns(sagaColumns, "%") +
	" FROM sagas WHERE runnable = 1 AND due <= ? AND (due > ? OR due = ? AND id > ?) ORDER BY due, id LIMIT ?"

// maxUnreadable bounds the sagas that one claim passes over because they cannot
// be read, and toldUnreadable those that it names in the log.
const maxUnreadable, toldUnreadable = 10_000, 10

// Claim passes over sagas whose rows are locked, so that a replica that froze
// within a transaction keeps nobody from the others. A saga that cannot be read
// is left as it is, since another replica may have its key, and logged: however
// many there are, they must not hold up the rest.
func (j *journal) Claim(ctx context.Context, owner string, now, until time.Time, limit int) ([]saga.Record, error) {
	var claimed []saga.Record
	err := j.db.atomically(ctx, "claim sagas", func(ctx context.Context) error {
		due, entries, err := j.due(ctx, now, limit)
		if claimed = due; err != nil || len(due) == 0 {
			return err
		}
		var ids []string
		var takeovers []entryRow
		for i := range claimed {
			record := &claimed[i]
			record.Epoch++
			if record.Owner != "" {
				record.Attempts++
				takeover := saga.Entry{Event: saga.EventTakenOver, Epoch: record.Epoch, At: now}
				takeovers = append(takeovers, entryRows(record.ID, entries[i], []saga.Entry{takeover})...)
			}
			record.Owner, record.Due, record.UpdatedAt = owner, microsOf(until).time(), microsOf(now).time()
			ids = append(ids, record.ID)
		}
		if err := j.lease(ctx, ids, owner, now, until); err != nil {
			return err
		}
		return j.addEntries(ctx, takeovers)
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// due reads the sagas that are due and can be read, at most limit, and how many
// entries each has.
func (j *journal) due(ctx context.Context, now time.Time, limit int) (due []saga.Record, entries []int64, err error) {
	var last sagaRow
	for passed := 0; len(due) < limit && passed < maxUnreadable; {
		var rows []sagaRow
		page := max(limit-len(due), min(passed, 500))
		if err := j.db.many(ctx, &rows, selectDue+j.db.dialect.lockFree, microsOf(now), last.Due, last.Due, last.ID, page); err != nil {
			return nil, nil, err
		}
		for _, row := range rows {
			record, err := j.recordOf(row)
			switch {
			case err == nil && len(due) < limit:
				due, entries = append(due, record), append(entries, row.EntryCount)
			case err != nil:
				if passed++; passed <= toldUnreadable {
					j.db.log.ErrorContext(ctx, "a saga that is due cannot be read", "saga", row.ID, "flow", row.Flow, "error", err)
				}
			}
		}
		if len(rows) < page {
			break
		}
		last = rows[len(rows)-1]
	}
	return due, entries, nil
}

// lease counts the entry and the attempt of a takeover before the owner changes: MySQL assigns
// from left to right and sees its own assignments.
func (j *journal) lease(ctx context.Context, ids []string, owner string, now, until time.Time) error {
	query, args, err := sqlx.In(`UPDATE sagas
		SET entry_count = entry_count + CASE WHEN owner = '' THEN 0 ELSE 1 END,
			attempts = attempts + CASE WHEN owner = '' THEN 0 ELSE 1 END,
			epoch = epoch + 1, owner = ?, due = ?, updated_at = ?
		WHERE id IN (?)`, owner, microsOf(until), microsOf(now), ids)
	if err != nil {
		return err
	}
	_, err = j.db.exec(ctx, query, args...)
	return err
}
