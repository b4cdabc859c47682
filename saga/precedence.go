package saga

import (
	"context"
	"log/slog"
	"time"
)

// Precedes reports whether the saga goes before those that its own subject asks
// for: an operator's, an administrator's or Accord's own. While such a saga waits
// for its subject it reserves it, so that a person who keeps the account busy does
// not keep the operator out.
func (r Record) Precedes() bool {
	return r.Exclusive && r.Origin.Actor != "" && r.Origin.Actor != r.Subject
}

// Patience is how long a saga may wait for its subject instead of Options.Answer,
// which then bounds only the wait for its outcome.
type Patience struct {
	For time.Duration
	// Waiting, if non-nil, is called each time that another saga holds the subject.
	Waiting func()
}

type patienceKey struct{}

// WithPatience returns a context whose sagas wait that long for their subjects.
func WithPatience(ctx context.Context, p Patience) context.Context {
	return context.WithValue(ctx, patienceKey{}, p)
}

func patienceOf(ctx context.Context) Patience {
	p, _ := ctx.Value(patienceKey{}).(Patience)
	return p
}

// begin stores a saga that has not begun and waits for its subjects. The context
// that it returns bounds the wait for the outcome.
func (f *Flow[S]) begin(ctx context.Context, rec Record, s *S) (*watch, context.Context, context.CancelFunc, error) {
	patience := patienceOf(ctx).For
	answer, cancel := context.WithTimeout(ctx, max(f.r.o.Answer, patience))
	w, err := f.r.start(answer, f.f, rec, f.f.also(s))
	if err == nil && patience > 0 {
		cancel()
		answer, cancel = context.WithTimeout(ctx, f.r.o.Answer)
	}
	return w, answer, cancel, err
}

// queue waits until a saga that found a subject held may try again, and reports
// whether there is time left. One that precedes keeps its subjects reserved until
// then.
func (r *Runner) queue(ctx context.Context, p *pass, try int) bool {
	if waiting := patienceOf(ctx).Waiting; waiting != nil {
		waiting()
	}
	r.reserve(ctx, p, r.o.Lease)
	again := r.pause(ctx, try)
	if !again {
		r.reserve(context.WithoutCancel(ctx), p, 0)
	}
	return again
}

// reserve reserves the subjects of a saga that precedes for that long, or ends the
// reservation. If that fails it has no precedence, and tries again all the same.
func (r *Runner) reserve(ctx context.Context, p *pass, length time.Duration) {
	if !p.rec.Precedes() {
		return
	}
	now := r.o.Now()
	err := r.bounded(ctx, func(ctx context.Context) error {
		return r.journal.Reserve(ctx, p.id, append([]string{p.rec.Subject}, p.also...), now, now.Add(length))
	})
	if err != nil && ctx.Err() == nil {
		p.log(slog.LevelWarn, "a subject was not reserved", slog.String("cause", causeText(err)))
	}
}
