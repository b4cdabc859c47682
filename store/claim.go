package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"accord/saga"
)

var selectDue = "SELECT " + columns(sagaColumns, "%") +
	" FROM sagas WHERE runnable = 1 AND due <= ? ORDER BY due, id LIMIT ?"

// Claim passes over sagas whose rows are locked, so that a replica that froze
// within a transaction keeps nobody from the others. A saga whose state cannot
// be opened is left as it is and logged: it must not hold up the rest.
func (j *journal) Claim(ctx context.Context, owner string, now, until time.Time, limit int) ([]saga.Record, error) {
	var claimed []saga.Record
	err := j.db.atomically(ctx, "claim sagas", func(ctx context.Context) error {
		claimed = nil
		var due []sagaRow
		if err := j.db.many(ctx, &due, selectDue+j.db.dialect.lockFree, microsOf(now), limit); err != nil {
			return err
		}
		var ids []string
		var takeovers []entryRow
		for _, row := range due {
			record, err := j.recordOf(row)
			if err != nil {
				j.db.log.ErrorContext(ctx, "a saga that is due cannot be read", "saga", row.ID, "flow", row.Flow, "error", err)
				continue
			}
			record.Epoch++
			if record.Owner != "" {
				record.Attempts++
				takeover := saga.Entry{Event: saga.EventTakenOver, Epoch: record.Epoch, At: now}
				takeovers = append(takeovers, entryRows(row.ID, row.EntryCount, []saga.Entry{takeover})...)
			}
			record.Owner, record.Due, record.UpdatedAt = owner, microsOf(until).time(), microsOf(now).time()
			ids, claimed = append(ids, row.ID), append(claimed, record)
		}
		if len(ids) == 0 {
			return nil
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
