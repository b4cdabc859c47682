package verify

import "time"

// Limit bounds how often one key may be charged. A count ends LockFor after its
// first charge (with InARow, after its last one), or when its wait is over,
// whichever is later.
type Limit struct {
	// Name is what metrics and refusals call the limit.
	Name string
	// Free charges pass without a wait; zero means that there is no limit.
	Free int
	// Delay is the wait after the last free charge. Each further one doubles it,
	// up to MaxDelay.
	Delay, MaxDelay time.Duration
	// LockAfter charges lock the key for LockFor; zero never locks.
	LockAfter int
	LockFor   time.Duration
	InARow    bool
	// FromFirst ends a lock with the count itself, LockFor after the first charge,
	// instead of LockFor after the last one.
	FromFirst bool
}

// Quota returns the limit of so many charges in a window of time, which begins
// with the first of them. A quota of zero is no limit.
func Quota(name string, most int, window time.Duration) Limit {
	return Limit{Name: name, Free: most, LockAfter: most, LockFor: window, FromFirst: true}
}

// Times returns a limit of the same waits, and of n times the charges.
func (l Limit) Times(n int) Limit {
	l.Free, l.LockAfter = l.Free*n, l.LockAfter*n
	return l
}

// Named returns the limit under another name.
func (l Limit) Named(name string) Limit {
	l.Name = name
	return l
}

// Wait returns how long after the last of so many charges the next one may come.
func (l Limit) Wait(spent int) time.Duration {
	switch {
	case l.Free == 0 || spent < l.Free:
		return 0
	case l.LockAfter > 0 && spent >= l.LockAfter:
		return l.LockFor
	}
	wait := l.Delay
	for n := l.Free; n < spent && wait < l.MaxDelay; n++ {
		wait *= 2
	}
	return min(wait, l.MaxDelay)
}

// Count is the state of one key; the zero value is that of a key which was never
// charged.
type Count struct {
	Spent int
	// Last is the time of the last charge, Ends when the count starts again.
	Last, Ends time.Time
}

// Next adds a charge at now, or returns how long it has to wait.
func (c Count) Next(l Limit, now time.Time) (Count, time.Duration) {
	if until := c.heldUntil(l); now.Before(until) {
		return c, until.Sub(now)
	}
	fresh := !now.Before(c.Ends)
	if fresh {
		c.Spent = 0
	}
	c.Spent++
	if now.After(c.Last) { // of charges that meet, the earlier may be counted last
		c.Last = now
	}
	if fresh || l.InARow {
		c.Ends = now.Add(l.LockFor)
	}
	return c, 0
}

func (c Count) heldUntil(l Limit) time.Time {
	hold := l.Wait(c.Spent)
	switch {
	case hold == 0:
		return time.Time{}
	case l.FromFirst:
		return c.Ends
	}
	return c.Last.Add(hold)
}
