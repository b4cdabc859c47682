package saga

import (
	"context"
	"crypto/rand"
	"log/slog"
	mathrand "math/rand/v2"
	"time"
)

// Options tune a Runner. Every zero field takes the default named with it.
// Now decides leases and due times; the durations that bound a wait (Deadline,
// Answer, StepTimeout, Poll) run on real timers.
type Options struct {
	// Owner names this runner in leases. It must be unique per process start:
	// a process that starts again is another owner. Default: random.
	Owner string
	// Now tells the time. Default: time.Now.
	Now func() time.Time
	// NewID makes the id of a saga, unique for ever. Default: random.
	NewID func() string
	// Jitter returns a number in [0,1) that scales a backoff. Default: random.
	Jitter func() float64
	// Lease is how long a saga stays ours without a sign of life; it is renewed
	// at a third of it. The clocks of runners that share a journal may differ by
	// less than half of it. Default: 4 s.
	Lease time.Duration
	// Deadline bounds the forward phase, from the beginning until the pivot is
	// tried. Default: 8 s.
	Deadline time.Duration
	// Answer is the longest that Execute waits. Default: 10 s.
	Answer time.Duration
	// StepTimeout bounds one try of a step that names no time-out of its own,
	// and every journal call. Default: 5 s.
	StepTimeout time.Duration
	// Settle is the settle time of a step that names none. Default: 30 s.
	Settle time.Duration
	// MaxAttempts is the number of passes without progress after which a saga
	// is stuck. Default: 20.
	MaxAttempts int
	// Backoff is the longest first pause after a failed pass; it doubles up to
	// MaxBackoff. Defaults: 500 ms and 5 min.
	Backoff, MaxBackoff time.Duration
	// Poll is how often Run looks for sagas that are due. Default: 500 ms.
	Poll time.Duration
	// Concurrency is how many claimed sagas run at once. Default: 16.
	Concurrency int
	// Decided is told of each saga's outcome, and of each move of an operator's,
	// within the journal's transaction that decides it, as its last work; what it
	// writes by ctx is part of that. The record is the one that is written. Its
	// error rolls the transaction back, so that the saga does not go on without
	// it; it may be called again when the transaction is retried. A saga that
	// never began is not told of. Default: nobody.
	Decided func(ctx context.Context, r Record, o Outcome) error
	// Logger gets faults as warnings and stuck sagas as errors; never a state.
	// Default: slog.Default().
	Logger *slog.Logger
}

// withDefaults fills what the caller left out.
func (o Options) withDefaults() Options {
	orDefault(&o.Owner, rand.Text())
	orDefault(&o.Lease, 4*time.Second)
	orDefault(&o.Deadline, 8*time.Second)
	orDefault(&o.Answer, 10*time.Second)
	orDefault(&o.StepTimeout, 5*time.Second)
	orDefault(&o.Settle, 30*time.Second)
	orDefault(&o.MaxAttempts, 20)
	orDefault(&o.Backoff, 500*time.Millisecond)
	orDefault(&o.MaxBackoff, 5*time.Minute)
	orDefault(&o.Poll, 500*time.Millisecond)
	orDefault(&o.Concurrency, 16)
	orDefault(&o.Logger, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = rand.Text
	}
	if o.Jitter == nil {
		o.Jitter = mathrand.Float64
	}
	if o.Decided == nil {
		o.Decided = func(context.Context, Record, Outcome) error { return nil }
	}
	return o
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
