package app

import (
	"context"
	"slices"
	"sync"
)

// witnesses is how many other accounts' users Gitea is asked for.
const witnesses = 5

// turns remembers which account was asked about last, so that each has its turn
// as a witness: the users of some may be gone from Gitea too, and must not answer
// for all others again and again. The zero value is ready. Safe for concurrent use.
type turns struct {
	mu   sync.Mutex
	last string
}

// after returns the id of the account that was asked about last, or first if none
// was.
func (t *turns) after(first string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == "" {
		return first
	}
	return t.last
}

func (t *turns) asked(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = id
}

// witnessed is an error if Gitea shows none of some other accounts' users,
// although there are other accounts. The next call asks about others.
func (s *Service) witnessed(ctx context.Context, except string) error {
	others, err := s.nextWitnesses(ctx, except)
	if err != nil || len(others) == 0 {
		return err
	}
	for _, a := range others {
		s.witnessTurns.asked(a.ID)
		v, found, err := s.DirectoryRepairs.UserNumbered(ctx, a.GiteaID)
		if err != nil || found && v.Mark == a.ID {
			return err
		}
	}
	return errNoWitness
}

// nextWitnesses returns the accounts whose turn it is, but this one. After the
// last account comes the first.
func (s *Service) nextWitnesses(ctx context.Context, except string) ([]Account, error) {
	after := s.witnessTurns.after(except)
	next, err := s.Listings.PageOfAccounts(ctx, []Status{Normal}, after, witnesses+1)
	if err != nil {
		return nil, err
	}
	if len(next) <= witnesses { // they are all that come after
		first, err := s.Listings.PageOfAccounts(ctx, []Status{Normal}, "", witnesses+1)
		if err != nil {
			return nil, err
		}
		next = append(next, slices.DeleteFunc(first, func(a Account) bool { return a.ID > after })...)
	}
	next = slices.DeleteFunc(next, func(a Account) bool { return a.ID == except })
	return next[:min(len(next), witnesses)], nil
}
