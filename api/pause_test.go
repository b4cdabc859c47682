package api_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/app"
)

// Whoever asks too often waits for the refusal; no one else does.
func TestRefusalsAreHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, api.Options{RefusalPause: time.Second, Dialects: []api.Dialect{plain("main", "/",
			post("/often", fails(&app.Error{Kind: app.TooOften})), post("/busy", fails(&app.Error{Kind: app.Busy})),
			post("/wrong", fails(&app.Error{Kind: app.Invalid})), post("/ok", says("ok")),
		)}})
		for path, wait := range map[string]time.Duration{"/often": time.Second, "/busy": 0, "/wrong": 0, "/ok": 0} {
			began := time.Now()
			answer(h, request(http.MethodPost, path, ""))
			require.Equal(t, wait, time.Since(began), path)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		answer(h, request(http.MethodPost, "/often", "").WithContext(gone))
		require.Zero(t, time.Since(began))
	})
}

// What waits is bounded.
func TestHeldBackRefusalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, api.Options{RefusalPause: time.Second, Dialects: []api.Dialect{
			plain("main", "/", post("/often", fails(&app.Error{Kind: app.TooOften}))),
		}})
		var waiting sync.WaitGroup
		for range 4096 {
			waiting.Go(func() { answer(h, request(http.MethodPost, "/often", "")) })
		}
		synctest.Wait()
		began := time.Now()
		answer(h, request(http.MethodPost, "/often", ""))
		require.Zero(t, time.Since(began))
		waiting.Wait()
	})
}
