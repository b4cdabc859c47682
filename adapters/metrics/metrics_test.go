package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"accord/adapters/metrics"
	"accord/app"
	"accord/app/reconcile"
	"accord/saga"
)

const fresh = 30 * time.Minute

// census counts what it was told.
type census struct {
	count app.SagaCount
	err   error
}

func (c *census) CountPostponed(context.Context, time.Time) (int, error) { return 3, c.err }

func (c *census) CountSagas(context.Context) (app.SagaCount, error) { return c.count, c.err }

type bench struct {
	*metrics.Metrics
	census census
	now    time.Time
	logged bytes.Buffer
}

func newBench() *bench {
	b := &bench{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	b.Metrics = metrics.New(metrics.Options{
		Version: "v1.2.3", Census: &b.census, Removals: &b.census, Fresh: fresh, Now: func() time.Time { return b.now },
		Logger: slog.New(slog.NewTextHandler(&b.logged, nil)),
	})
	return b
}

// series are all values, by name and labels as in {name="value"}; of histograms
// the count.
func (b *bench) series(t *testing.T) map[string]float64 {
	t.Helper()
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(w.Body)
	require.NoError(t, err)
	values := map[string]float64{}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			values[name+labels(m)] = value(m)
		}
	}
	return values
}

func labels(m *dto.Metric) string {
	text := ""
	for _, l := range m.GetLabel() {
		text += " " + l.GetName() + "=" + l.GetValue()
	}
	return text
}

func value(m *dto.Metric) float64 {
	switch {
	case m.GetCounter() != nil:
		return m.GetCounter().GetValue()
	case m.GetHistogram() != nil:
		return float64(m.GetHistogram().GetSampleCount())
	}
	return m.GetGauge().GetValue()
}

// drifted has one account missing in the storage.
func (b *bench) drifted() {
	b.Planned(reconcile.Plan{
		Systems: []reconcile.System{reconcile.Gitea, reconcile.InStorage}, Accounts: 7,
		Read:    map[reconcile.System]int{reconcile.Gitea: 9, reconcile.InStorage: 6},
		Foreign: map[reconcile.System]int{reconcile.Gitea: 2},
		Items:   []reconcile.Item{{System: reconcile.InStorage, Kinds: []reconcile.Kind{reconcile.Missing}, Username: "alice"}},
		Kept:    make([]reconcile.Item, 3), Unsettled: make([]reconcile.Item, 4),
	}, nil, b.now, 90*time.Second)
}

func TestDriftIsTold(t *testing.T) {
	b := newBench()
	got := b.series(t)
	require.Zero(t, got["accord_sync_watching"])
	for _, unknown := range []string{
		"accord_sync_drift kind=missing system=storage", "accord_sync_last_plan_success", "accord_sync_last_complete_plan_timestamp_seconds",
	} {
		require.NotContains(t, got, unknown)
	}

	b.Watching(true)
	b.drifted()
	got = b.series(t)
	for series, want := range map[string]float64{
		"accord_sync_watching": 1, "accord_sync_last_plan_success": 1, "accord_sync_plan_duration_seconds": 90,
		"accord_sync_last_complete_plan_timestamp_seconds": float64(b.now.Unix()),
		"accord_sync_plans_total result=complete":          1, "accord_sync_plans_total result=failed": 0,
		"accord_sync_drift kind=missing system=storage": 1, "accord_sync_drift kind=missing system=gitea": 0,
		"accord_sync_drift kind=profile system=gitea": 0, "accord_sync_drift kind=policy system=storage": 0,
		"accord_sync_accounts": 7, "accord_sync_users system=gitea": 9, "accord_sync_users system=storage": 6,
		"accord_sync_foreign_users system=gitea": 2, "accord_sync_foreign_users system=storage": 0,
		"accord_sync_kept_orphans": 3, "accord_sync_unsettled_accounts": 4,
		"accord_build_info version=v1.2.3": 1,
	} {
		require.Contains(t, got, series)
		require.InDelta(t, want, got[series], 1e-6, series)
	}
	require.NotContains(t, got, "accord_sync_drift kind=token system=gitea", "the watch does not look for them")
}

func TestStaleCountsAreNotTold(t *testing.T) {
	const counted = "accord_sync_drift kind=missing system=storage"
	b := newBench()
	b.Watching(true)
	b.drifted()
	completed := float64(b.now.Unix())

	b.now = b.now.Add(fresh)
	require.Contains(t, b.series(t), counted)
	b.now = b.now.Add(time.Second)
	got := b.series(t)
	require.NotContains(t, got, counted, "too old")
	require.InDelta(t, completed, got["accord_sync_last_complete_plan_timestamp_seconds"], 1)

	b.drifted()
	completed = float64(b.now.Unix())
	b.now = b.now.Add(time.Minute)
	b.Planned(reconcile.Plan{}, reconcile.ErrIncomplete, b.now, time.Second)
	got = b.series(t)
	require.NotContains(t, got, counted, "a plan failed since")
	require.NotContains(t, got, "accord_sync_accounts")
	require.Zero(t, got["accord_sync_last_plan_success"])
	require.InDelta(t, 1, got["accord_sync_plans_total result=failed"], 0)
	require.InDelta(t, completed, got["accord_sync_last_complete_plan_timestamp_seconds"], 1)

	b.drifted()
	require.Contains(t, b.series(t), counted)
	b.Watching(false)
	got = b.series(t)
	require.NotContains(t, got, counted, "another replica's business")
	require.NotContains(t, got, "accord_sync_last_complete_plan_timestamp_seconds")
	require.InDelta(t, 3, got["accord_sync_plans_total result=complete"], 0, "a counter never falls")
}

func TestRequestsAreCounted(t *testing.T) {
	b := newBench()
	b.Request("POST", "/login", "ok", 200, 30*time.Millisecond)
	b.Request("POST", "/login", "ok", 200, 30*time.Millisecond)
	b.Request("POST", "/login", "bad credentials", 200, time.Second)
	got := b.series(t)
	require.InDelta(t, 2, got["accord_http_requests_total method=POST outcome=ok route=/login status=200"], 0)
	require.InDelta(t, 1, got["accord_http_requests_total method=POST outcome=bad credentials route=/login status=200"], 0)
	require.InDelta(t, 3, got["accord_http_request_duration_seconds method=POST route=/login"], 0)
}

func TestSagasAreCountedOrLeftOut(t *testing.T) {
	b := newBench()
	b.census.count = app.SagaCount{Phases: map[saga.Phase]int{saga.Unwinding: 2}, Stuck: 1}
	got := b.series(t)
	require.InDelta(t, 2, got["accord_sagas phase=unwinding"], 0)
	require.Contains(t, got, "accord_sagas phase=running")
	require.InDelta(t, 1, got["accord_sagas_stuck"], 0)
	require.InDelta(t, 3, got["accord_removals_postponed"], 0)
	require.Empty(t, b.logged.String())

	b.census.err = errors.New("the database is away")
	got = b.series(t)
	require.NotContains(t, got, "accord_sagas phase=unwinding")
	require.NotContains(t, got, "accord_sagas_stuck")
	require.Contains(t, got, "accord_sync_watching", "the rest is there")
	require.Contains(t, b.logged.String(), "the database is away")
}

// TestRefusalsAreCounted by reason, each from zero on.
func TestRefusalsAreCounted(t *testing.T) {
	b := newBench()
	got := b.series(t)
	for _, reason := range app.Refusals() {
		require.Contains(t, got, "accord_refused_total reason="+string(reason))
		require.Zero(t, got["accord_refused_total reason="+string(reason)])
	}
	b.Refused(app.RefusedPassword)
	require.InDelta(t, 1, b.series(t)["accord_refused_total reason=wrong password"], 0)
}
