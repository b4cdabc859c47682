package sagatest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"accord/saga"
)

var _ saga.Archive = (*Journal)(nil)

// List implements saga.Archive.
func (j *Journal) List(ctx context.Context, f saga.Filter, p saga.Page) ([]saga.Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	last, ok := j.records[p.After]
	if p.After != "" && !ok {
		return nil, saga.ErrNotFound
	}
	var found []saga.Record
	for _, r := range j.records {
		if wanted(f, r) && (p.After == "" || newestFirst(last, r) < 0) {
			r = clone(r)
			r.State = nil
			found = append(found, r)
		}
	}
	slices.SortFunc(found, newestFirst)
	return found[:min(len(found), p.Limit)], ctx.Err()
}

func newestFirst(a, b saga.Record) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
}

func wanted(f saga.Filter, r saga.Record) bool {
	return (!f.Stuck || r.Stuck) && (f.Phase == "" || f.Phase == r.Phase) &&
		(f.Flow == "" || f.Flow == r.Flow) && (f.Subject == "" || f.Subject == r.Subject) &&
		(f.Before.IsZero() || r.CreatedAt.Before(f.Before))
}

// Find implements saga.Archive.
func (j *Journal) Find(ctx context.Context, id string) (saga.Record, error) {
	r, err := j.Load(ctx, id)
	r.State = nil
	return r, err
}

// Revise implements saga.Archive.
func (j *Journal) Revise(ctx context.Context, id string, fn func(context.Context, saga.Record) (saga.Write, error)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	stored, ok := j.records[id]
	if !ok {
		return saga.ErrNotFound
	}
	w, err := run(ctx, func(ctx context.Context) (saga.Write, error) {
		shown := clone(stored)
		shown.State = nil
		return fn(ctx, shown)
	})
	if err != nil {
		return err
	}
	w.Record.ID, w.Record.Epoch, w.Record.CreatedAt, w.Record.Origin = id, stored.Epoch+1, stored.CreatedAt, stored.Origin
	w.Record.State = stored.State
	j.store(w)
	return nil
}

// Prune implements saga.Archive.
func (j *Journal) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	for id, r := range j.records {
		if n < limit && r.Phase.Ended() && r.UpdatedAt.Before(before) {
			delete(j.records, id)
			delete(j.entries, id)
			n++
		}
	}
	return n, nil
}
