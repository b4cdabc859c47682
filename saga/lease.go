package saga

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errNotHeld ends the work of a runner that can no longer be sure of its lease.
var errNotHeld = errors.New("saga: the lease was lost")

// lease is what this runner knows of its hold on one saga, by its own clock.
// It may end earlier than the journal says, never to be revived.
type lease struct {
	now  func() time.Time
	lose context.CancelCauseFunc

	mu    sync.Mutex
	until time.Time
	gone  bool
	timer *time.Timer
}

// newLease watches the clock: lose is called when until has passed.
func newLease(now func() time.Time, until time.Time, lose context.CancelCauseFunc) *lease {
	l := &lease{now: now, lose: lose, until: until}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(until.Sub(now()), func() { l.held() })
	return l
}

// held reports whether the lease is still good. It arms the timer again where
// it is.
func (l *lease) held() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		return false
	}
	left := l.until.Sub(l.now())
	if left > 0 {
		l.timer.Reset(left)
		return true
	}
	l.end(errNotHeld)
	return false
}

// extend moves the end of a lease that is still good.
func (l *lease) extend(until time.Time) {
	if !l.held() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = until
}

// drop ends the lease for that cause.
func (l *lease) drop(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end(cause)
}

func (l *lease) end(cause error) {
	if !l.gone {
		l.gone = true
		l.timer.Stop()
		l.lose(cause)
	}
}
