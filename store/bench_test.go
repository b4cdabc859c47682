package store_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/store"
)

func onEach(b *testing.B, bench func(b *testing.B, s *store.Store)) {
	for driver, fresh := range databases {
		b.Run(driver, func(b *testing.B) { bench(b, open(b, driver, fresh(b), nil)) })
	}
}

// typical is a write of a registration: 1 kB of state, a few entries.
func typical(id string, phase saga.Phase) saga.WriteFunc {
	return func(context.Context) (saga.Write, error) {
		r := running(id)
		r.Phase, r.State = phase, make([]byte, 1024)
		entries := make([]saga.Entry, 4)
		for i := range entries {
			entries[i] = saga.Entry{Event: saga.EventStarted, Step: "create in Gitea", Epoch: 1, At: at(0)}
		}
		return saga.Write{Record: r, Entries: entries}, nil
	}
}

func BenchmarkJournalBegin(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		for i := 0; b.Loop(); i++ {
			require.NoError(b, s.Journal.Begin(b.Context(), typical(fmt.Sprint("saga", i), saga.Running)))
		}
	})
}

func BenchmarkJournalAppend(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		require.NoError(b, s.Journal.Begin(b.Context(), typical("saga", saga.Running)))
		for b.Loop() {
			require.NoError(b, s.Journal.Append(b.Context(), "saga", 1, typical("saga", saga.Running)))
		}
	})
}

// BenchmarkJournalClaim claims 16 of 1,000 that are due among 1,000 that ended.
func BenchmarkJournalClaim(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		for i := range 1000 {
			require.NoError(b, s.Journal.Begin(b.Context(), typical(fmt.Sprint("due", i), saga.Running)))
			require.NoError(b, s.Journal.Begin(b.Context(), typical(fmt.Sprint("ended", i), saga.Committed)))
		}
		now := at(time.Minute)
		for b.Loop() {
			claimed, err := s.Journal.Claim(b.Context(), "two", now, now, 16)
			require.NoError(b, err)
			require.Len(b, claimed, 16)
		}
	})
}

// BenchmarkJournalIdle is a claim that finds nothing.
func BenchmarkJournalIdle(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		for b.Loop() {
			claimed, err := s.Journal.Claim(b.Context(), "two", at(0), at(0), 16)
			require.NoError(b, err)
			require.Empty(b, claimed)
		}
	})
}

// BenchmarkAudit ends sagas by 64 writers at once, with and without an entry in
// the trail, whose head they queue at.
func BenchmarkAudit(b *testing.B) {
	for name, audited := range map[string]bool{"without": false, "with": true} {
		b.Run(name, func(b *testing.B) {
			onEach(b, func(b *testing.B, s *store.Store) {
				var n atomic.Int64
				b.SetParallelism(64 / runtime.GOMAXPROCS(0))
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						id := fmt.Sprint("saga", n.Add(1))
						begin := typical(id, saga.Committed)
						err := s.Journal.Begin(context.Background(), func(ctx context.Context) (saga.Write, error) {
							w, err := begin(ctx)
							w.Record.Exclusive = false
							if err == nil && audited {
								err = s.Audit.Append(ctx, app.AuditEntry{At: at(0), Actor: id, Action: "sign in", AccountID: id, SagaID: id, Outcome: "committed"})
							}
							return w, err
						})
						if err != nil {
							b.Error(err)
						}
					}
				})
			})
		})
	}
}
