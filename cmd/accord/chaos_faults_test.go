package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"time"
)

// trial is something that goes wrong for a while.
type trial struct {
	name  string
	lasts time.Duration
	begin func() (end func() error, err error)
}

// faults draws the faults of a run. It is not safe for concurrent use.
type faults struct {
	*rand.Rand
	site     *chaosSite
	replicas *replicas
	injected map[string]int
	// happened is when each fault and each kill was, for whoever looks for causes.
	mu       sync.Mutex
	happened []happening
}

// happening is a fault or a kill.
type happening struct {
	from, to time.Time
	name     string
}

func (f *faults) note(from time.Time, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.happened = append(f.happened, happening{from, time.Now(), name})
}

// between lists what happened in that time.
func (f *faults) between(from, to time.Time) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var text strings.Builder
	for _, h := range f.happened {
		if h.to.After(from) && h.from.Before(to) {
			const clock = "15:04:05.000"
			fmt.Fprintf(&text, "      %s to %s %s\n", h.from.UTC().Format(clock), h.to.UTC().Format(clock), h.name)
		}
	}
	return text.String()
}

// between is a duration of that range.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)+1))
}

// run has things go wrong, one at a time and now and then two, until ctx ends; then all is well
// again.
func (f *faults) run(ctx context.Context) error {
	for ctx.Err() == nil {
		var ends []func() error
		var lasts time.Duration
		for range 1 + f.IntN(4)/3 {
			next := f.draw()
			end, err := next.begin()
			if err != nil {
				return fmt.Errorf("%s: %w", next.name, err)
			}
			f.injected[next.name]++
			from := time.Now()
			ends, lasts = append(ends, func() error {
				defer f.note(from, next.name)
				return end()
			}), max(lasts, next.lasts)
		}
		pause(ctx, lasts)
		for _, end := range ends {
			if err := end(); err != nil {
				return fmt.Errorf("mending: %w", err)
			}
		}
		pause(ctx, between(f.Rand, 500*time.Millisecond, 2*time.Second))
	}
	return nil
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (f *faults) draw() trial {
	target := []string{"gitea", "gitea", "storage", "storage", "database"}[f.IntN(5)]
	stream := []string{"upstream", "downstream"}[f.IntN(2)]
	switch n := f.IntN(13); {
	case n == 0:
		return f.frozen("gitea", f.site.gitea.PID(), between(f.Rand, time.Second, 4*time.Second))
	case n == 1:
		return f.frozen("storage", f.site.minio.PID(), between(f.Rand, time.Second, 4*time.Second))
	case n <= 3:
		slot := f.IntN(2)
		return trial{"frozen replica", between(f.Rand, time.Second, 5*time.Second), func() (func() error, error) {
			thaw := f.replicas.freeze(slot)
			return func() error { thaw(); return nil }, nil
		}}
	case n <= 6: // what arrives is dropped, and the connection reset
		return f.toxic("reset", target, "reset_peer", stream, between(f.Rand, 100*time.Millisecond, 800*time.Millisecond),
			map[string]int{"timeout": f.IntN(100)})
	case n <= 8: // what arrives is dropped, and nothing is said
		return f.toxic("stall", target, "timeout", stream, between(f.Rand, 500*time.Millisecond, 3*time.Second),
			map[string]int{"timeout": 3000})
	case n <= 10:
		return f.toxic("latency", target, "latency", stream, between(f.Rand, time.Second, 3*time.Second),
			map[string]int{"latency": 50 + f.IntN(f.latency(target)), "jitter": 50})
	default:
		return f.toxic("bandwidth", target, "bandwidth", stream, between(f.Rand, time.Second, 3*time.Second),
			map[string]int{"rate": 2 + f.IntN(20)})
	}
}

// latency is the most, in milliseconds; the database is asked often.
func (f *faults) latency(target string) int {
	if target == "database" {
		return 300
	}
	return 2000
}

func (f *faults) frozen(name string, pid int, lasts time.Duration) trial {
	return trial{"frozen " + name, lasts, func() (func() error, error) {
		return func() error { return syscall.Kill(pid, syscall.SIGCONT) }, syscall.Kill(pid, syscall.SIGSTOP)
	}}
}

// toxic is a fault of the line to a system.
func (f *faults) toxic(name, target, kind, stream string, lasts time.Duration, attributes map[string]int) trial {
	return trial{name + " " + target + " " + stream, lasts, func() (func() error, error) {
		toxic, err := json.Marshal(map[string]any{"type": kind, "stream": stream, "toxicity": 1, "attributes": attributes})
		line := f.site.lines[target]
		return func() error { return line.become("") }, errors.Join(err, line.become(string(toxic)))
	}}
}
