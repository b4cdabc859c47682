package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"accord/saga"
)

// ErrChanged is in the chain of a repair's error where what it rests on is not so
// any more. Nothing was changed then; its kind is Busy.
var ErrChanged = errors.New("it has changed since it was looked at")

// ErrDisputed is in the chain of a repair's error where a Gitea user bears the mark
// of one account, but not its name and address, and has the number of another one's
// user: somebody moved the mark. Nothing was changed then; its kind is
// DirectoryFailed.
var ErrDisputed = errors.New("the user in Gitea bears the mark of one account and is another one's by its number")

func changed() error { return saga.Refused(&Error{Kind: Busy, Err: ErrChanged}) }

// repairFlows make what the remote systems show of accounts what the store says.
// Each begins by comparing both with what the repair rests on, under the hold of
// the account.
type repairFlows struct {
	remakeInDirectory *saga.Flow[remakingInDirectory]
	mendDirectory     *saga.Flow[mendingDirectory]
	dropFromDirectory *saga.Flow[droppingFromDirectory]
	stepAside         *saga.Flow[steppingAside]
	endTokens         *saga.Flow[endingTokens]
	endAddresses      *saga.Flow[endingAddresses]
	healDirectory     *saga.Flow[healingDirectory]
	sealDirectory     *saga.Flow[sealingDirectory]
	remakeInStorage   *saga.Flow[remakingInStorage]
	mendStorage       *saga.Flow[mendingStorage]
	dropFromStorage   *saga.Flow[droppingFromStorage]
}

func (s *Service) bindRepairs(r *saga.Runner) error {
	return errors.Join(
		bind(r, s.remakeInDirectoryFlow(), &s.repairs.remakeInDirectory),
		bind(r, s.mendDirectoryFlow(), &s.repairs.mendDirectory),
		bind(r, s.dropFromDirectoryFlow(), &s.repairs.dropFromDirectory),
		bind(r, s.stepAsideFlow(), &s.repairs.stepAside),
		bind(r, s.endTokensFlow(), &s.repairs.endTokens),
		bind(r, s.endAddressesFlow(), &s.repairs.endAddresses),
		bind(r, s.healDirectoryFlow(), &s.repairs.healDirectory),
		bind(r, s.sealDirectoryFlow(), &s.repairs.sealDirectory),
		bind(r, s.remakeInStorageFlow(), &s.repairs.remakeInStorage),
		bind(r, s.mendStorageFlow(), &s.repairs.mendStorage),
		bind(r, s.dropFromStorageFlow(), &s.repairs.dropFromStorage),
	)
}

// unchanged refuses where the account is not as the facts say, or is not to have
// remote users.
func (s *Service) unchanged(ctx context.Context, f Facts) error {
	account, err := s.Accounts.ByID(ctx, f.AccountID)
	if KindOf(err) == NotFound || (err == nil && (account.Facts() != f || !f.Status.Remote())) {
		err = changed()
	}
	return err
}

// unclaimed refuses where the account has the remote user that is to go: holds
// says whether it has.
func (s *Service) unclaimed(ctx context.Context, accountID string, holds func(Account) bool) error {
	account, err := s.Accounts.ByID(ctx, accountID)
	switch {
	case KindOf(err) == NotFound:
		return nil
	case err != nil:
		return err
	case account.Status == Deleted, account.Status == Abandoned:
		return nil
	case account.Status == Reserved, holds(account):
		return changed()
	}
	return nil
}

// sameInDirectory refuses where the user is not as it was seen.
func (s *Service) sameInDirectory(ctx context.Context, seen DirectoryView) error {
	now, found, err := s.DirectoryRepairs.UserNumbered(ctx, seen.ID)
	if err == nil && (!found || now != seen) {
		err = changed()
	}
	return err
}

// sameInStorage likewise.
func (s *Service) sameInStorage(ctx context.Context, seen StorageView) error {
	now, found, err := s.StorageRepairs.User(ctx, seen.Key)
	if err == nil && (!found || now != seen) {
		err = changed()
	}
	return err
}

// undisputed refuses where the user that bears a mark is noted as another
// account's, and not as that of its mark. One that has the name and the address of
// its mark's account is that one's all the same: a Gitea that was restored from a
// copy gives numbers out again, perhaps just now.
func (s *Service) undisputed(ctx context.Context, v DirectoryView) error {
	noted, err := s.Repairs.OfDirectoryUser(ctx, v.ID)
	if err != nil || len(noted) == 0 || slices.Contains(noted, v.Mark) {
		return err
	}
	marked, err := s.Accounts.ByID(ctx, v.Mark)
	switch {
	case err != nil && KindOf(err) != NotFound:
		return err
	case err == nil && (marked.Status.Remote() || marked.Status == Reserved) &&
		strings.EqualFold(marked.Username, v.Username) && strings.EqualFold(marked.Email, v.Email):
		return nil
	}
	return saga.Refused(&Error{Kind: DirectoryFailed, Err: ErrDisputed})
}

// settled takes a committed repair whose last steps are still to come for one
// that failed; receipt.Pending, which is nil for any other, says that it did not.
func settled(op string, receipt saga.Receipt, err error) (saga.Receipt, error) {
	if err == nil {
		err = receipt.Pending
	}
	return receipt, failed(op, err)
}
