package verify

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// turns let attempts under one lane wait for one another. The zero value is ready
// to use.
type turns struct {
	mu    sync.Mutex
	lanes map[string]*lane
}

// lane is where the attempts at one secret meet, in this process.
type lane struct {
	// gate is held while an attempt is charged.
	gate chan struct{}
	// users is how many know the lane, running how many are being checked.
	users, running int
	waiting        []chan struct{}
}

// enter charges an attempt. If it is refused while others are being checked it
// waits until one of them has ended, and charges again. The function that it
// returns ends the attempt.
func (t *turns) enter(ctx context.Context, name string, wait time.Duration, charge func() error) (leave func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, max(wait, time.Nanosecond))
	defer cancel()
	l := t.join(name)
	for {
		turn, err := t.try(ctx, l, charge)
		if err == nil {
			return func() { t.leave(name, l, true) }, nil
		}
		if turn != nil && wait > 0 {
			select {
			case <-turn:
				continue
			case <-waiting.Done():
				t.give(l, turn)
			}
		}
		t.leave(name, l, false)
		return nil, err
	}
}

func (t *turns) join(name string) *lane {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lanes[name]
	if l == nil {
		l = &lane{gate: make(chan struct{}, 1)}
		if t.lanes == nil {
			t.lanes = map[string]*lane{}
		}
		t.lanes[name] = l
	}
	l.users++
	return l
}

// try charges an attempt alone in its lane, so that a refusal knows for sure who
// is being checked. If there is anyone it returns what says when to try again.
func (t *turns) try(ctx context.Context, l *lane, charge func() error) (turn chan struct{}, err error) {
	select {
	case l.gate <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-l.gate }()
	err = charge()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		l.running++
		return nil, nil
	}
	var refused *Refused
	if errors.As(err, &refused) && l.running > 0 {
		turn = make(chan struct{})
		l.waiting = append(l.waiting, turn)
	}
	return turn, err
}

// give passes a turn on that came too late.
func (t *turns) give(l *lane, turn chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.waiting = slices.DeleteFunc(l.waiting, func(w chan struct{}) bool { return w == turn })
}

// leave ends an attempt, and lets the next one try.
func (t *turns) leave(name string, l *lane, ran bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ran {
		l.running--
	}
	if len(l.waiting) > 0 {
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
	}
	if l.users--; l.users == 0 {
		delete(t.lanes, name)
	}
}
