package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app/reconcile"
)

// sizes are numbers of accounts: those given, and that of the variable, if it is
// set.
func sizes(b *testing.B, variable string, given ...int) []int {
	b.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return given
	}
	n, err := strconv.Atoi(text)
	require.NoError(b, err, variable)
	return append(given, n)
}

// planned makes a plan of the town, which must be in accord.
func (c town) planned(tb testing.TB, p *parts, tokens bool) reconcile.Plan {
	tb.Helper()
	plan, err := reconcile.Compare(tb.Context(), p.systems(), reconcile.Options{
		NoTokens: !tokens, Together: 8, Pace: paceOf(0), MaxItems: watchMaxItems, Now: time.Now,
	})
	require.NoError(tb, err)
	require.True(tb, plan.InAccord(), "%d items", len(plan.Items))
	require.Equal(tb, int(c), plan.Accounts)
	return plan
}

// BenchmarkPlan plans for 10,000 and 100,000 accounts, and as many as
// ACCORD_BENCH_ACCOUNTS says, against servers in this process. Memory is that of
// both sides; per-account/before is the time for each in relation to the size
// before: 1 where it grows linearly.
func BenchmarkPlan(b *testing.B) {
	var before float64
	for _, n := range sizes(b, "ACCORD_BENCH_ACCOUNTS", 10_000, 100_000) {
		b.Run(fmt.Sprintf("accounts=%d", n), func(b *testing.B) {
			c := town(n)
			p := c.onServersOfItsOwn(b)
			heap := watchHeap()
			plans := 0
			b.ResetTimer()
			for b.Loop() {
				c.planned(b, p, false)
				plans++
			}
			each := float64(b.Elapsed().Nanoseconds()) / float64(plans) / float64(n)
			b.ReportMetric(heap.peak(), "peak-heap-MB")
			b.ReportMetric(each, "ns/account")
			if before > 0 {
				b.ReportMetric(each/before, "per-account/before")
			}
			before = each
		})
	}
}

// BenchmarkPlanTokens asks for the tokens of each, too.
func BenchmarkPlanTokens(b *testing.B) {
	c := town(10_000)
	p := c.onServersOfItsOwn(b)
	heap := watchHeap()
	plans := 0
	for b.Loop() {
		c.planned(b, p, true)
		plans++
	}
	b.ReportMetric(heap.peak(), "peak-heap-MB")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(plans)/float64(c), "ns/account")
}

// heapWatch follows how large the heap is.
type heapWatch struct {
	end  chan struct{}
	most chan uint64
}

// watchHeap follows what is on the heap, garbage too, until peak is asked for.
func watchHeap() *heapWatch {
	runtime.GC()
	w := &heapWatch{end: make(chan struct{}), most: make(chan uint64)}
	go func() {
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		most := uint64(0)
		for {
			metrics.Read(samples)
			most = max(most, samples[0].Value.Uint64())
			select {
			case <-ticker.C:
			case <-w.end:
				w.most <- most
				return
			}
		}
	}()
	return w
}

// peak is the most that there was, in MB.
func (w *heapWatch) peak() float64 {
	close(w.end)
	return float64(<-w.most) / 1e6
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
