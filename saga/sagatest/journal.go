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
}

// NewJournal makes an empty journal.
func NewJournal() *Journal {
	return &Journal{records: map[string]saga.Record{}, entries: map[string][]saga.Entry{}}
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
		return w, j.free(w.Record)
	})
	if err == nil {
		j.store(w)
	}
	return err
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
			r.Due = until
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
func (j *Journal) free(r saga.Record) error {
	if _, used := j.records[r.ID]; used {
		return saga.ErrExists
	}
	if r.Exclusive && j.held(r.Subject) {
		return saga.ErrBusy
	}
	return nil
}

func (j *Journal) held(subject string) bool {
	for _, r := range j.records {
		if r.Exclusive && r.Subject == subject && !r.Phase.Ended() {
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
