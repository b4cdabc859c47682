package app

import (
	"context"
	"time"

	"accord/app/verify"
)

// visitWait bounds what a sign-in waits for its place to be noted.
const visitWait = 2 * time.Second

// noteVisit remembers where a sign-in came from, and announces one from a
// network or device that is new to the account: at most once a day for each
// network. Its faults are logged, and fail no sign-in.
func (s *Service) noteVisit(ctx context.Context, a Account) {
	caller := CallerOf(ctx)
	if caller.Place.Address == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), visitWait)
	defer cancel()
	strange, err := s.Places.Visit(ctx, a.ID, caller.Place, s.Now())
	if err == nil && strange {
		strange, err = s.within(ctx, "visit/"+a.ID+"/"+caller.Place.Network(), verify.Quota(limitVisits, 1, 24*time.Hour))
	}
	if err == nil && strange {
		err = s.announce(ctx, s.askedBy(by(ctx, a.ID), a.ID).announce(NoticeSignIn, a))
	}
	if err != nil {
		s.Logger.WarnContext(ctx, "noting where a sign-in came from", "account", a.ID, "error", err)
	}
}
