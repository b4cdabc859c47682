package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"
)

// leaseWatch sees who holds which saga until when.
type leaseWatch struct {
	db *sqlx.DB

	mu   sync.Mutex
	held map[heldSaga]heldBy
}

type heldSaga struct {
	id    string
	epoch int64
}

type heldBy struct {
	owner string
	due   int64
}

func newLeaseWatch(db *sqlx.DB) *leaseWatch { return &leaseWatch{db: db, held: map[heldSaga]heldBy{}} }

// look takes down the leases of now.
func (w *leaseWatch) look(ctx context.Context) error {
	var rows []struct {
		ID         string `db:"id"`
		Owner      string `db:"owner"`
		Epoch, Due int64
	}
	err := w.db.SelectContext(ctx, &rows, "SELECT id, owner, epoch, due FROM sagas WHERE runnable = 1 AND owner <> ''")
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, row := range rows {
		w.held[heldSaga{row.ID, row.Epoch}] = heldBy{row.Owner, row.Due}
	}
	return err
}

// run looks until ctx ends.
func (w *leaseWatch) run(ctx context.Context) {
	for ctx.Err() == nil {
		_ = w.look(ctx) // the next look
		pause(ctx, 100*time.Millisecond)
	}
}

// recoveries are the figures of sagas that another runner took over.
type recoveries struct {
	// takeovers are of sagas that had an owner; orphaned those whose owner was
	// killed, and frozen those of owners that lived.
	takeovers, orphaned, frozen int
	sagas                       int
	// dueToTaken is the longest time from the end of a lease to the takeover,
	// killToTaken from the owner's death, killToDecided until the outcome was
	// decided, and killToEnd until the saga ended, its settle time included.
	dueToTaken, killToTaken, killToDecided, killToEnd time.Duration
	// slowest is the saga of killToTaken, longest that of killToEnd.
	slowest, longest string
}

func (w *leaseWatch) figures(t testing.TB, killed map[string]time.Time) recoveries {
	t.Helper()
	var entries []struct {
		ID        string `db:"id"`
		Event     string `db:"event"`
		Epoch, At int64
	}
	require.NoError(t, w.db.SelectContext(t.Context(), &entries, `SELECT s.id, e.event, e.epoch, e.at FROM sagas s
		JOIN saga_entries e ON e.saga_id = s.id WHERE s.epoch > 1 ORDER BY s.id, e.seq`))
	var r recoveries
	var death int64 // of the saga's owner that was killed
	saga, decided, recovered := "", false, false
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range entries {
		if e.ID != saga {
			saga, death, decided, recovered = e.ID, 0, false, false
		}
		switch e.Event {
		case "taken-over":
			if r.takeovers++; !recovered {
				recovered = true
				r.sagas++
			}
			by, seen := w.held[heldSaga{e.ID, e.Epoch - 1}]
			if seen {
				r.dueToTaken = max(r.dueToTaken, micros(e.At-by.due))
			}
			at, dead := killed[by.owner]
			if !dead || at.UnixMicro() > e.At {
				r.frozen++
				continue
			}
			r.orphaned++
			if took := micros(e.At - max(at.UnixMicro(), 0)); took > r.killToTaken {
				r.killToTaken, r.slowest = took, e.ID
			}
			if death == 0 {
				death = at.UnixMicro()
			}
		case "unwinding", "pivot":
			if death > 0 && !decided {
				r.killToDecided = max(r.killToDecided, micros(e.At-death))
			}
			decided = true
		case "committed", "aborted":
			if took := micros(e.At - death); death > 0 && took > r.killToEnd {
				r.killToEnd, r.longest = took, e.ID
			}
		}
	}
	return r
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// clock is a time of the database for people.
func clock(at int64) string { return time.UnixMicro(at).UTC().Format("15:04:05.000") }

// flowCounts are how the sagas of each flow ended.
func flowCounts(t testing.TB, db *sqlx.DB) []string {
	t.Helper()
	var rows []struct {
		Flow, Phase string
		N           int
	}
	require.NoError(t, db.SelectContext(t.Context(), &rows, "SELECT flow, phase, COUNT(*) AS n FROM sagas GROUP BY flow, phase ORDER BY flow, phase"))
	var lines []string
	for _, row := range rows {
		lines = append(lines, fmt.Sprintf("saga %s\t%s\t%d", row.Flow, row.Phase, row.N))
	}
	return slices.Clip(lines)
}
