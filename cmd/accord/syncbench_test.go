package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app/reconcile"
	"accord/store"
)

// many is the number of accounts that the variable says, if it is set.
func many(b *testing.B, variable string, otherwise int) int {
	b.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(b, err, variable)
	return n
}

// planned makes a plan of the town, which must be in accord.
func (c town) planned(tb testing.TB, p *parts, tokens bool) {
	tb.Helper()
	plan, err := reconcile.Compare(tb.Context(), p.systems(), reconcile.Options{
		NoTokens: !tokens, Together: 8, Pace: paceOf(0), MaxItems: watchMaxItems, Now: time.Now,
	})
	require.NoError(tb, err)
	require.True(tb, plan.InAccord(), "%d items", len(plan.Items))
	require.Equal(tb, int(c), plan.Accounts)
}

// BenchmarkPlan plans for 10,000 and 100,000 accounts, and as many as
// ACCORD_BENCH_ACCOUNTS says, against servers in this process. Memory and
// processor time are those of both sides. The last metric is the processor time
// for each account in relation to that of the size before: 1 where it grows
// linearly.
func BenchmarkPlan(b *testing.B) {
	var before float64
	for _, n := range slices.Compact([]int{10_000, 100_000, many(b, "ACCORD_BENCH_ACCOUNTS", 100_000)}) {
		b.Run(fmt.Sprintf("accounts=%d", n), func(b *testing.B) {
			t := town(n)
			each := t.benchmark(b, t.onServersOfItsOwn(b), false)
			if before > 0 {
				b.ReportMetric(each/before, "cpu/account/before")
			}
			before = each
		})
	}
}

// BenchmarkPlanTokens asks for the tokens of each, too.
func BenchmarkPlanTokens(b *testing.B) {
	t := town(10_000)
	t.benchmark(b, t.onServersOfItsOwn(b), true)
}

// benchmark plans for the town and returns the processor time for each account,
// in nanoseconds.
func (c town) benchmark(b *testing.B, p *parts, tokens bool) float64 {
	b.Helper()
	heap, cpu, plans := watchHeap(), processorTime(b), 0
	b.ResetTimer()
	for b.Loop() {
		c.planned(b, p, tokens)
		plans++
	}
	accounts := float64(plans) * float64(c)
	each := float64(processorTime(b)-cpu) / accounts
	heap.report(b)
	b.ReportMetric(float64(b.Elapsed())/accounts, "ns/account")
	b.ReportMetric(each, "cpu-ns/account")
	return each
}

// processorTime is what this process has had so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkPlanOnServers plans for 1,000 accounts, or as many as
// ACCORD_BENCH_USERS says, on the real Gitea and MinIO. The metric
// plan/listing is the time in relation to that of listing the users of both by
// the same clients and nothing more, each the median of as many runs in turn.
func BenchmarkPlanOnServers(b *testing.B) {
	t := town(many(b, "ACCORD_BENCH_USERS", 1000))
	s := newSite(b, store.SQLite)
	s.Config.Gitea.AdminToken, s.Config.Gitea.Timeout, s.Config.Storage.Timeout = s.adminToken(b), time.Minute, time.Minute
	p := t.onRealServers(b, s)
	t.planned(b, p, false)
	var plans, listings []time.Duration
	list := func() {
		users, err := bare(b.Context(), p)
		require.NoError(b, err)
		require.Greater(b, users, 2*int(t))
	}
	plan := func() { t.planned(b, p, false) }
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			listings, plans = append(listings, timed(list)), append(plans, timed(plan))
		} else { // which of the two comes first must not matter
			plans, listings = append(plans, timed(plan)), append(listings, timed(list))
		}
	}
	withTokens := timed(func() { t.planned(b, p, true) })
	slices.Sort(listings)
	slices.Sort(plans)
	listed, planned := listings[len(listings)/2], plans[len(plans)/2]
	b.ReportMetric(listed.Seconds(), "listing-s")
	b.ReportMetric(planned.Seconds(), "plan-s")
	b.ReportMetric(planned.Seconds()/listed.Seconds(), "plan/listing")
	b.ReportMetric(float64(plans[0])/float64(listings[0]), "best-plan/listing")
	b.ReportMetric(withTokens.Seconds(), "plan-with-tokens-s")
}

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

// heapWatch follows how large the heap is.
type heapWatch struct {
	end, ended chan struct{}
	// heap is the most that was on it, garbage too; live the most that a collection
	// left. In bytes.
	heap, live uint64
}

// watchHeap follows the heap until report is called.
func watchHeap() *heapWatch {
	runtime.GC()
	w := &heapWatch{end: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
		for {
			metrics.Read(samples)
			w.heap, w.live = max(w.heap, samples[0].Value.Uint64()), max(w.live, samples[1].Value.Uint64())
			select {
			case <-ticker.C:
			case <-w.end:
				return
			}
		}
	}()
	return w
}

func (w *heapWatch) report(b *testing.B) {
	b.Helper()
	close(w.end)
	<-w.ended
	b.ReportMetric(float64(w.heap)/1e6, "peak-heap-MB")
	b.ReportMetric(float64(w.live)/1e6, "peak-live-MB")
}

// bare lists the users of both systems with the clients of a plan, and does
// nothing with them.
func bare(ctx context.Context, p *parts) (users int, err error) {
	for _, err := range p.gitea.EachUser(ctx, paceOf(0)) {
		if err != nil {
			return 0, err
		}
		users++
	}
	for _, err := range p.storage.EachUser(ctx) {
		if err != nil {
			return 0, err
		}
		users++
	}
	return users, nil
}
