package main

import (
	"bytes"
	"context"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"accord/adapters/keyring"
	"accord/store"
)

const (
	// resealRate bounds the values that a replica seals anew in a second, and
	// resealPageCost is what looking at a page of rows counts for.
	resealRate     = 500
	resealPageCost = 5
	// resealSoon and resealLater are how many ticks pass until the database is
	// gone through again: after values of a replica that lagged, and after none.
	resealSoon, resealLater = 12, 120
	// resealTold is how often progress is told.
	resealTold = 10 * time.Second
)

// resealer seals anew, beside everything else, what was sealed under keys that
// seal no more.
type resealer struct {
	store *store.Store
	keys  *keyring.Live
	now   func() time.Time
	log   *slog.Logger
}

// run goes through the database as soon as a key has retired, and again now and
// then while it is kept, until ctx ends.
func (r resealer) run(ctx context.Context, ticks <-chan time.Time) {
	var settled []byte
	for wait := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		stale := r.keys.Stale()
		marks := bytes.Join(stale, nil)
		if bytes.Equal(marks, settled) && wait > 0 {
			wait--
			continue
		}
		isNew := !bytes.Equal(marks, settled)
		settled, wait = marks, resealLater
		if len(stale) > 0 && !r.pass(ctx, stale, isNew) {
			wait = resealSoon
		}
	}
}

// pass reports whether nothing is left to seal anew.
func (r resealer) pass(ctx context.Context, stale [][]byte, isNew bool) bool {
	limit := rate.NewLimiter(resealRate, resealRate)
	told, before := r.now(), 0
	done, err := r.store.Reseal(ctx, store.ResealOptions{
		Stale: stale,
		Pace: func(ctx context.Context, done store.Resealed) error {
			if r.now().Sub(told) >= resealTold {
				told = r.now()
				r.log.InfoContext(ctx, "sealing anew", "values", done.Total(), "pages", done.Pages)
			}
			cost := resealPageCost + done.Total() - before
			before = done.Total()
			return limit.WaitN(ctx, cost)
		},
	})
	log := r.log.With("values", done.Total(), "columns", done.Values, "overtaken", done.Overtaken, "unreadable", done.Unreadable)
	left := done.Total()+done.Overtaken > 0
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.log.WarnContext(ctx, "sealing anew is tried again", "values", done.Total(), "error", err)
	case left:
		log.InfoContext(ctx, "sealed anew what was sealed under retired keys")
	case done.Unreadable > 0:
		log.ErrorContext(ctx, "what cannot be opened stays sealed under retired keys")
	case isNew:
		log.InfoContext(ctx, "nothing is sealed under retired keys")
	}
	return err == nil && !left
}
