package app

import (
	"context"

	"accord/saga"
)

// resuming is the state of the resume saga.
type resuming struct {
	Account Account
	Asked   asked
}

// Resume lets the person of a suspended account in again on all three systems.
// Sessions that ended stay ended. NotFound where the account is not there to be
// resumed, Unchanged where it is not suspended, DirectoryFailed, StorageFailed,
// Busy or Internal. For operators.
func (s *Service) Resume(ctx context.Context, accountID string) (saga.Receipt, error) {
	const op = "resume"
	account, err := s.Accounts.ByID(ctx, accountID)
	switch {
	case err != nil:
	case account.Status == Normal:
		err = &Error{Kind: Unchanged}
	case !account.Status.Suspended():
		err = &Error{Kind: NotFound}
	}
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := carryOut(ctx, s.resume, account.ID, resuming{Account: account, Asked: s.askedBy(ctx, account.ID)})
	return receipt, failed(op, err)
}

func (s *Service) resumeFlow() saga.Definition[resuming] {
	return exclusive("resume",
		saga.One(saga.Step[resuming]{
			Name: "check that it is suspended", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, r *resuming) error {
				now, _, err := s.Standings.Standing(ctx, r.Account.ID)
				if err == nil && !now.Suspended() {
					err = &Error{Kind: NotFound}
				}
				return err
			},
		}),
		lettingIn(s, func(r *resuming) (Account, Status) { return r.Account, Normal }),
		saga.One(saga.Step[resuming]{
			Name: "resume", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, r *resuming) error {
				if err := s.Standings.Resume(ctx, r.Account.ID, s.Now()); err != nil {
					return err
				}
				return s.evictLater(ctx, r.Account.ID)
			},
		}),
		saga.One(announcing(s, func(r *resuming) announcement { return r.Asked.announce(NoticeResumed, r.Account) })),
	)
}
