package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"accord/app"
)

const (
	// LockName is the lease that one run of Apply has at a time.
	LockName = "sync"
	// LockFor is how long a run that died keeps others out.
	LockFor = time.Minute
	// unlockLimit bounds the giving back of the lock.
	unlockLimit = 10 * time.Second
)

// Alone calls do while no other process does so; do's context ends when the lock
// is lost. Busy, with an app.LeaseHeld in the chain, where another has it. The
// leadership is this run's own.
func Alone(ctx context.Context, l *app.Leadership, do func(ctx context.Context) error) error {
	now := l.Now()
	// Lead does not tell who is at it.
	if _, err := l.Leaders.Acquire(ctx, LockName, l.Owner, now, now.Add(l.TTL)); err != nil {
		return fmt.Errorf("another run is under way: %w", err)
	}
	led, err := l.Lead(ctx, LockName, func(ctx context.Context, _ app.LeaderLease) error { return do(ctx) })
	if !led && err == nil {
		err = errors.New("another run has just begun")
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockLimit)
	defer cancel()
	return errors.Join(err, l.Resign(limited, LockName))
}
