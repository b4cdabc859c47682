package app

import (
	"context"
	"time"

	"accord/saga"
)

// SweepSettings say when something is nobody's any more.
type SweepSettings struct {
	// Settle is how old what a flow may still be at work on must be before it is
	// taken for left behind: reserved accounts and sessions, Gitea tokens. Longer
	// than any flow takes.
	Settle time.Duration
	// Keep is how long sagas, sessions and undone registrations that have ended
	// can still be looked up.
	Keep time.Duration
	// Pace waits until one more account's Gitea tokens may be looked through; nil
	// never waits. TokensPerRun bounds how many are in one run; zero means no limit.
	Pace         func(ctx context.Context) error
	TokensPerRun int
}

func (s SweepSettings) pace(ctx context.Context) error {
	if s.Pace == nil {
		return ctx.Err()
	}
	return s.Pace(ctx)
}

// The names of the sweeper's leases.
const (
	sweepLease = "sweep"
	clearLease = "clear up"
)

// job is one thing that a sweep does. It returns how many it ended or removed.
type job struct {
	what string
	do   func(ctx context.Context) (int, error)
}

// Sweep ends expired sessions and removes departed accounts at every tick until
// ctx ends; of several replicas one does it. Faults are logged.
func (s *Service) Sweep(ctx context.Context, ticks <-chan time.Time) {
	s.sweepAs(ctx, sweepLease, ticks, []job{
		{"expired sessions", s.EndExpired},
		{"departed accounts", s.EndDeparted},
	})
}

// ClearUp removes at every tick, until ctx ends, what nobody needs any more; of
// several replicas one does it. Faults are logged.
func (s *Service) ClearUp(ctx context.Context, ticks <-chan time.Time) {
	s.sweepAs(ctx, clearLease, ticks, s.clearingJobs())
}

func (s *Service) sweepAs(ctx context.Context, lease string, ticks <-chan time.Time, jobs []job) {
	ctx = saga.WithOrigin(ctx, saga.Origin{Actor: System, Channel: "sweep"})
	defer s.resign(ctx, lease)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		_, err := s.leader.Lead(ctx, lease, func(ctx context.Context, _ LeaderLease) error {
			s.run(ctx, jobs)
			return nil
		})
		if err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "leading the sweep", "lease", lease, "error", err)
		}
	}
}

// run does one job after the other. The faults of one do not keep the others
// from being done.
func (s *Service) run(ctx context.Context, jobs []job) {
	for _, j := range jobs {
		if ctx.Err() != nil {
			return
		}
		switch n, err := j.do(ctx); {
		case err != nil:
			s.Logger.WarnContext(ctx, "sweep "+j.what, "count", n, "error", err)
		case n > 0:
			s.Logger.InfoContext(ctx, "swept "+j.what, "count", n)
		}
	}
}

// resignTime bounds giving a lease back at the end.
const resignTime = 2 * time.Second

func (s *Service) resign(ctx context.Context, lease string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resignTime)
	defer cancel()
	if err := s.leader.Resign(ctx, lease); err != nil {
		s.Logger.WarnContext(ctx, "giving a lease back", "lease", lease, "error", err)
	}
}
