package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"accord/app"
)

// Leases are those calls of app.Leaders that a run needs.
type Leases interface {
	Acquire(ctx context.Context, name, owner string, now, until time.Time) (app.LeaderLease, error)
	Renew(ctx context.Context, l app.LeaderLease, until time.Time) error
	Release(ctx context.Context, l app.LeaderLease) error
}

const (
	// LockName is the lease that one run of Apply has at a time.
	LockName = "sync"
	// LockFor is how long a run that died keeps others out.
	LockFor = time.Minute
	// lockLimit bounds one word with the database.
	lockLimit = 10 * time.Second
)

var errLockLost = errors.New("the run lock was lost: another run may have begun; what was being mended is finished, the rest is left")

// Alone calls do while no other process does so, and renews the lease at every
// tick; ticks must come a few times in LockFor. do's context ends when the lease
// is lost. Busy, with an app.LeaseHeld in the chain, where another has it.
func Alone(
	ctx context.Context, l Leases, owner string, now func() time.Time, ticks <-chan time.Time, do func(ctx context.Context) error,
) error {
	lease, err := l.Acquire(ctx, LockName, owner, now(), now().Add(LockFor))
	if err != nil {
		return fmt.Errorf("another run is under way: %w", err)
	}
	held, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for until := now().Add(LockFor); ; {
			select {
			case <-held.Done():
				return
			case <-ticks:
			}
			limited, cancel := context.WithTimeout(held, lockLimit)
			err := l.Renew(limited, lease, now().Add(LockFor))
			cancel()
			switch {
			case err == nil:
				until = now().Add(LockFor)
			case app.KindOf(err) == app.Busy, !now().Before(until):
				lose(errLockLost)
			}
		}
	}()
	err = do(held)
	if cause := context.Cause(held); errors.Is(cause, errLockLost) {
		err = errors.Join(cause, err)
	}
	lose(nil)
	<-ended
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockLimit)
	defer cancel()
	return errors.Join(err, l.Release(limited, lease))
}
