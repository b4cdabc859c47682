package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/keyring"
	"accord/app"
	"accord/app/verify"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

func get(t testing.TB, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// TestReadinessNamesTheSystemAtFault takes Gitea away from a server: strangers
// learn that it is not ready, operators which system is at fault.
func TestReadinessNamesTheSystemAtFault(t *testing.T) {
	s := newSite(t, store.SQLite)
	well := s.start(t)
	require.NoError(t, askReady(t.Context(), well.url))

	s.Gitea.URL, s.Metrics.Listen = "http://localhost:1", "localhost:0"
	var operators string
	ill := s.startWith(t, func(p *program) { operators = "http://" + p.metricsListener.Addr().String() })
	status, text := get(t, ill.url+"/healthz")
	require.Equal(t, http.StatusOK, status, text)
	status, text = get(t, ill.url+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.JSONEq(t, `{"ready":false}`, text)
	require.ErrorIs(t, askReady(t.Context(), ill.url), errNotReady)

	require.Regexp(t, `^gitea: .*(localhost|127\.0\.0\.1|\[::1\]):1`, faultsAt(t.Context(), operators))
	require.NotContains(t, faultsAt(t.Context(), operators), "gitea: gitea:")
	status, text = get(t, operators+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	for _, secret := range s.Secrets() {
		require.NotContains(t, text, secret.Reveal())
	}
}

// TestPublishedKeysCheckTokens compares the key set with the key ring.
func TestPublishedKeysCheckTokens(t *testing.T) {
	s := newSite(t, store.SQLite)
	status, text := get(t, s.start(t).url+"/.well-known/jwks.json")
	require.Equal(t, http.StatusOK, status)
	ring, err := keyring.Load(s.Keys.File)
	require.NoError(t, err)
	kid, _ := ring.SigningKey(time.Now())
	require.Contains(t, text, `"kid":"`+kid+`"`)
}

// TestALostMachineIDEndsTheProgram has another replica take the number.
func TestALostMachineIDEndsTheProgram(t *testing.T) {
	s := newSite(t, store.SQLite)
	ring, err := keyring.Load(s.Keys.File)
	require.NoError(t, err)
	db, err := openStore(t.Context(), s.Config, ring, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	now := time.Now()
	ours, err := leaseMachine(t.Context(), db.Machines, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ticks := make(chan time.Time)
	lost := make(chan error, 1)
	go func() { lost <- ours.keep(t.Context(), ticks) }()

	_, err = db.Machines.Lease(t.Context(), "another", now, now.Add(machineLease))
	require.NoError(t, err)
	ticks <- now
	ticks <- now // the first one was no loss: the other replica has another number
	later := now.Add(2 * machineLease)
	_, err = db.Machines.Lease(t.Context(), "a third", later, later.Add(machineLease))
	require.NoError(t, err)
	select {
	case ticks <- now:
		err = <-lost
	case err = <-lost:
	}
	require.ErrorIs(t, err, store.ErrLeaseLost)
}

func TestTrustedProxiesAreAddressesAndRanges(t *testing.T) {
	got, err := prefixes("http.trustedProxies", []string{"10.1.2.3", "10.0.0.0/8", "::1"})
	require.NoError(t, err)
	require.Equal(t, []netip.Prefix{
		netip.MustParsePrefix("10.1.2.3/32"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"),
	}, got)
	_, err = prefixes("http.trustedProxies", []string{"proxy"})
	require.ErrorContains(t, err, "http.trustedProxies")
}

func TestAServerIsReachedWhereItListens(t *testing.T) {
	for listens, want := range map[string]string{
		":8081": "localhost:8081", "0.0.0.0:1": "localhost:1", "[::]:1": "localhost:1", "10.0.0.1:1": "10.0.0.1:1",
	} {
		require.Equal(t, want, reachable(listens))
	}
}

func TestTheGuardIsAsConfigured(t *testing.T) {
	c := config.Default()
	c.Guard.ExemptClients = []string{"::1"}
	guard, err := newGuard(c)
	require.NoError(t, err)
	limit := verify.Limit{Free: 5, Delay: time.Second, MaxDelay: 30 * time.Second, LockAfter: 10, LockFor: 15 * time.Minute}
	wide := limit
	wide.Free, wide.LockAfter = 50, 200
	require.Equal(t, app.GuardSettings{
		Account: limit, Client: wide, WideFactor: 4, HashWait: time.Second, TurnWait: 2 * time.Second, ExemptClients: []netip.Prefix{netip.MustParsePrefix("::1/128")},
	}, guard)
	c.Guard.ExemptClients = []string{"proxy"}
	require.ErrorContains(t, usable(c), "guard.exemptClients")
}
