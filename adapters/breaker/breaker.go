// Package breaker spares callers the wait for a remote that is down: after a
// few failures in a row it turns requests down at once, and lets one through
// from time to time to find out whether the remote is back.
package breaker

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Options say when a Transport gives a remote up. Zero fields take the defaults
// named with them.
type Options struct {
	// Name is the remote's in errors and logs.
	Name string
	// Failures is how many in a row open the breaker; default 5.
	Failures uint32
	// Open is how long all is turned down until one request is let through, and
	// again where that one fails; default 5 s.
	Open time.Duration
	// Logger gets a warning when the remote is given up, and an info when it is
	// back; default slog.Default().
	Logger *slog.Logger
}

// Transport is an http.RoundTripper with a circuit breaker. Failures are
// requests without an answer, unless their callers gave them up, and the
// answers 502, 503 and 504; what happens after an answer's header is not
// looked at. Safe for concurrent use.
type Transport struct {
	next    http.RoundTripper
	name    string
	circuit *gobreaker.CircuitBreaker[struct{}]
}

// verdicts on a request that was let through, for the breaker alone
var (
	errDown    = errors.New("the remote is down")
	errGivenUp = errors.New("the caller gave the request up")
)

// New puts a closed breaker before next.
func New(next http.RoundTripper, o Options) *Transport {
	failures, log := cmp.Or(o.Failures, 5), cmp.Or(o.Logger, slog.Default())
	return &Transport{next: next, name: o.Name, circuit: gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:          o.Name,
		Timeout:       cmp.Or(o.Open, 5*time.Second),
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failures },
		IsExcluded:    func(err error) bool { return errors.Is(err, errGivenUp) },
		OnStateChange: func(name string, from, to gobreaker.State) { report(log, name, from, to) },
	})}
}

// RoundTrip is that of http.RoundTripper. Its error is a *Refusal where the
// breaker did not let the request through.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var (
		answer *http.Response
		err    error
	)
	_, verdict := t.circuit.Execute(func() (struct{}, error) {
		answer, err = t.next.RoundTrip(r) //nolint:bodyclose // the caller does
		return struct{}{}, judge(r, answer, err)
	})
	if errors.Is(verdict, gobreaker.ErrOpenState) || errors.Is(verdict, gobreaker.ErrTooManyRequests) {
		if r.Body != nil {
			_ = r.Body.Close() // as whoever takes a request must
		}
		return nil, &Refusal{name: t.name}
	}
	return answer, err
}

func judge(r *http.Request, answer *http.Response, err error) error {
	switch {
	case err != nil && errors.Is(r.Context().Err(), context.Canceled):
		return errGivenUp
	case err != nil:
		return errDown
	}
	switch answer.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return errDown
	}
	return nil
}

// report tells of changes that matter: a trial that fails changes nothing.
func report(log *slog.Logger, name string, from, to gobreaker.State) {
	switch {
	case from == gobreaker.StateClosed:
		log.Warn("circuit breaker opened: the remote is given up for now", "remote", name)
	case to == gobreaker.StateClosed:
		log.Info("circuit breaker closed: the remote is back", "remote", name)
	}
}

// Refusal is the error of a request that the breaker turned down.
type Refusal struct{ name string }

func (e *Refusal) Error() string {
	return "not sent: " + e.name + " failed repeatedly and is given a rest (circuit breaker)"
}

// NotSent says that not a byte of the request left; it is always true.
func (*Refusal) NotSent() bool { return true }
