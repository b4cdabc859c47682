package app

import (
	"context"

	"accord/saga"
)

// restoring is the state of the restore saga.
type restoring struct {
	Account Account
	Asked   asked
	// To is found out on the way: what the account was before.
	To Status
}

// Restore brings back an account that was deleted and whose grace period is not
// over, with all it had: it can sign in again, unless it was suspended before,
// which it then is again. Its old sessions stay ended.
// NotFound where no such account is leaving, DirectoryFailed, StorageFailed,
// Busy or Internal. For operators.
func (s *Service) Restore(ctx context.Context, accountID string) (saga.Receipt, error) {
	const op = "restore"
	account, err := s.Accounts.ByID(ctx, accountID)
	if err == nil && account.Status != Leaving {
		err = &Error{Kind: NotFound}
	}
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := carryOut(ctx, s.restore, account.ID, restoring{Account: account, Asked: s.askedBy(ctx, account.ID)})
	return receipt, failed(op, err)
}

func (s *Service) restoreFlow() saga.Definition[restoring] {
	return exclusive("restore",
		saga.One(saga.Step[restoring]{
			Name: "check that it still waits", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, r *restoring) (err error) {
				now, before, err := s.Standings.Standing(ctx, r.Account.ID)
				if err == nil && now != Leaving {
					err = &Error{Kind: NotFound}
				}
				r.To = before
				return err
			},
		}),
		lettingIn(s, func(r *restoring) (Account, Status) { return r.Account, r.To }),
		saga.One(saga.Step[restoring]{
			Name: "come back", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, r *restoring) error {
				if err := s.Accounts.ComeBack(ctx, r.Account.ID, s.Now()); err != nil {
					return err
				}
				return s.evictLater(ctx, r.Account.ID)
			},
		}),
		saga.One(announcing(s, func(r *restoring) announcement { return r.Asked.announce(NoticeRestored, r.Account) })),
	)
}
