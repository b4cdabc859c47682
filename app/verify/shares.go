package verify

import (
	"context"
	"sync"
)

// Shares let each client do one costly thing at a time, in this process, so that
// one with many connections does not keep all the others waiting. The zero value
// is ready to use. Safe for concurrent use.
type Shares struct {
	mu      sync.Mutex
	clients map[string]*share
}

// share is the turn of one client.
type share struct {
	turn chan struct{}
	// users is how many have the turn or wait for it.
	users int
}

// Enter waits until it is this caller's turn among those of the client. The
// function that it returns ends the turn. The error is that of a context that
// ended before.
func (s *Shares) Enter(ctx context.Context, client string) (leave func(), err error) {
	own := s.join(client)
	select {
	case own.turn <- struct{}{}:
		return func() {
			<-own.turn
			s.leave(client, own)
		}, nil
	case <-ctx.Done():
		s.leave(client, own)
		return nil, ctx.Err()
	}
}

func (s *Shares) join(client string) *share {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.clients[client]
	if own == nil {
		own = &share{turn: make(chan struct{}, 1)}
		if s.clients == nil {
			s.clients = map[string]*share{}
		}
		s.clients[client] = own
	}
	own.users++
	return own
}

func (s *Shares) leave(client string, own *share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if own.users--; own.users == 0 {
		delete(s.clients, client)
	}
}
