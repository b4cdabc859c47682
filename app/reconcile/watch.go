package reconcile

import (
	"context"
	"log/slog"
	"time"

	"accord/app"
)

// WatchLease is the lease of whoever makes the plans of a Watch. It is none that
// Apply waits for.
const WatchLease = "sync watch"

// candidacy is how long another replica waits before it asks for the lease again.
const candidacy = app.DefaultLeaderTTL

// Watch makes plans on a schedule, one replica at a time, and tells what they
// found. It mends nothing, and keeps nobody else from planning or mending.
type Watch struct {
	// Compare makes a plan.
	Compare func(ctx context.Context) (Plan, error)
	// Leadership says which replica does.
	Leadership *app.Leadership
	// Every is the time from the beginning of one plan to that of the next.
	Every    time.Duration
	Findings Findings
	Log      *slog.Logger
	Now      func() time.Time
	// Wait returns after that time, or when ctx ends with its error.
	Wait func(ctx context.Context, d time.Duration) error
	// Random is at least 0 and less than 1.
	Random func() float64
}

// Findings are told what the plans of a Watch found. Safe for concurrent use.
type Findings interface {
	// Watching tells whether this process makes the plans. What was found before
	// counts no longer where it does not.
	Watching(now bool)
	// Planned tells of a plan that ended at that time. Where it could not be made,
	// err says why, p is nothing, and what was found before counts no longer.
	Planned(p Plan, err error, ended time.Time, took time.Duration)
}

// WatchedKinds are what a Watch looks for on a system. Tokens, which are asked
// for user by user, are left to the sweeper, and credentials to whoever asks.
func WatchedKinds(s System) []Kind {
	if s == InStorage {
		return []Kind{Missing, Orphan, Status, Policy, Privilege}
	}
	return []Kind{Missing, Orphan, Number, Mark, Name, Address, Profile, Status, SecondAddress, Password, Privilege}
}

// Run watches until ctx ends. Faults are logged.
func (w *Watch) Run(ctx context.Context) {
	for ctx.Err() == nil {
		_, err := w.Leadership.Lead(ctx, WatchLease, func(ctx context.Context, _ app.LeaderLease) error { return w.lead(ctx) })
		if err != nil && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "leading the watch over drift", "error", err)
		}
		_ = w.Wait(ctx, candidacy) // an end is seen above
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockLimit)
	defer cancel()
	if err := w.Leadership.Resign(limited, WatchLease); err != nil {
		w.Log.WarnContext(limited, "giving a lease back", "lease", WatchLease, "error", err)
	}
}

// lead makes plan after plan until ctx ends. The first one soon, but not of all
// sites at once that were started together.
func (w *Watch) lead(ctx context.Context) error {
	w.Findings.Watching(true)
	defer w.Findings.Watching(false)
	wait := w.share(0, 0.1)
	for {
		if err := w.Wait(ctx, wait); err != nil {
			return err
		}
		began := w.Now()
		w.plan(ctx)
		wait = max(w.share(0.95, 1.05)-w.Now().Sub(began), w.Every/10)
	}
}

// share is a random part of Every between these two.
func (w *Watch) share(from, to float64) time.Duration {
	return time.Duration((from + (to-from)*w.Random()) * float64(w.Every))
}

// plan makes one plan and tells of it, unless it was broken off.
func (w *Watch) plan(ctx context.Context) {
	began := w.Now()
	p, err := w.Compare(ctx)
	if err != nil && ctx.Err() != nil {
		return
	}
	ended := w.Now()
	took := ended.Sub(began)
	w.Findings.Planned(p, err, ended, took)
	seen := []any{
		slog.Int("accounts", p.Accounts), slog.Int("kept", len(p.Kept)), slog.Int("unsettled", len(p.Unsettled)),
		slog.Int("pending", p.PendingTotal), slog.Int64("ms", took.Milliseconds()),
	}
	switch {
	case err != nil:
		w.Log.WarnContext(ctx, "whether the systems are in accord could not be found out", "error", err, "ms", took.Milliseconds())
	case p.InAccord():
		w.Log.InfoContext(ctx, "the systems are in accord", seen...)
	default:
		w.Log.WarnContext(ctx, "the systems are not in accord: `accord sync` shows how", append([]any{
			slog.Int("differences", len(p.Items)), drift(p),
		}, seen...)...)
	}
}

// drift is what differs, by system and kind; no names.
func drift(p Plan) slog.Attr {
	counts := p.Counts()
	var systems []any
	for _, s := range p.Systems {
		var kinds []any
		for _, k := range Kinds() {
			if n := counts[s][k]; n > 0 {
				kinds = append(kinds, slog.Int(string(k), n))
			}
		}
		systems = append(systems, slog.Group(string(s), kinds...))
	}
	return slog.Group("drift", systems...)
}
