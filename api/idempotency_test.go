package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/app"
	"accord/saga"
	"accord/store"
	"accord/store/storetest"
)

// desk is a server that counts what it carries out, over a store of its own.
type desk struct {
	http.Handler
	answers app.Answers
	log     bytes.Buffer
	now     atomic.Int64 // seconds
	calls   atomic.Int64
	// work is what the routes /x and /y do, after they are counted.
	work echo.HandlerFunc
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{
		Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "accord.db"), Sealer: storetest.NewSealer(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.Migrate(t.Context()))
	d := &desk{answers: st.Answers, work: says("done")}
	d.now.Store(1_772_366_400)
	d.open(t)
	return d
}

// open makes the server of the answers there are.
func (d *desk) open(t *testing.T) {
	t.Helper()
	counted := func(c echo.Context) error {
		c.Response().Header().Set("X-Call", fmt.Sprint(d.calls.Add(1)))
		return d.work(c)
	}
	look := post("/look", counted)
	look.ReadOnly = true
	upload := post("/upload", counted)
	upload.BodyLimit = 8
	read := api.Route{Method: http.MethodGet, Path: "/x", Handler: counted}
	d.Handler = serve(t, api.Options{
		Answers: d.answers, Now: func() time.Time { return time.Unix(d.now.Load(), 0) },
		Logger:   slog.New(slog.NewJSONHandler(&d.log, nil)),
		Dialects: []api.Dialect{plain("main", "/", post("/x", counted), post("/y", counted), post("/of/:name", counted), look, upload, read)},
	})
}

// ask posts to /x with a key.
func (d *desk) ask(key, body string, headers ...string) *httptest.ResponseRecorder {
	return answer(d, request("POST", "/x", body, append([]string{"Idempotency-Key", key}, headers...)...))
}

func (d *desk) pass(by time.Duration) { d.now.Add(int64(by / time.Second)) }

func replayed(w *httptest.ResponseRecorder) bool {
	return w.Header().Get("Idempotency-Replayed") == "true"
}

func TestRepeatGetsTheFirstAnswer(t *testing.T) {
	d := newDesk(t)
	d.work = func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		require.NoError(t, err)
		api.SetReceipt(c, saga.Receipt{ID: fmt.Sprint("saga-", d.calls.Load())})
		c.SetCookie(&http.Cookie{Name: "a", Value: "b", Secure: true, HttpOnly: true})
		return c.Blob(http.StatusCreated, "text/own", append(body, fmt.Sprint(" ", d.calls.Load())...))
	}
	first := d.ask("key", "body", "X-Request-Id", "one")
	require.Equal(t, http.StatusCreated, first.Code)
	require.Equal(t, "body 1", first.Body.String())
	require.False(t, replayed(first))
	for range 2 {
		again := d.ask("key", "body", "X-Request-Id", "two")
		require.Equal(t, http.StatusCreated, again.Code)
		require.Equal(t, "body 1", again.Body.String())
		require.Equal(t, "text/own", again.Header().Get("Content-Type"))
		require.Equal(t, "saga-1", again.Header().Get(api.SagaHeader))
		require.NotEqual(t, first.Header().Get("X-Request-Id"), again.Header().Get("X-Request-Id"))
		require.Empty(t, again.Header().Get("Set-Cookie"))
		require.True(t, replayed(again))
	}
	for i := range 2 {
		w := answer(d, request("POST", "/x", "body"))
		require.Equal(t, fmt.Sprint("body ", i+2), w.Body.String(), "without a key each request is carried out")
		require.False(t, replayed(w))
	}
}

func TestKeyOfAnotherRequest(t *testing.T) {
	d := newDesk(t)
	require.Equal(t, "done", d.ask("key", "body").Body.String())
	for name, r := range map[string]*http.Request{
		"another body":  request("POST", "/x", "bodY", "Idempotency-Key", "key"),
		"another query": request("POST", "/x?q=1", "body", "Idempotency-Key", "key"),
	} {
		w := answer(d, r)
		require.Equal(t, "main: invalid", w.Body.String(), name)
		require.False(t, replayed(w), name)
	}
	require.EqualValues(t, 1, d.calls.Load())
	require.Contains(t, d.log.String(), "Idempotency-Key reused")
	require.True(t, replayed(d.ask("key", "body")), "the refusals changed nothing")
}

// TestScope: a key means the request of one caller to one endpoint.
func TestScope(t *testing.T) {
	d := newDesk(t)
	requests := []func() *http.Request{
		func() *http.Request { return request("POST", "/x", "body", "Idempotency-Key", "key") },
		func() *http.Request { return request("POST", "/y", "body", "Idempotency-Key", "key") },
		func() *http.Request { return request("POST", "/of/alice", "body", "Idempotency-Key", "key") },
		func() *http.Request { return request("POST", "/of/bob", "body", "Idempotency-Key", "key") },
		func() *http.Request { return request("POST", "/x", "body", "Idempotency-Key", "Key") },
		func() *http.Request {
			return request("POST", "/x", "body", "Idempotency-Key", "key", "Authorization", "alice")
		},
		func() *http.Request {
			return request("POST", "/x", "body", "Idempotency-Key", "key", "Authorization", "bob")
		},
	}
	for i, r := range requests {
		require.Equal(t, fmt.Sprint(i+1), answer(d, r()).Header().Get("X-Call"))
	}
	for i, r := range requests {
		require.True(t, replayed(answer(d, r())), "request %d", i)
	}
	bearer := answer(d, request("POST", "/x", "body", "Idempotency-Key", "key", "Authorization", "Bearer alice"))
	require.True(t, replayed(bearer), "the same token, spelt otherwise")
}

func TestKeysThatAreNone(t *testing.T) {
	d := newDesk(t)
	for key, rule := range map[string]string{
		"": "notBlank", strings.Repeat("k", 256): "length", "a\tb": "pattern", "ключ": "pattern", "a\x7f": "pattern",
	} {
		d.log.Reset()
		require.Equal(t, "main: invalid", d.ask(key, "body").Body.String(), "%q", key)
		require.Contains(t, d.log.String(), "Idempotency-Key "+rule)
	}
	two := request("POST", "/x", "body")
	two.Header["Idempotency-Key"] = []string{"one", "two"}
	require.Equal(t, "main: invalid", answer(d, two).Body.String())
	require.Zero(t, d.calls.Load())
	for _, key := range []string{"k", "!~ 1", strings.Repeat("k", 255)} {
		require.False(t, replayed(d.ask(key, "body")))
		require.True(t, replayed(d.ask(key, "body")))
	}
}

// TestWhereKeysMeanNothing: routes that change nothing, and servers that keep no
// answers.
func TestWhereKeysMeanNothing(t *testing.T) {
	d := newDesk(t)
	for _, at := range [][2]string{{"POST", "/look"}, {"GET", "/x"}} {
		for range 2 {
			require.False(t, replayed(answer(d, request(at[0], at[1], "", "Idempotency-Key", "key"))))
		}
	}
	require.EqualValues(t, 4, d.calls.Load())
	d.answers = nil
	d.open(t)
	for range 2 {
		require.False(t, replayed(d.ask("key", "body")))
	}
	require.EqualValues(t, 6, d.calls.Load())
}

// TestBodyLimitsHoldWithAKey: also a route's own, and a refused body is not
// remembered.
func TestBodyLimitsHoldWithAKey(t *testing.T) {
	d := newDesk(t)
	for path, limit := range map[string]int{"/upload": 8, "/x": api.DefaultBodyLimit} {
		body := func(length int) *http.Request {
			streamed := io.MultiReader(strings.NewReader(strings.Repeat("a", length)))
			r := httptest.NewRequest(http.MethodPost, path, streamed)
			r.Header.Set("Idempotency-Key", "key")
			return r
		}
		require.Equal(t, http.StatusRequestEntityTooLarge, answer(d, body(limit+1)).Code)
		require.Equal(t, http.StatusOK, answer(d, body(limit)).Code)
		require.True(t, replayed(answer(d, body(limit))))
	}
	broken := httptest.NewRequest(http.MethodPost, "/x", io.MultiReader(strings.NewReader("half"), brokenOff{}))
	broken.Header.Set("Idempotency-Key", "another")
	require.Equal(t, "main: invalid", answer(d, broken).Body.String())
}

type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestWhichAnswersAreKept: of every kind of failure it is said.
func TestWhichAnswersAreKept(t *testing.T) {
	wanted := map[app.Kind]bool{
		app.BadCredentials: true, app.UserTaken: true, app.EmailTaken: true, app.MobileTaken: true,
		app.Unchanged: true, app.CodeWrong: true, app.LastOwner: true, app.NotFound: true,
		app.RepositoryTaken: true,
	}
	d := newDesk(t)
	for _, kind := range app.Kinds() {
		d.work = fails(fmt.Errorf("wrapped: %w", &app.Error{Kind: kind}))
		first := d.ask(kind.String(), "body")
		require.Equal(t, "main: "+kind.String(), first.Body.String())
		again := d.ask(kind.String(), "body")
		require.Equal(t, first.Code, again.Code)
		require.Equal(t, first.Body.String(), again.Body.String())
		require.Equal(t, wanted[kind], replayed(again), "%s", kind)
	}
	for name, tt := range map[string]struct {
		work echo.HandlerFunc
		kept bool
	}{
		"nothing said":  {func(echo.Context) error { return nil }, true},
		"refused":       {func(c echo.Context) error { return c.String(http.StatusForbidden, "no") }, true},
		"asked too oft": {func(c echo.Context) error { return c.String(http.StatusTooManyRequests, "wait") }, false},
		"broken":        {func(c echo.Context) error { return c.String(http.StatusBadGateway, "broken") }, false},
		"HTTP failure":  {fails(echo.ErrServiceUnavailable), false},
		"defect":        {fails(errors.New("defect")), false},
		"panic":         {func(echo.Context) error { panic("boom") }, false},
	} {
		d.work = tt.work
		first := d.ask(name, "body")
		again := d.ask(name, "body")
		require.Equal(t, first.Body.String(), again.Body.String(), name)
		require.Equal(t, first.Code, again.Code, name)
		require.Equal(t, tt.kept, replayed(again), name)
	}
}

// TestFailureOnceThenSuccess: the failure of a system that is mended can be
// tried again under the same key.
func TestFailureOnceThenSuccess(t *testing.T) {
	d := newDesk(t)
	d.work = fails(&app.Error{Kind: app.DirectoryFailed})
	require.Equal(t, "main: directory failed", d.ask("key", "body").Body.String())
	d.work = says("done")
	require.Equal(t, "done", d.ask("key", "body").Body.String())
	require.True(t, replayed(d.ask("key", "body")))
}

func TestAnswersAreKeptForADay(t *testing.T) {
	d := newDesk(t)
	d.ask("key", "body")
	d.pass(24*time.Hour - time.Second)
	require.True(t, replayed(d.ask("key", "body")))
	d.pass(time.Second)
	require.False(t, replayed(d.ask("key", "another body")))
	require.EqualValues(t, 2, d.calls.Load())
}

// TestTogether: of many at one instant one is carried out, and all are told the
// same.
func TestTogether(t *testing.T) {
	d := newDesk(t)
	const together = 32
	asked := make(chan struct{}, together)
	d.answers = announcing{d.answers, asked}
	d.open(t)
	d.work = func(c echo.Context) error {
		for range together {
			<-asked // until each of them was refused a claim or has it
		}
		return c.String(http.StatusOK, fmt.Sprint("call ", d.calls.Load()))
	}
	var wg sync.WaitGroup
	var repeats atomic.Int64
	for range together {
		wg.Go(func() {
			w := d.ask("key", "body")
			if replayed(w) {
				repeats.Add(1)
			}
			if w.Body.String() != "call 1" {
				t.Errorf("answered %q", w.Body)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, d.calls.Load())
	require.EqualValues(t, together-1, repeats.Load())
}

// announcing tells of every time that it was asked, as long as there is room.
type announcing struct {
	app.Answers
	asked chan<- struct{}
}

func (a announcing) Begin(ctx context.Context, key string, fingerprint []byte, now, lease time.Time) (app.Asked, error) {
	got, err := a.Answers.Begin(ctx, key, fingerprint, now, lease)
	select {
	case a.asked <- struct{}{}:
	default:
	}
	return got, err
}

// TestUndecided: what may still come to pass is not begun again before the lease
// of the first request is over.
func TestUndecided(t *testing.T) {
	d := newDesk(t)
	d.work = fails(&app.Error{Kind: app.Internal, Err: fmt.Errorf("%w: Gitea hangs", saga.ErrUndecided)})
	require.Equal(t, "main: internal", d.ask("key", "body").Body.String())
	d.work = says("done")
	leaving, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	d.ServeHTTP(httptest.NewRecorder(), request("POST", "/x", "body", "Idempotency-Key", "key").WithContext(leaving))
	require.EqualValues(t, 1, d.calls.Load())
	d.pass(time.Minute)
	require.Equal(t, "done", d.ask("key", "body").Body.String())
}

// TestAClientThatGoesAway: the request is carried out, within its own bound, and
// the repeat gets its answer.
func TestAClientThatGoesAway(t *testing.T) {
	d := newDesk(t)
	leaving, leave := context.WithCancel(t.Context())
	d.work = func(c echo.Context) error {
		leave()
		if err := c.Request().Context().Err(); err != nil {
			return err
		}
		_, bounded := c.Request().Context().Deadline()
		require.True(t, bounded)
		return c.String(http.StatusOK, "done")
	}
	d.ServeHTTP(httptest.NewRecorder(), request("POST", "/x", "body", "Idempotency-Key", "key").WithContext(leaving))
	again := d.ask("key", "body")
	require.Equal(t, "done", again.Body.String())
	require.True(t, replayed(again))
}

// standIn answers as it is told.
type standIn struct {
	begin func() (app.Asked, error)
	keep  func() error
}

func (s standIn) Begin(context.Context, string, []byte, time.Time, time.Time) (app.Asked, error) {
	return s.begin()
}
func (s standIn) Keep(context.Context, int64, []byte, time.Time) error { return s.keep() }
func (s standIn) Drop(context.Context, int64) error                    { return s.keep() }

func claim() (app.Asked, error) { return app.Asked{Claim: 1}, nil }

// TestAnswersAreKeptBeforeTheyAreSent, so that nobody is told what a repeat is
// not told.
func TestAnswersAreKeptBeforeTheyAreSent(t *testing.T) {
	d, w := &desk{work: says("done")}, httptest.NewRecorder()
	kept := 0
	d.answers = standIn{begin: claim, keep: func() error {
		kept++
		require.Zero(t, w.Body.Len())
		return nil
	}}
	d.open(t)
	d.ServeHTTP(w, request("POST", "/x", "body", "Idempotency-Key", "key"))
	require.Equal(t, 1, kept)
	require.Equal(t, "done", w.Body.String())
}

// TestWaitingIsBounded: a repeat waits ten seconds for the first one's answer,
// and no longer than its client.
func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		d := &desk{work: says("done"), answers: standIn{begin: func() (app.Asked, error) {
			asked++
			return app.Asked{}, nil
		}}}
		d.open(t)
		began := time.Now()
		w := d.ask("key", "body")
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, "main: busy", w.Body.String())
		require.NotEmpty(t, w.Header().Get("Retry-After"))
		require.InDelta(t, 9.5, time.Since(began).Seconds(), 0.6)
		require.Less(t, asked, 60, "times that the store was asked")

		leaving, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		began = time.Now()
		d.ServeHTTP(httptest.NewRecorder(), request("POST", "/x", "body", "Idempotency-Key", "key").WithContext(leaving))
		require.Equal(t, time.Second, time.Since(began))
		require.Zero(t, d.calls.Load())
	})
}

// TestStoreFaults: without the store nothing is begun; what was carried out is
// answered whether or not it could be kept.
func TestStoreFaults(t *testing.T) {
	fault := errors.New("disk full")
	d := &desk{work: says("done")}
	d.answers = standIn{begin: func() (app.Asked, error) { return app.Asked{}, fault }}
	d.open(t)
	require.Equal(t, "main: internal", d.ask("key", "body").Body.String())
	require.Zero(t, d.calls.Load())

	d.answers = standIn{begin: claim, keep: func() error { return fault }}
	d.open(t)
	d.log.Reset()
	require.Equal(t, "done", d.ask("key", "body").Body.String())
	require.Contains(t, d.log.String(), "disk full")

	d.answers = standIn{begin: func() (app.Asked, error) { return app.Asked{Answer: []byte("secret")}, nil }}
	d.open(t)
	d.log.Reset()
	require.Equal(t, "main: internal", d.ask("key", "body").Body.String())
	require.NotContains(t, d.log.String(), "secret")
}

// TestFailuresAreLoggedOnce, with the level of their kind.
func TestFailuresAreLoggedOnce(t *testing.T) {
	d := newDesk(t)
	d.work = func(echo.Context) error { panic("boom") }
	require.Equal(t, "main: internal", d.ask("key", "body").Body.String())
	line := record(t, &d.log)
	require.Equal(t, "ERROR", line["level"])
	require.Contains(t, line["error"], "idempotency_test.go")
}
