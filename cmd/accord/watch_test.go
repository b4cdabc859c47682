package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/store"
)

// scraped is the value of the one series with exactly these labels among a
// replica's metrics, if it is there.
func scraped(t testing.TB, url, name string, labels map[string]string) (value float64, there bool) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	require.NoError(t, err)
	for _, m := range families[name].GetMetric() {
		have := map[string]string{}
		for _, l := range m.GetLabel() {
			have[l.GetName()] = l.GetValue()
		}
		if len(have) == len(labels) && includes(have, labels) {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue(), true
		}
	}
	return 0, false
}

func includes(have, want map[string]string) bool {
	for name, value := range want {
		if have[name] != value {
			return false
		}
	}
	return true
}

// TestServeWatchesOverDrift damages the storage beside two replicas, one of
// which tells of it, and mends it again.
func TestServeWatchesOverDrift(t *testing.T) {
	t.Parallel()
	s := newSite(t, store.MySQL)
	s.Sync.Every, s.Sync.QPS, s.Metrics.Listen = time.Second, 0, "localhost:0"
	one, oneMetrics := s.startWatching(t)
	_, twoMetrics := s.startWatching(t)
	alice := newPerson()
	for _, p := range []person{alice, newPerson()} { // a storage that shows nobody is not believed
		answered, err := one.register(p)
		require.NoError(t, err)
		require.Equal(t, "General.Success", answered.Code)
	}

	missing := map[string]string{"system": "storage", "kind": "missing"}
	// told is the count on whichever replica knows it.
	told := func(want float64) {
		t.Helper()
		require.Eventually(t, func() bool {
			a, first := scraped(t, oneMetrics, "accord_sync_drift", missing)
			b, second := scraped(t, twoMetrics, "accord_sync_drift", missing)
			require.False(t, first && second, "both replicas watch")
			return (first || second) && a+b == want
		}, soon, 50*time.Millisecond, "%v", want)
	}
	told(0)
	var key string
	require.NoError(t, s.database(t).QueryRowContext(t.Context(), "SELECT storage_key FROM accounts WHERE username = ?", alice.name).Scan(&key))
	storage, err := newStorage(s.Storage, nil)
	require.NoError(t, err)
	t.Cleanup(storage.Close)
	require.NoError(t, storage.RemoveUser(t.Context(), key))
	told(1)
	require.NoError(t, storage.CreateUser(t.Context(), key, app.Secret("another secret of the storage user")))
	told(0)

	registered, there := scraped(t, oneMetrics, "accord_http_requests_total", map[string]string{
		"method": http.MethodPost, "route": "/api/user/registerIndividual", "status": "200", "outcome": "ok",
	})
	require.True(t, there)
	require.InDelta(t, 2, registered, 0)
	_, there = scraped(t, twoMetrics, "accord_sagas_stuck", nil)
	require.True(t, there)
}

// startWatching is start, and where the replica's metrics are.
func (s site) startWatching(t testing.TB) (c client, metricsURL string) {
	t.Helper()
	c = s.startWith(t, func(p *program) { metricsURL = "http://" + p.metricsListener.Addr().String() + "/metrics" })
	return c, metricsURL
}
