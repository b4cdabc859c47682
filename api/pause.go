package api

import (
	"context"
	"time"
)

// pausedAtMost is how many refusals are held back at once, in all; the others are
// answered at once. Each takes a connection and some kilobytes.
const pausedAtMost = 4096

// pause holds refusals of too many requests back, so that a client which does not heed
// them spends its connections on waiting, not the server's processors on refusing.
type pause struct {
	length time.Duration
	places chan struct{}
}

func newPause(length time.Duration) *pause {
	return &pause{length, make(chan struct{}, pausedAtMost)}
}

// take waits, at most until ctx ends.
func (p *pause) take(ctx context.Context) {
	if p.length <= 0 {
		return
	}
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	default:
		return
	}
	over := time.NewTimer(p.length)
	defer over.Stop()
	select {
	case <-over.C:
	case <-ctx.Done():
	}
}
