package breaker_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/breaker"
)

// remote counts what reaches it, and answers with its status or its error.
type remote struct {
	status, asked int
	err           error
	// hangs until the request's context ends
	hangs bool
}

func (f *remote) RoundTrip(r *http.Request) (*http.Response, error) {
	f.asked++
	if f.hangs {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if f.err != nil {
		return nil, f.err
	}
	return &http.Response{StatusCode: f.status, Body: http.NoBody}, nil
}

// send is the status or the error of one request.
func send(ctx context.Context, transport http.RoundTripper) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://remote.example/", http.NoBody)
	if err != nil {
		return 0, err
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

func requireRefused(t *testing.T, err error) {
	t.Helper()
	var refusal *breaker.Refusal
	require.ErrorAs(t, err, &refusal)
	require.True(t, refusal.NotSent())
	require.ErrorContains(t, err, "forge")
}

// TestOpensAndCloses goes once round, on a clock that stands still unless waited on.
func TestOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		down := errors.New("no answer")
		f := &remote{err: down}
		b := breaker.New(f, breaker.Options{Name: "forge", Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for range 5 {
			_, err := send(t.Context(), b)
			require.ErrorIs(t, err, down)
		}
		_, err := send(t.Context(), b)
		requireRefused(t, err)
		require.Equal(t, 5, f.asked)

		wait(5*time.Second + 1)
		_, err = send(t.Context(), b)
		require.ErrorIs(t, err, down, "one is let through")
		_, err = send(t.Context(), b)
		requireRefused(t, err)
		require.Equal(t, 6, f.asked)
		require.Equal(t, 1, strings.Count(log.String(), "level=WARN"), "a failed trial is no news")

		wait(5*time.Second + 1)
		f.err, f.status = nil, http.StatusOK
		for range 3 {
			status, err := send(t.Context(), b)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status)
		}
		require.Contains(t, log.String(), "level=INFO")
		require.Contains(t, log.String(), "remote=forge")
	})
}

// wait lets the test's clock go on.
func wait(d time.Duration) { <-time.After(d) }

// TestOneTrialAtATime has others turned down while the trial goes on.
func TestOneTrialAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &remote{err: errors.New("no answer")}
		b := breaker.New(f, breaker.Options{Name: "forge", Failures: 1, Open: time.Second, Logger: slog.New(slog.DiscardHandler)})
		_, err := send(t.Context(), b)
		require.ErrorIs(t, err, f.err)
		wait(time.Second + 1)
		f.hangs = true
		ctx, cancel := context.WithCancel(t.Context())
		trial := make(chan error, 1)
		go func() {
			_, err := send(ctx, b)
			trial <- err
		}()
		synctest.Wait()
		_, err = send(t.Context(), b)
		requireRefused(t, err)
		cancel()
		require.ErrorIs(t, <-trial, context.Canceled)

		f.hangs, f.err, f.status = false, nil, http.StatusOK
		_, err = send(t.Context(), b)
		require.NoError(t, err, "a trial that was given up leaves room for another")
	})
}

func TestWhatCounts(t *testing.T) {
	for name, c := range map[string]struct {
		remote remote
		fails  bool
	}{
		"no answer": {remote{err: io.ErrUnexpectedEOF}, true},
		"502":       {remote{status: 502}, true},
		"503":       {remote{status: 503}, true},
		"504":       {remote{status: 504}, true},
		"500":       {remote{status: 500}, false},
		"404":       {remote{status: 404}, false},
		"429":       {remote{status: 429}, false},
		"200":       {remote{status: 200}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.remote
			b := breaker.New(&f, breaker.Options{Name: "forge", Failures: 3, Logger: slog.New(slog.DiscardHandler)})
			for range 3 {
				status, err := send(t.Context(), b)
				require.ErrorIs(t, err, f.err)
				require.Equal(t, f.status, status, "what the remote says is passed on")
			}
			_, _ = send(t.Context(), b)
			require.Equal(t, c.fails, f.asked == 3)
		})
	}
}

// TestAnAnswerBreaksTheRow forgets failures that are not in a row.
func TestAnAnswerBreaksTheRow(t *testing.T) {
	f := &remote{}
	b := breaker.New(f, breaker.Options{Name: "forge", Failures: 2, Logger: slog.New(slog.DiscardHandler)})
	for _, status := range []int{503, 200, 503, 404, 503} {
		f.status = status
		got, err := send(t.Context(), b)
		require.NoError(t, err)
		require.Equal(t, status, got)
	}
}

// TestCallersWhoLeave do not count, and those whose time is up do.
func TestCallersWhoLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &remote{hangs: true}
		b := breaker.New(f, breaker.Options{Name: "forge", Failures: 1, Logger: slog.New(slog.DiscardHandler)})
		left, leave := context.WithCancelCause(t.Context())
		leave(errors.New("for a reason of its own"))
		for range 3 {
			_, err := send(left, b)
			require.ErrorIs(t, err, context.Canceled)
		}
		late, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := send(late, b)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = send(t.Context(), b)
		requireRefused(t, err)
	})
}

// TestRefusedBodiesAreClosed as the contract of RoundTrip has it.
func TestRefusedBodiesAreClosed(t *testing.T) {
	b := breaker.New(&remote{status: 503}, breaker.Options{Name: "forge", Failures: 1, Logger: slog.New(slog.DiscardHandler)})
	_, err := send(t.Context(), b)
	require.NoError(t, err)
	body := &closable{}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://remote.example/", body)
	require.NoError(t, err)
	_, err = b.RoundTrip(r) //nolint:bodyclose // there is no answer
	requireRefused(t, err)
	require.True(t, body.closed)
}

type closable struct {
	bytes.Reader
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}
