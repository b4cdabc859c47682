package app

import (
	"context"
	"errors"
	"slices"
	"time"
)

// evictAgainBatch is how many accounts one call of EvictAgain looks at, and
// evictAgainPause how long one waits whose credentials could not be ended.
const (
	evictAgainBatch = 50
	evictAgainPause = 10 * time.Minute
)

// evictLater notes, in a local step, that credentials are looked for after a
// while: web sessions of Gitea's come back with the user that is let in, and make
// tokens.
func (s *Service) evictLater(ctx context.Context, accountID string) error {
	if s.settings.EvictAgain <= 0 {
		return nil
	}
	return s.Evictions.EvictAgain(ctx, accountID, s.Now().Add(s.settings.EvictAgain))
}

// EvictAgain looks for credentials of accounts that were evicted a while ago, and
// ends them. What it finds was made by a web session of Gitea's that is still
// open, so it looks at that account again after the same time. It returns of how
// many accounts credentials ended. The first fault is returned after the rest was
// tried. Safe to run on several replicas.
func (s *Service) EvictAgain(ctx context.Context) (n int, fault error) {
	const op = "evict again"
	due, err := s.Evictions.EvictedAgain(ctx, s.Now(), evictAgainBatch)
	if err != nil {
		return 0, failed(op, err)
	}
	for _, a := range due {
		evicted, err := s.evictAgain(ctx, a)
		if err != nil {
			now := s.Now()
			err = errors.Join(err, s.Evictions.PostponeEviction(ctx, a.ID, now, now.Add(evictAgainPause)))
		}
		fault = firstOf(fault, failed(op, err))
		if evicted {
			n++
		}
	}
	return n, fault
}

// evictAgain begins no saga if there is nothing to end. It begins one if that
// cannot be found out though Gitea answers: the saga shuts the user out first.
func (s *Service) evictAgain(ctx context.Context, a Account) (bool, error) {
	found, err := s.holdings().Foreign(ctx, a, false)
	if err != nil && !s.shutsOut(ctx, a, err) {
		return false, err
	}
	found = slices.DeleteFunc(found, func(c Credential) bool { return c.Kind == StorageAccessKey })
	if err == nil && len(found) == 0 {
		return false, s.Evictions.PostponeEviction(ctx, a.ID, s.Now(), time.Time{})
	}
	_, _, err = s.evictBy(by(ctx, System), a.ID, false)
	return err == nil, err
}

// shutsOut reports whether a user can be shut out whose credentials could not be
// listed.
func (s *Service) shutsOut(ctx context.Context, a Account, why error) bool {
	if KindOf(why) != DirectoryFailed {
		return false
	}
	users, err := s.DirectoryRepairs.UsersMarked(ctx, a.ID)
	return err == nil && len(users) > 0
}
