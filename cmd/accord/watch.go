package main

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"golang.org/x/time/rate"

	"accord/adapters/metrics"
	"accord/api"
	"accord/app"
	"accord/app/reconcile"
	"accord/cmd/accord/internal/config"
)

const (
	// watchTogether bounds the requests of a plan made on schedule, beside those
	// of people.
	watchTogether = 2
	// watchFresh is how many intervals the counts of a plan are told.
	watchFresh = 3
	// watchMaxItems is what --max-drift is by default.
	watchMaxItems = 100_000
)

func (p *parts) newMetrics(c config.Config, log *slog.Logger) *metrics.Metrics {
	return metrics.New(metrics.Options{
		Version: versionText(), Census: p.store.Census, Removals: p.store.Departures, Fresh: watchFresh * c.Sync.Every, Now: time.Now, Logger: log,
	})
}

func (p *parts) observe(a api.Answered) {
	p.metrics.Request(a.Method, a.Route, a.Outcome, a.Status, a.Took)
	if a.Refused != "" {
		p.metrics.Refused(a.Refused)
	}
}

// newWatch is nil where no plans are to be made on schedule.
func (p *program) newWatch() *reconcile.Watch {
	c := p.config.Sync
	if c.Every == 0 {
		return nil
	}
	return &reconcile.Watch{
		Compare: func(ctx context.Context) (reconcile.Plan, error) {
			return reconcile.Compare(ctx, p.systems(), reconcile.Options{
				NoTokens: true, Sealed: p.config.Gitea.Sealed(), Together: watchTogether, Pace: paceOf(c.QPS),
				MaxItems: watchMaxItems, Protected: c.Protected, Now: time.Now,
			})
		},
		Leadership: &app.Leadership{Leaders: p.store.Leaders, Owner: p.machine.owner, Now: time.Now},
		Every:      c.Every, Findings: p.metrics, Log: p.log, Now: time.Now, Wait: holdUp, Random: rand.Float64,
	}
}

func (p *parts) systems() reconcile.Systems {
	return reconcile.Systems{Accounts: p.store.Repairs, Directory: p.gitea, Storage: p.storage}
}

func paceOf(qps int) reconcile.Pace {
	if qps == 0 {
		return func(ctx context.Context) error { return ctx.Err() }
	}
	return rate.NewLimiter(rate.Limit(qps), 1).Wait
}

// holdUp returns after that time, or when ctx ends with its error.
func holdUp(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
