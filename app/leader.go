package app

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DefaultLeaderTTL is how long a lease lasts without a sign of life where
// Leadership.TTL is zero.
const DefaultLeaderTTL = 15 * time.Second

// Leadership does work under leases of Leaders: a process of many does it, and
// another one when that one stops or dies. Safe for concurrent use.
type Leadership struct {
	Leaders Leaders
	// Owner is unique to the process start.
	Owner string
	// TTL is how long after the process's death another one can begin; a third of
	// it is how often the lease is renewed. Zero means DefaultLeaderTTL.
	TTL time.Duration
	Now func() time.Time
	// Ticks, for tests, stands for a ticker; nil means time.NewTicker.
	Ticks func(every time.Duration) (ticks <-chan time.Time, stop func())
}

// Lead does the work if nobody else does one of that name, and reports whether
// it did. The lease is renewed while it works; where it cannot be renewed in
// time, the work's context ends, with the reason as its cause. It is kept
// afterwards until its TTL is over, so that the same process goes on leading;
// Resign ends that. An error is that of the work, or why the lease could not be
// asked for or kept.
func (l *Leadership) Lead(ctx context.Context, name string, work func(ctx context.Context, lease LeaderLease) error) (led bool, err error) {
	now := l.Now()
	lease, err := l.Leaders.Acquire(ctx, name, l.Owner, now, now.Add(l.ttl()))
	var held *LeaseHeld
	switch {
	case errors.As(err, &held):
		return false, nil
	case err != nil:
		return false, err
	}
	working, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		l.keep(working, lease, now.Add(l.ttl()), lost)
	}()
	err = work(working, lease)
	if cause := context.Cause(working); cause != nil && ctx.Err() == nil {
		err = errors.Join(err, cause)
	}
	lost(nil)
	<-kept
	return true, err
}

// keep renews the lease until ctx ends. A fault of the database is no loss
// before the lease has run out.
func (l *Leadership) keep(ctx context.Context, lease LeaderLease, ends time.Time, lost context.CancelCauseFunc) {
	ticks, stop := l.ticks(l.ttl() / 3)
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		until := l.Now().Add(l.ttl())
		err := l.Leaders.Renew(ctx, lease, until)
		var held *LeaseHeld
		switch {
		case err == nil:
			ends = until
		case ctx.Err() != nil:
			return
		case errors.As(err, &held), !l.Now().Before(ends):
			lost(fmt.Errorf("no longer the one who does %q: %w", lease.Name, err))
			return
		}
	}
}

// Resign frees the lease of that name if it is this process's, so that another
// one need not wait for its end.
func (l *Leadership) Resign(ctx context.Context, name string) error {
	now := l.Now()
	lease, err := l.Leaders.Acquire(ctx, name, l.Owner, now, now.Add(l.ttl()))
	var held *LeaseHeld
	switch {
	case errors.As(err, &held):
		return nil
	case err != nil:
		return err
	}
	return l.Leaders.Release(ctx, lease)
}

func (l *Leadership) ttl() time.Duration {
	if l.TTL == 0 {
		return DefaultLeaderTTL
	}
	return l.TTL
}

func (l *Leadership) ticks(every time.Duration) (<-chan time.Time, func()) {
	if l.Ticks != nil {
		return l.Ticks(every)
	}
	ticker := time.NewTicker(every)
	return ticker.C, ticker.Stop
}
