// Package sagatest helps to test sagas: a conformance suite for journals, a
// journal in memory that passes it, a clock that is set by hand, and a harness
// that fails every step of a flow in every way.
package sagatest

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"accord/saga"
)

// Journal keeps sagas in memory. It has no other data than its own: local steps
// say themselves how they are rolled back, see Rollback. WriteFuncs run one at
// a time and must not call the journal.
type Journal struct {
	mu      sync.Mutex
	records map[string]saga.Record
	entries map[string][]saga.Entry
	// also are the further subjects of exclusive sagas, by their ids.
	also map[string][]string
	// reserved is until when subjects are, by the ids of the sagas that wait.
	reserved map[string]map[string]time.Time
}

// NewJournal makes an empty journal.
func NewJournal() *Journal {
	return &Journal{
		records: map[string]saga.Record{}, entries: map[string][]saga.Entry{}, also: map[string][]string{},
		reserved: map[string]map[string]time.Time{},
	}
}

var _ saga.Journal = (*Journal)(nil)

// Begin implements saga.Journal.
func (j *Journal) Begin(ctx context.Context, fn saga.WriteFunc) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	w, err := run(ctx, func(ctx context.Context) (saga.Write, error) {
		w, err := fn(ctx)
		if err != nil {
			return w, err
		}
		return w, j.free(w)
	})
	if err == nil {
		j.also[w.Record.ID] = slices.Clone(w.Also)
		delete(j.reserved, w.Record.ID)
		j.store(w)
	}
	return err
}

// Reserve implements saga.Journal.
func (j *Journal) Reserve(ctx context.Context, id string, subjects []string, _, until time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if j.reserved[id] == nil {
		j.reserved[id] = map[string]time.Time{}
	}
	for _, subject := range subjects {
		j.reserved[id][subject] = until
	}
	return nil
}

// Append implements saga.Journal.
func (j *Journal) Append(ctx context.Context, id string, epoch int64, fn saga.WriteFunc) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	stored, ok := j.records[id]
	if !ok {
		return saga.ErrNotFound
	}
	if stored.Epoch != epoch {
		return saga.ErrFenced
	}
	w, err := run(ctx, fn)
	if err != nil {
		return err
	}
	w.Record.ID, w.Record.Epoch, w.Record.CreatedAt, w.Record.Origin = id, epoch, stored.CreatedAt, stored.Origin
	if w.Record.Owner != "" && w.Record.Owner == stored.Owner && stored.Due.After(w.Record.Due) {
		w.Record.Due = stored.Due
	}
	j.store(w)
	return nil
}

// Claim implements saga.Journal.
func (j *Journal) Claim(ctx context.Context, owner string, now, until time.Time, limit int) ([]saga.Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var due []saga.Record
	for _, r := range j.records {
		if !r.Phase.Ended() && !r.Stuck && !r.Due.After(now) {
			due = append(due, r)
		}
	}
	slices.SortFunc(due, func(a, b saga.Record) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID))
	})
	due = due[:min(limit, len(due))]
	for i, r := range due {
		orphaned := r.Owner != ""
		r.Epoch, r.Owner, r.Due, r.UpdatedAt = r.Epoch+1, owner, until, now
		j.records[r.ID] = r
		if orphaned {
			r.Attempts++
			j.records[r.ID] = r
			j.entries[r.ID] = append(j.entries[r.ID], saga.Entry{Event: saga.EventTakenOver, Epoch: r.Epoch, At: now})
		}
		due[i] = clone(r)
	}
	return due, nil
}

// Renew implements saga.Journal.
func (j *Journal) Renew(ctx context.Context, owner string, until time.Time) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	for id, r := range j.records {
		if r.Owner == owner && owner != "" {
			if until.After(r.Due) {
				r.Due = until
			}
			j.records[id] = r
			n++
		}
	}
	return n, nil
}

// Load implements saga.Journal.
func (j *Journal) Load(ctx context.Context, id string) (saga.Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, ok := j.records[id]
	if !ok {
		return saga.Record{}, saga.ErrNotFound
	}
	return clone(r), ctx.Err()
}

// Entries implements saga.Journal.
func (j *Journal) Entries(ctx context.Context, id string) ([]saga.Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.records[id]; !ok {
		return nil, saga.ErrNotFound
	}
	return slices.Clone(j.entries[id]), ctx.Err()
}

// free tells what stands in the way of a saga's beginning.
func (j *Journal) free(w saga.Write) error {
	r := w.Record
	if _, used := j.records[r.ID]; used {
		return saga.ErrExists
	}
	if !r.Exclusive {
		return nil
	}
	for _, subject := range append([]string{r.Subject}, w.Also...) {
		if j.held(subject) || !r.Precedes() && j.isReserved(subject, r.UpdatedAt) {
			return saga.ErrBusy
		}
	}
	return nil
}

func (j *Journal) isReserved(subject string, now time.Time) bool {
	for _, until := range j.reserved {
		if until[subject].After(now) {
			return true
		}
	}
	return false
}

func (j *Journal) held(subject string) bool {
	for id, r := range j.records {
		if r.Exclusive && !r.Phase.Ended() && (r.Subject == subject || slices.Contains(j.also[id], subject)) {
			return true
		}
	}
	return false
}

func (j *Journal) store(w saga.Write) {
	r := clone(w.Record)
	if r.Phase.Ended() {
		r.State = nil
	}
	j.records[r.ID] = r
	j.entries[r.ID] = append(j.entries[r.ID], w.Entries...)
}

// run calls fn as a database would: not at all, and not to the end, once ctx
// has ended.
func run(ctx context.Context, fn saga.WriteFunc) (saga.Write, error) {
	if err := ctx.Err(); err != nil {
		return saga.Write{}, err
	}
	tx := &transaction{}
	w, err := fn(context.WithValue(ctx, transactionKey{}, tx))
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		tx.rollback()
		return saga.Write{}, err
	}
	return w, nil
}

type transactionKey struct{}

// transaction is what a Journal's WriteFunc has done so far.
type transaction struct{ undos []func() }

func (tx *transaction) rollback() {
	for _, undo := range slices.Backward(tx.undos) {
		undo()
	}
	tx.undos = nil
}

// Rollback says how to take back what a local step has just done, should the
// transaction of a Journal that ctx carries fail. Elsewhere it does nothing.
func Rollback(ctx context.Context, undo func()) {
	if tx, ok := ctx.Value(transactionKey{}).(*transaction); ok {
		tx.undos = append(tx.undos, undo)
	}
}

func clone(r saga.Record) saga.Record {
	r.Steps, r.State = maps.Clone(r.Steps), bytes.Clone(r.State)
	return r
}
