package sagatest

import (
	"context"
	"time"

	"accord/saga"
)

// Op names a method of saga.Journal.
type Op string

// The methods that Interposed tells apart.
const (
	OpBegin   Op = "begin"
	OpReserve Op = "reserve"
	OpAppend  Op = "append"
	OpClaim   Op = "claim"
	OpRenew   Op = "renew"
	OpLoad    Op = "load"
	OpEntries Op = "entries"
)

// Interposed is a journal that can fail. An error of Before is returned instead
// of calling; an error of After is returned instead of success, and what was
// written stays written. Either may be nil.
type Interposed struct {
	saga.Journal
	Before, After func(Op) error
}

var _ saga.Journal = (*Interposed)(nil)

// Begin implements saga.Journal.
func (i *Interposed) Begin(ctx context.Context, fn saga.WriteFunc) error {
	return i.around(OpBegin, func() error { return i.Journal.Begin(ctx, fn) })
}

// Reserve implements saga.Journal.
func (i *Interposed) Reserve(ctx context.Context, id string, subjects []string, now, until time.Time) error {
	return i.around(OpReserve, func() error { return i.Journal.Reserve(ctx, id, subjects, now, until) })
}

// Append implements saga.Journal.
func (i *Interposed) Append(ctx context.Context, id string, epoch int64, fn saga.WriteFunc) error {
	return i.around(OpAppend, func() error { return i.Journal.Append(ctx, id, epoch, fn) })
}

// Claim implements saga.Journal.
func (i *Interposed) Claim(ctx context.Context, owner string, now, until time.Time, limit int) (claimed []saga.Record, err error) {
	err = i.around(OpClaim, func() (err error) {
		claimed, err = i.Journal.Claim(ctx, owner, now, until, limit)
		return err
	})
	return claimed, err
}

// Renew implements saga.Journal.
func (i *Interposed) Renew(ctx context.Context, owner string, until time.Time) (n int, err error) {
	err = i.around(OpRenew, func() (err error) {
		n, err = i.Journal.Renew(ctx, owner, until)
		return err
	})
	return n, err
}

// Load implements saga.Journal.
func (i *Interposed) Load(ctx context.Context, id string) (rec saga.Record, err error) {
	err = i.around(OpLoad, func() (err error) {
		rec, err = i.Journal.Load(ctx, id)
		return err
	})
	return rec, err
}

// Entries implements saga.Journal.
func (i *Interposed) Entries(ctx context.Context, id string) (entries []saga.Entry, err error) {
	err = i.around(OpEntries, func() (err error) {
		entries, err = i.Journal.Entries(ctx, id)
		return err
	})
	return entries, err
}

func (i *Interposed) around(op Op, call func() error) error {
	if i.Before != nil {
		if err := i.Before(op); err != nil {
			return err
		}
	}
	if err := call(); err != nil {
		return err
	}
	if i.After != nil {
		return i.After(op)
	}
	return nil
}
