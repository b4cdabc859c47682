package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"accord/saga"
)

// journal implements saga.Journal and saga.Archive.
type journal struct {
	db   *database
	seal sealing
}

var (
	insertSaga    = "INSERT INTO sagas (" + columns(sagaColumns, "%") + ") VALUES (" + columns(sagaColumns, ":%") + ")"
	updateSaga    = "UPDATE sagas SET " + columns(sagaReplaced, "% = :%") + " WHERE id = :id"
	selectSaga    = "SELECT " + columns(sagaColumns, "%") + " FROM sagas WHERE id = ?"
	insertEntries = "INSERT INTO saga_entries (" + columns(entryColumns, "%") + ") VALUES (" + columns(entryColumns, ":%") + ")"
	selectEntries = "SELECT " + columns(entryColumns, "%") + " FROM saga_entries WHERE saga_id = ? ORDER BY seq"
)

func (j *journal) Begin(ctx context.Context, fn saga.WriteFunc) error {
	return j.db.atomically(ctx, "begin saga", func(ctx context.Context) error {
		w, err := fn(ctx)
		if err != nil {
			return err
		}
		row, err := j.rowOf(w.Record)
		if err != nil {
			return err
		}
		row.EntryCount = int64(len(w.Entries))
		if _, err := j.db.named(ctx, insertSaga, row); err != nil {
			return inPlaceOf(err, saga.ErrExists)
		}
		if err := j.hold(ctx, w); err != nil {
			return err
		}
		return j.addEntries(ctx, entryRows(row.ID, 0, w.Entries))
	})
}

func (j *journal) Append(ctx context.Context, id string, epoch int64, fn saga.WriteFunc) error {
	return j.db.atomically(ctx, "append to saga", func(ctx context.Context) error {
		var stored sagaRow
		err := j.db.one(ctx, &stored, "SELECT epoch, owner, due, entry_count FROM sagas WHERE id = ?"+j.db.dialect.lock, id)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return saga.ErrNotFound
		case err != nil:
			return err
		case stored.Epoch != epoch:
			return saga.ErrFenced
		}
		w, err := fn(ctx)
		if err != nil {
			return err
		}
		w.Record.ID = id
		if due := stored.Due.time(); w.Record.Owner != "" && w.Record.Owner == stored.Owner && due.After(w.Record.Due) {
			w.Record.Due = due
		}
		return j.replace(ctx, w, stored.EntryCount)
	})
}

func (j *journal) replace(ctx context.Context, w saga.Write, lastEntry int64) error {
	return j.replaceBy(ctx, updateSaga, w, lastEntry)
}

func (j *journal) replaceBy(ctx context.Context, statement string, w saga.Write, lastEntry int64) error {
	row, err := j.rowOf(w.Record)
	if err != nil {
		return err
	}
	row.EntryCount = lastEntry + int64(len(w.Entries))
	if _, err := j.db.named(ctx, statement, row); err != nil {
		return err
	}
	if w.Record.Phase.Ended() {
		if err := j.release(ctx, row.ID); err != nil {
			return err
		}
	}
	return j.addEntries(ctx, entryRows(row.ID, lastEntry, w.Entries))
}

// hold takes the subjects of an exclusive saga, in one order everywhere. One
// that begins in an ended phase has to find them free all the same.
func (j *journal) hold(ctx context.Context, w saga.Write) error {
	r := w.Record
	if !r.Exclusive {
		return nil
	}
	subjects := append([]string{r.Subject}, w.Also...)
	slices.Sort(subjects)
	for _, subject := range slices.Compact(subjects) {
		if err := j.holdOne(ctx, subject, r); err != nil {
			return inPlaceOf(err, saga.ErrBusy)
		}
	}
	if r.Precedes() {
		if _, err := j.db.exec(ctx, "DELETE FROM saga_reservations WHERE saga_id = ?", r.ID); err != nil {
			return err
		}
	}
	if r.Phase.Ended() {
		return j.release(ctx, r.ID)
	}
	return nil
}

// holdOne takes one subject for a saga. The same statement asks whether it is
// reserved for another.
func (j *journal) holdOne(ctx context.Context, subject string, r saga.Record) error {
	if r.Precedes() {
		_, err := j.db.exec(ctx, "INSERT INTO saga_holds (subject, saga_id) VALUES (?, ?)", subject, r.ID)
		return err
	}
	n, err := j.db.exec(ctx, `INSERT INTO saga_holds (subject, saga_id) SELECT ?, ? FROM (SELECT 1) one
		WHERE NOT EXISTS (SELECT 1 FROM saga_reservations WHERE saga_reservations.subject = ? AND ends_at > ?)`,
		subject, r.ID, subject, microsOf(r.UpdatedAt))
	return unlessMatched(n, err, saga.ErrBusy)
}

func (j *journal) Reserve(ctx context.Context, id string, subjects []string, now, until time.Time) error {
	return j.db.atomically(ctx, "reserve subjects", func(ctx context.Context) error {
		var s statement
		s.add("INSERT INTO saga_reservations (saga_id, subject, ends_at) VALUES ")
		for i, subject := range slices.Compact(slices.Sorted(slices.Values(subjects))) {
			s.addIf(i > 0, ", ")
			s.add("(?, ?, ?)", id, subject, microsOf(until))
		}
		s.add(j.db.dialect.orElse+"ends_at = ?", microsOf(until))
		if _, err := j.db.exec(ctx, s.text.String(), s.args...); err != nil {
			return err
		}
		return j.db.pruneBy(ctx, "saga_reservations", "saga_id", "ends_at", microsOf(now), pruneBatch)
	})
}

func (j *journal) release(ctx context.Context, id string) error {
	_, err := j.db.exec(ctx, "DELETE FROM saga_holds WHERE saga_id = ?", id)
	return err
}

func (j *journal) addEntries(ctx context.Context, rows []entryRow) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := j.db.named(ctx, insertEntries, rows)
	return err
}

// inPlaceOf gives a violated unique key its meaning.
func inPlaceOf(err, meaning error) error {
	if isDuplicate(err) {
		return meaning
	}
	return err
}

func (j *journal) Renew(ctx context.Context, owner string, until time.Time) (int, error) {
	if owner == "" { // parked sagas have no owner
		return 0, nil
	}
	var n int64
	err := j.db.atomically(ctx, "renew leases", func(ctx context.Context) (err error) {
		n, err = j.db.exec(ctx, "UPDATE sagas SET due = CASE WHEN due < ? THEN ? ELSE due END WHERE owner = ?", microsOf(until), microsOf(until), owner)
		return err
	})
	return int(n), err
}

func (j *journal) Load(ctx context.Context, id string) (saga.Record, error) {
	var row sagaRow
	switch err := j.db.one(ctx, &row, selectSaga, id); {
	case errors.Is(err, sql.ErrNoRows):
		return saga.Record{}, saga.ErrNotFound
	case err != nil:
		return saga.Record{}, during("load saga", err)
	}
	return j.recordOf(row)
}

func (j *journal) Entries(ctx context.Context, id string) ([]saga.Entry, error) {
	const op = "load saga entries"
	var rows []entryRow
	if err := j.db.many(ctx, &rows, selectEntries, id); err != nil {
		return nil, during(op, err)
	}
	if len(rows) == 0 { // of a saga without entries, or of none
		var known int
		if err := j.db.one(ctx, &known, "SELECT COUNT(*) FROM sagas WHERE id = ?", id); err != nil {
			return nil, during(op, err)
		}
		if known == 0 {
			return nil, saga.ErrNotFound
		}
	}
	entries := make([]saga.Entry, len(rows))
	for i, row := range rows {
		entries[i] = row.entry()
	}
	return entries, nil
}
