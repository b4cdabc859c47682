package api_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"accord/api"
)

func TestAlive(t *testing.T) {
	broken := func(context.Context) []api.SystemState { return []api.SystemState{{Name: "store", Fault: "gone"}} }
	w := answer(serve(t, api.Options{Ready: readiness(broken)}), request("GET", "/healthz", ""))
	require.Equal(t, 200, w.Code, "alive has nothing to do with ready")
	require.JSONEq(t, `{"alive":true}`, w.Body.String())
}

func readiness(ask func(context.Context) []api.SystemState) *api.Readiness {
	return api.NewReadiness(ask, slog.New(slog.DiscardHandler))
}

// TestReadinessShowsStrangersNoDetail: only operators learn which system is at
// fault, where it is, and what it said.
func TestReadinessShowsStrangersNoDetail(t *testing.T) {
	for _, tt := range []struct {
		states  []api.SystemState
		status  int
		public  string
		details string
	}{
		{nil, 200, `{"ready":true}`, `{"ready":true,"systems":[]}`},
		{
			[]api.SystemState{{Name: "store"}, {Name: "gitea"}},
			200, `{"ready":true}`,
			`{"ready":true,"systems":[{"name":"store","ready":true},{"name":"gitea","ready":true}]}`,
		},
		{
			[]api.SystemState{{Name: "store"}, {Name: "gitea", Fault: "dial tcp 10.1.2.3:3000: connection refused"}},
			503, `{"ready":false}`,
			`{"ready":false,"systems":[{"name":"store","ready":true},
				{"name":"gitea","ready":false,"fault":"dial tcp 10.1.2.3:3000: connection refused"}]}`,
		},
	} {
		ready := readiness(func(ctx context.Context) []api.SystemState {
			_, bounded := ctx.Deadline()
			require.True(t, bounded)
			return tt.states
		})
		w := answer(serve(t, api.Options{Ready: ready}), request("GET", "/readyz", ""))
		require.Equal(t, tt.status, w.Code)
		require.JSONEq(t, tt.public, w.Body.String())
		w = answer(ready, request("GET", "/readyz", ""))
		require.Equal(t, tt.status, w.Code)
		require.JSONEq(t, tt.details, w.Body.String())
	}
	require.Equal(t, 200, answer(serve(t, api.Options{}), request("GET", "/readyz", "")).Code)
}

// TestReadinessIsLoggedWhenItChanges, so that whoever polls cannot fill the log.
func TestReadinessIsLoggedWhenItChanges(t *testing.T) {
	var log bytes.Buffer
	fault := ""
	ready := api.NewReadiness(func(context.Context) []api.SystemState {
		return []api.SystemState{{Name: "gitea", Fault: fault}}
	}, slog.New(slog.NewTextHandler(&log, nil)))
	for _, fault = range []string{"", "", "away", "away", "", ""} {
		answer(ready, request("GET", "/readyz", ""))
	}
	require.Equal(t, 1, strings.Count(log.String(), `msg="not ready" faults="gitea: away"`), log.String())
	require.Equal(t, 1, strings.Count(log.String(), `msg="ready again"`), log.String())
	require.Equal(t, 2, strings.Count(log.String(), "\n"))
}

// TestReadinessSharesOneCheck has many ask at once, the first of whom leaves:
// one check answers them all, and goes on without him.
func TestReadinessSharesOneCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks atomic.Int32
		finish := make(chan struct{})
		h := serve(t, api.Options{Ready: readiness(func(ctx context.Context) []api.SystemState {
			checks.Add(1)
			<-finish
			if ctx.Err() != nil {
				return []api.SystemState{{Name: "store", Fault: "not asked"}}
			}
			return nil
		})})
		first, leave := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		ask := func(ctx context.Context) {
			asking.Go(func() {
				require.Equal(t, 200, answer(h, request("GET", "/readyz", "").WithContext(ctx)).Code)
			})
		}
		ask(first)
		synctest.Wait()
		for range 20 {
			ask(t.Context())
		}
		leave()
		synctest.Wait()
		close(finish)
		asking.Wait()
		require.Equal(t, int32(1), checks.Load())
	})
}

// TestReadinessDoesNotWaitForASystemThatHangs for longer than health checks do.
func TestReadinessDoesNotWaitForASystemThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, api.Options{Ready: readiness(func(ctx context.Context) []api.SystemState {
			<-ctx.Done()
			return []api.SystemState{{Name: "gitea", Fault: ctx.Err().Error()}}
		})})
		began := time.Now()
		require.Equal(t, 503, answer(h, request("GET", "/readyz", "")).Code)
		require.Less(t, time.Since(began), 4*time.Second)
	})
}

func TestKeySet(t *testing.T) {
	h := serve(t, api.Options{JWKS: func() []byte { return []byte(`{"keys":[]}`) }})
	w := answer(h, request("GET", "/.well-known/jwks.json", ""))
	require.Equal(t, 200, w.Code)
	require.Equal(t, "application/jwk-set+json", w.Header().Get("Content-Type"))
	require.Equal(t, "public, max-age=60", w.Header().Get("Cache-Control"))
	require.JSONEq(t, `{"keys":[]}`, w.Body.String())
	require.Equal(t, 404, answer(serve(t, api.Options{}), request("GET", "/.well-known/jwks.json", "")).Code)
	none := serve(t, api.Options{JWKS: func() []byte { return nil }})
	require.Equal(t, 503, answer(none, request("GET", "/.well-known/jwks.json", "")).Code)
}

func TestHTTPServerIsBounded(t *testing.T) {
	s := api.NewHTTPServer(serve(t, api.Options{}), slog.New(slog.DiscardHandler))
	require.Positive(t, s.ReadHeaderTimeout)
	require.Positive(t, s.ReadTimeout)
	require.Positive(t, s.IdleTimeout)
	require.Positive(t, s.WriteTimeout)

	running := httptest.NewUnstartedServer(nil)
	running.Config = s
	running.Start()
	t.Cleanup(running.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, running.URL+"/healthz", nil)
	require.NoError(t, err)
	r.Header.Set("X-Long", strings.Repeat("a", 64<<10))
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, res.StatusCode)
}
