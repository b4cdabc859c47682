package app

import (
	"context"
	"time"
)

// FailureLimit says how failed tries under one key hold up the next one. A
// count begins anew LockFor after its first failure, or with InARow after its
// last one, and when a lock ends.
type FailureLimit struct {
	// Free failures hold nobody up; zero means that there is no limit at all.
	Free int
	// Delay is the wait after the last free failure. Each further one doubles
	// it, up to MaxDelay.
	Delay, MaxDelay time.Duration
	// LockAfter failures lock the key for LockFor; zero never locks.
	LockAfter int
	LockFor   time.Duration
	InARow    bool
}

// Wait is how long after the last of so many failures the next try may come.
func (l FailureLimit) Wait(failed int) time.Duration {
	switch {
	case l.Free == 0 || failed < l.Free:
		return 0
	case l.LockAfter > 0 && failed >= l.LockAfter:
		return l.LockFor
	}
	wait := l.Delay
	for n := l.Free; n < failed && wait < l.MaxDelay; n++ {
		wait *= 2
	}
	return min(wait, l.MaxDelay)
}

// FailureCount is what is known of the tries under one key; the zero value where
// nothing is.
type FailureCount struct {
	Failed int
	// Last is the time of the last failure, Ends when the count begins anew.
	Last, Ends time.Time
}

// Next counts one more failure at now, or returns how long the try has to wait.
func (c FailureCount) Next(l FailureLimit, now time.Time) (FailureCount, time.Duration) {
	if !now.Before(c.Ends) {
		c = FailureCount{Ends: now.Add(l.LockFor)}
	}
	// Of tries that meet, the one that began first may be counted last.
	if hold := l.Wait(c.Failed); hold > 0 && now.Before(c.Last.Add(hold)) {
		return c, c.Last.Add(hold).Sub(now)
	}
	c.Failed++
	if now.After(c.Last) {
		c.Last = now
	}
	if l.InARow {
		c.Ends = now.Add(l.LockFor)
	}
	if held := now.Add(l.Wait(c.Failed)); held.After(c.Ends) {
		c.Ends = held
	}
	return c, 0
}

// Try is one try under one key.
type Try struct {
	// Key is what is counted under, at most 512 bytes.
	Key   string
	Limit FailureLimit
	// Resets: success forgets every failure under the key, not only this try.
	Resets bool
}

// Failures count failed tries by key, shared by all replicas. Safe for
// concurrent use; each call has a transaction of its own. Errors are Internal.
type Failures interface {
	// Reserve counts every one of the tries as failed, by FailureCount.Next, and
	// returns zero; or none of them, and how long the caller has to wait. Keys
	// are locked in the order given, which must be the same everywhere.
	Reserve(ctx context.Context, tries []Try, now time.Time) (wait time.Duration, err error)
	// Release forgets all failures under the keys of forget, and takes one back
	// from each of giveBack. A key under which nothing is counted is done.
	Release(ctx context.Context, forget, giveBack []string) error
}
