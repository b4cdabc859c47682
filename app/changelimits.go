package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"accord/app/verify"
	"accord/saga"
)

// ownChange runs a change of the user's own account within the account's budget.
func (s *Service) ownChange(
	ctx context.Context, op string, p Principal, change func() (saga.Receipt, error),
) (saga.Receipt, error) {
	return s.charged(ctx, op, change, verify.Charge{
		Key:   "change/" + p.Account.ID,
		Limit: verify.Quota(limitChanges, s.settings.Limits.ChangesPerAccountHour, time.Hour),
	})
}

// managedChange runs an administrator's change of another account within the
// budget of the administrator's account.
func (s *Service) managedChange(
	ctx context.Context, op string, actor Principal, change func() (saga.Receipt, error),
) (saga.Receipt, error) {
	return s.charged(ctx, op, change, verify.Charge{
		Key:   "manage/" + actor.Account.ID,
		Limit: verify.Quota(limitManaged, s.settings.Limits.ManagedPerAccountHour, time.Hour),
	})
}

// charged charges a change before anything costly begins, and returns the charge
// if nothing was changed by no fault of the one who asked. A change that is refused
// for what it asks costs as much as one that is made.
func (s *Service) charged(
	ctx context.Context, op string, change func() (saga.Receipt, error), charge verify.Charge,
) (saga.Receipt, error) {
	spent, err := s.admit(ctx, charge)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := change()
	if ours(err) && receipt.Pending == nil && !errors.Is(err, saga.ErrUndecided) {
		err = failed(op, s.returnSpent(ctx, spent, err))
	}
	return receipt, err
}

// ours reports whether an error is of Accord and its systems, not of the request.
func ours(err error) bool {
	return err != nil && slices.Contains([]Kind{Busy, DirectoryFailed, StorageFailed, MailFailed, SMSFailed, Internal}, KindOf(err))
}
