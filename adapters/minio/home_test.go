package minio_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

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
	require.Equal(t, int64(5), asked.Load(), "three times too early, and one for each bucket")

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
