package app

import (
	"context"
	"fmt"
	"time"
)

// Leaders lets one process at a time do a piece of work that has a name. Safe
// for concurrent use, from several processes too. Errors other than those named
// are Internal.
//
// A lease says who may begin something; a process that froze past its end finds
// out at the next Renew or Confirm. What must not happen twice is written in a
// transaction that begins with Confirm, and is fenced by it.
type Leaders interface {
	// Acquire takes the lease of that name, at most 64 bytes, until the given
	// time, where it is free, has run out at now, or is owner's already. Owner is
	// unique to a process start. The epoch is another, higher one whenever the
	// owner is. Else Busy, with a *LeaseHeld cause.
	Acquire(ctx context.Context, name, owner string, now, until time.Time) (LeaderLease, error)
	// Renew keeps the lease until that time: Busy, with a *LeaseHeld cause, where
	// another had it since, even if it is free again.
	Renew(ctx context.Context, l LeaderLease, until time.Time) error
	// Confirm locks the lease until the transaction ends: Busy, with a *LeaseHeld
	// cause, where it is not the holder's or has run out at now.
	Confirm(ctx context.Context, l LeaderLease, now time.Time) error
	// Release frees the lease if it is still the holder's. Repeatable.
	Release(ctx context.Context, l LeaderLease) error
}

// LeaderLease is a lease that was taken.
type LeaderLease struct {
	Name, Owner string
	// Epoch rises with every change of owner.
	Epoch int64
}

// LeaseHeld is the cause of Busy where another has the lease, or had it since.
type LeaseHeld struct {
	// Name is the lease's. Owner has it until that time; empty where nobody does.
	Name, Owner string
	Until       time.Time
}

func (h *LeaseHeld) Error() string {
	if h.Owner == "" {
		return fmt.Sprintf("the lease of %q is lost", h.Name)
	}
	return fmt.Sprintf("%q is done by %s until %s", h.Name, h.Owner, h.Until.Format(time.RFC3339))
}
