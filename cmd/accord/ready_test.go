package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadyAsksBothListenersTogether has neither answer before both were asked.
func TestReadyAsksBothListenersTogether(t *testing.T) {
	var asked sync.WaitGroup
	asked.Add(2)
	both, ready := context.WithCancel(t.Context())
	go func() { asked.Wait(); ready() }()
	listener := func(body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Done()
			select {
			case <-both.Done():
			case <-r.Context().Done():
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	err := askBoth(t.Context(), listener(`{"ready":false}`), listener(`{"systems":[{"name":"gitea","fault":"ping: timed out"}]}`))
	require.ErrorIs(t, err, errNotReady)
	require.ErrorContains(t, err, ": gitea: ping: timed out")
}
