package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// outage stands before a system and spoils all exchanges from begin to end.
type outage struct {
	trouble trouble
	proxy   http.Handler
	// met gets a token when the first exchange is spoilt.
	met chan struct{}

	mu    sync.Mutex
	lasts bool
	// over is closed when it ends, and late are the exchanges until then.
	over chan struct{}
	late sync.WaitGroup
}

// trouble is what an outage does to an exchange.
type trouble string

const (
	// hangs: there is no answer, and the request takes effect when the outage ends.
	hangs trouble = "hangs"
	// cutsOff: the request takes effect, and the connection is cut.
	cutsOff trouble = "cuts off"
	// nonsense: a web page, and no effect.
	nonsense trouble = "nonsense"
)

// newOutage puts an outage that has not begun before an HTTP server.
func newOutage(t testing.TB, trouble trouble, server string) (o *outage, address string) {
	t.Helper()
	target, err := url.Parse(server)
	require.NoError(t, err)
	o = &outage{
		trouble: trouble, met: make(chan struct{}, 1), over: make(chan struct{}),
		proxy: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(target)
				r.Out.Host = r.In.Host // signed requests name it
			},
			Transport: &http.Transport{DisableCompression: true},
		},
	}
	front := httptest.NewServer(o)
	t.Cleanup(front.Close)
	return o, front.URL
}

func (o *outage) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lasts = true
}

// end returns when everything that hung took effect.
func (o *outage) end() {
	o.mu.Lock()
	o.lasts = false
	close(o.over)
	o.mu.Unlock()
	o.late.Wait()
}

// spoils reports whether the outage lasts, and counts the exchange if so.
func (o *outage) spoils() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lasts {
		o.late.Add(1)
	}
	return o.lasts
}

func (o *outage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !o.spoils() {
		o.proxy.ServeHTTP(w, r)
		return
	}
	defer o.late.Done()
	select {
	case o.met <- struct{}{}:
	default:
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	kept := r.Clone(context.WithoutCancel(r.Context())) // lasts longer than its sender
	kept.Body = io.NopCloser(bytes.NewReader(body))
	switch o.trouble {
	case hangs:
		<-o.over
		o.proxy.ServeHTTP(httptest.NewRecorder(), kept)
	case cutsOff:
		o.proxy.ServeHTTP(httptest.NewRecorder(), kept)
	case nonsense:
		_, _ = io.WriteString(w, "<html>Welcome</html>")
		return
	}
	panic(http.ErrAbortHandler)
}

// TestOutages has each system fail in each way while people register.
func TestOutages(t *testing.T) {
	for system, c := range map[string]struct {
		code string
		url  func(*site) *string
	}{
		"gitea":   {"General.GiteaServerError", func(s *site) *string { return &s.Gitea.URL }},
		"storage": {"General.RpcServerError", func(s *site) *string { return &s.Storage.Endpoint }},
	} {
		for _, trouble := range []trouble{hangs, cutsOff, nonsense} {
			t.Run(system+"/"+string(trouble), func(t *testing.T) {
				t.Parallel()
				direct := newSite(t, store.SQLite)
				direct.Saga.Settle = 3 * time.Second
				spoilt := direct
				address := c.url(&spoilt)
				o, front := newOutage(t, trouble, *address)
				*address = front
				everybodyIsServed(t, direct, spoilt.start(t), o, c.code)
			})
		}
	}
}

// everybodyIsServed goes through an outage: those who register during it are
// told so in time and leave nothing behind.
func everybodyIsServed(t *testing.T, direct site, api client, o *outage, code string) {
	alice := newPerson()
	registered, err := api.register(alice)
	require.NoError(t, err)
	require.Equal(t, "General.Success", registered.Code)
	signedIn := api.signIn(t, alice)

	o.begin()
	ended := sync.OnceFunc(o.end)
	defer ended()
	people := make([]person, 5)
	answers := make([]answer, len(people))
	began := time.Now()
	var registering sync.WaitGroup
	for i := range people {
		people[i] = newPerson()
		registering.Go(func() { answers[i], _ = api.register(people[i]) }) // its code says it all
	}
	<-o.met
	require.Equal(t, "General.Success", signedIn.access(t))
	registering.Wait()
	require.Less(t, time.Since(began), 10*time.Second+slack)
	for _, a := range answers {
		require.Equal(t, code, a.Code)
	}

	people = append(people, refusedAtOnce(t, direct, api, code)...)
	require.Equal(t, "General.Success", signedIn.access(t))

	ended()
	require.NoError(t, askReady(t.Context(), api.url), "the breaker does not hide that all is well")
	require.Eventually(t, func() bool {
		a, err := api.register(newPerson())
		require.NoError(t, err)
		return a.Code == "General.Success"
	}, soon, 200*time.Millisecond)
	direct.requireNothingLeft(t, people)
}

// refusedAtOnce registers people until one is refused without a wait, and returns
// them all: the breaker lets one through every 5 seconds, who finds out whether the
// system is back.
func refusedAtOnce(t *testing.T, direct site, api client, code string) []person {
	t.Helper()
	var people []person
	for range 3 {
		p := newPerson()
		people = append(people, p)
		began := time.Now()
		refused, err := api.register(p)
		require.NoError(t, err)
		require.Equal(t, code, refused.Code)
		if time.Since(began) < direct.Gitea.Timeout/2 {
			return people
		}
	}
	require.Fail(t, "everybody waits for a system that is down")
	return nil
}

// slack is what a request takes beside the wait, on a busy machine.
const slack = time.Second

// settling bounds the undoing of everything, late effects too.
const settling = time.Minute

// requireNothingLeft waits until every saga has ended and nothing is left of
// what those people tried, in any system.
func (s site) requireNothingLeft(t testing.TB, people []person) {
	t.Helper()
	db, admin := s.database(t), giteaAdmin{s}
	require.Eventually(t, func() bool {
		var open int
		row := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sagas WHERE phase NOT IN ('committed', 'aborted')")
		require.NoError(t, row.Scan(&open))
		return open == 0
	}, settling, 200*time.Millisecond)
	for _, p := range people {
		require.Nil(t, admin.user(t, p.name))
	}
	s.Storage.Timeout = settling // the listing is slow by itself
	storage, err := newStorage(s.Storage, nil)
	require.NoError(t, err)
	defer storage.Close()
	users, err := storage.Users(t.Context())
	require.NoError(t, err)
	rows, err := db.QueryContext(t.Context(), "SELECT storage_key FROM accounts WHERE status <> 'normal'")
	require.NoError(t, err)
	defer rows.Close()
	undone := 0
	for rows.Next() {
		var key string
		require.NoError(t, rows.Scan(&key))
		require.NotEmpty(t, key)
		require.NotContains(t, users, key)
		undone++
	}
	require.NoError(t, rows.Err())
	require.GreaterOrEqual(t, undone, len(people))
}
