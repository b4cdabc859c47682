package reconcile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/app/reconcile"
	"accord/saga/sagatest"
)

const watchEvery = 10 * time.Minute

// finding is one call of reconcile.Findings.
type finding struct {
	watching *bool
	plan     reconcile.Plan
	err      error
	took     time.Duration
}

// watcher is a replica that watches, whose waits are the test's to end.
type watcher struct {
	*reconcile.Watch
	waits, release chan time.Duration
	findings       chan finding
	logged         bytes.Buffer
	stop           func()
	// renew has the replica renew its lease.
	renew chan time.Time
}

func (w *watcher) Watching(now bool) { w.findings <- finding{watching: &now} }

func (w *watcher) Planned(p reconcile.Plan, err error, _ time.Time, took time.Duration) {
	w.findings <- finding{plan: p, err: err, took: took}
}

func (w *watcher) wait(ctx context.Context, d time.Duration) error {
	select {
	case w.waits <- d:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-w.release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watch starts a replica on those leaders.
func watch(t *testing.T, leaders app.Leaders, clock *sagatest.Clock, owner string, compare func(context.Context) (reconcile.Plan, error)) *watcher {
	t.Helper()
	w := &watcher{waits: make(chan time.Duration), release: make(chan time.Duration), findings: make(chan finding, 2), renew: make(chan time.Time)}
	w.Watch = &reconcile.Watch{
		Compare: compare, Every: watchEvery, Findings: w, Now: clock.Now, Wait: w.wait, Random: func() float64 { return 0.5 },
		Log: slog.New(slog.NewJSONHandler(&w.logged, nil)),
		Leadership: &app.Leadership{
			Leaders: leaders, Owner: owner, Now: clock.Now,
			Ticks: func(time.Duration) (<-chan time.Time, func()) { return w.renew, func() {} },
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx)
	}()
	w.stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(w.stop)
	return w
}

// begins is when the replica begins to watch.
func (w *watcher) begins(t *testing.T) {
	t.Helper()
	require.True(t, *(<-w.findings).watching)
	require.Equal(t, watchEvery/20, <-w.waits, "soon, but not all sites at once")
}

// plans ends the wait and returns what the plan found, and how long the next wait is.
func (w *watcher) plans() (found finding, next time.Duration) {
	w.release <- 0
	return <-w.findings, <-w.waits
}

// records are those of the log so far; the replica must be waiting.
func (w *watcher) record(t *testing.T) map[string]any {
	t.Helper()
	record := map[string]any{}
	require.NoError(t, json.Unmarshal(w.logged.Bytes(), &record), w.logged.String())
	w.logged.Reset()
	delete(record, "time")
	return record
}

func TestOfTwoReplicasOneWatches(t *testing.T) {
	site := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, site.store.Close()) })
	plan := func(context.Context) (reconcile.Plan, error) { return reconcile.Plan{}, nil }
	one := watch(t, site.store.Leaders, site.clock, "one", plan)
	one.begins(t)
	two := watch(t, site.store.Leaders, site.clock, "two", plan)
	require.Equal(t, app.DefaultLeaderTTL, <-two.waits)
	for range 3 {
		_, next := one.plans()
		require.Equal(t, watchEvery, next)
		two.release <- 0
		require.Equal(t, app.DefaultLeaderTTL, <-two.waits, "another one does it")
	}
	require.NoError(t, reconcile.Alone(t.Context(), &app.Leadership{
		Leaders: site.store.Leaders, Owner: "apply", TTL: reconcile.LockFor, Now: site.clock.Now,
	}, func(context.Context) error { return nil }), "who mends does not wait for who watches")

	one.stop()
	require.False(t, *(<-one.findings).watching)
	two.release <- 0
	two.begins(t)
}

func TestDriftAppearsAndGoesAway(t *testing.T) {
	site := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, site.store.Close()) })
	s := &situation{options: options()}
	alice := account("20260101000001", "alice", 1)
	s.accounts.all = []app.Facts{alice}
	s.directory.users = []app.DirectoryView{userOf(alice)}
	s.storage.users = []app.StorageView{homeOf(alice)}
	s.options.Foreign = 0
	w := watch(t, site.store.Leaders, site.clock, "one", func(ctx context.Context) (reconcile.Plan, error) {
		site.clock.Advance(time.Minute)
		return s.compare(ctx)
	})
	w.begins(t)

	found, next := w.plans()
	require.NoError(t, found.err)
	require.True(t, found.plan.InAccord())
	require.Equal(t, time.Minute, found.took)
	require.Equal(t, watchEvery-time.Minute, next, "from beginning to beginning")
	require.Equal(t, map[string]any{
		"level": "INFO", "msg": "the systems are in accord", "accounts": 1.0, "kept": 0.0, "unsettled": 0.0, "pending": 0.0, "ms": 60000.0,
	}, w.record(t))

	s.storage.users = []app.StorageView{{Key: "somebody's"}}
	s.directory.users[0].Email = "other@example.com"
	found, _ = w.plans()
	require.Equal(t, map[reconcile.System]map[reconcile.Kind]int{
		reconcile.Gitea: {reconcile.Address: 1}, reconcile.InStorage: {reconcile.Missing: 1},
	}, found.plan.Counts())
	require.Equal(t, map[string]any{
		"level": "WARN", "msg": "the systems are not in accord: `accord sync` shows how", "accounts": 1.0, "differences": 2.0,
		"drift": map[string]any{"gitea": map[string]any{"address": 1.0}, "storage": map[string]any{"missing": 1.0}},
		"kept":  0.0, "unsettled": 0.0, "pending": 0.0, "ms": 60000.0,
	}, w.record(t), "counts, and nobody's name")

	s.directory.fault = errOfTest
	found, _ = w.plans()
	require.ErrorIs(t, found.err, reconcile.ErrIncomplete)
	record := w.record(t)
	require.Equal(t, "WARN", record["level"])
	require.Contains(t, record["error"], "of the test")

	s.directory.fault = nil
	s.directory.users[0].Email, s.storage.users = alice.Email, []app.StorageView{homeOf(alice)}
	found, _ = w.plans()
	require.True(t, found.plan.InAccord())
}

func TestAPlanThatTakesLongIsNotMadeWithoutAPause(t *testing.T) {
	site := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, site.store.Close()) })
	w := watch(t, site.store.Leaders, site.clock, "one", func(context.Context) (reconcile.Plan, error) {
		site.clock.Advance(2 * watchEvery)
		return reconcile.Plan{}, nil
	})
	w.begins(t)
	_, next := w.plans()
	require.Equal(t, watchEvery/10, next)
}

// TestWhoLosesTheLeaseForgets: what was found before is another's to tell, and
// the plan that was being made is no failure.
func TestWhoLosesTheLeaseForgets(t *testing.T) {
	site := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, site.store.Close()) })
	var w *watcher
	w = watch(t, site.store.Leaders, site.clock, "one", func(ctx context.Context) (reconcile.Plan, error) {
		site.clock.Advance(2 * app.DefaultLeaderTTL)
		_, err := site.store.Leaders.Acquire(ctx, reconcile.WatchLease, "two", site.clock.Now(), site.clock.Now().Add(time.Hour))
		w.renew <- site.clock.Now()
		<-ctx.Done()
		return reconcile.Plan{}, errors.Join(err, ctx.Err())
	})
	w.begins(t)
	w.release <- 0
	require.False(t, *(<-w.findings).watching)
	require.Equal(t, app.DefaultLeaderTTL, <-w.waits)
	require.Contains(t, w.record(t)["error"], "no longer the one")
}

func TestWatchedKindsAreAllButTokens(t *testing.T) {
	watched := map[reconcile.Kind]bool{reconcile.Token: true, reconcile.Credential: true}
	for _, s := range []reconcile.System{reconcile.Gitea, reconcile.InStorage} {
		for _, k := range reconcile.WatchedKinds(s) {
			watched[k] = true
		}
	}
	for _, k := range reconcile.Kinds() {
		require.True(t, watched[k], k)
	}
}
