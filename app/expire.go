package app

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// How many sessions one sweep ends, and how many of them at once.
const (
	sweepBatch    = 200
	sweepTogether = 4
)

// EndExpired ends sessions whose time ran out, on all three systems, at most a
// batch of them, and returns how many it ended everywhere. The first fault is
// returned after the rest of the batch was tried. Safe to run on several replicas.
func (s *Service) EndExpired(ctx context.Context) (int, error) {
	sessions, err := s.Sessions.Expired(ctx, s.Now(), sweepBatch)
	if err != nil {
		return 0, failed("end expired sessions", err)
	}
	var ended atomic.Int64
	var group errgroup.Group
	group.SetLimit(sweepTogether)
	for _, session := range sessions {
		group.Go(func() error {
			account, err := s.Accounts.ByID(ctx, session.AccountID)
			if err != nil {
				return failed("end expired sessions", err)
			}
			if _, err = s.end(ctx, "end expired sessions", account, session); err != nil {
				return err
			}
			ended.Add(1)
			return nil
		})
	}
	err = group.Wait()
	return int(ended.Load()), err
}
