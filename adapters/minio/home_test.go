package minio_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func TestEnsureHomeFromNothing(t *testing.T) {
	o := options(t)
	s := open(t, o)
	require.Error(t, s.Ping(t.Context()))
	// Several replicas start at once.
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() { errs[i] = s.EnsureHome(t.Context()) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.NoError(t, s.Ping(t.Context()))
	require.Empty(t, s.Probe(t.Context()).Faults)
}

// A policy that somebody changed, or that another version wrote, is mended, and
// users made before feel it at once.
func TestEnsureHomeMendsThePolicy(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	g := newGrant(t, s, key, "session1")
	require.True(t, mayUse(t, g, key+"/a.txt"))

	// The same policy for another bucket stands in for a wrong one.
	other := o
	other.Bucket += "-2"
	require.NoError(t, open(t, other).EnsureHome(t.Context()))
	require.False(t, mayUse(t, g, key+"/a.txt"))
	require.Len(t, s.Probe(t.Context()).Faults, 1)

	require.NoError(t, s.EnsureHome(t.Context()))
	require.True(t, mayUse(t, g, key+"/a.txt"))
}

func TestEnsureHomeWaitsForAStartingServer(t *testing.T) {
	notYet := func(w http.ResponseWriter) {
		w.Header().Set("X-Minio-Error-Code", "XMinioServerNotInitialized")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	var asked atomic.Int64
	s, _ := badServer(t, "head", func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 4 {
			notYet(w)
		}
	})
	require.NoError(t, s.EnsureHome(t.Context()))
	require.Equal(t, int64(4), asked.Load(), "three times too early")

	ctx, cancel := context.WithCancel(t.Context())
	s, _ = badServer(t, "head", func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		notYet(w)
	})
	require.Equal(t, app.StorageFailed, app.KindOf(s.EnsureHome(ctx)))
}

func TestUsersTellsWhoIsAtHome(t *testing.T) {
	s, o := ready(t)
	ours, foreign := newUser(t, s), newKey(t)
	placeForeign(t, o)(t, foreign, secret)
	users, err := s.Users(t.Context())
	require.NoError(t, err)
	require.Equal(t, app.StorageView{Key: ours, Enabled: true, Home: true}, users[ours])
	require.Equal(t, app.StorageView{Key: foreign, Enabled: true}, users[foreign])
}

// A server that starts forgets the policies that it is given before it has read its
// own: so that is waited for first. Whoever may not ask for it goes on.
func TestHomesArePreparedWhenTheServerHasStarted(t *testing.T) {
	good := goodServer()
	for _, denied := range []bool{false, true} {
		var calls []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls = append(calls, called(r))
			if denied && called(r) == "groups" {
				status(http.StatusForbidden, `{"Code":"AccessDenied"}`)(w, r)
				return
			}
			good(w, r)
		}))
		t.Cleanup(server.Close)
		require.NoError(t, fakeEndpoint(t, server.URL, time.Minute).EnsureHome(t.Context()))
		require.Equal(t, "groups", calls[0])
		require.Contains(t, calls, "add-canned-policy")
	}
}
