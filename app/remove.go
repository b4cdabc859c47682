package app

import (
	"cmp"
	"context"

	"accord/saga"
)

// Inventory is what goes with an account that is removed: nothing in Gitea where
// the user there was adopted.
type Inventory struct {
	Account Account
	Belongings
	// LastOwnerOf are the organizations that others would lose: they have other
	// members, and no other owner who can sign in.
	LastOwnerOf []string
	// LastAdministrator: no other super-administrator may sign in, so the account
	// cannot be removed.
	LastAdministrator bool
	// Objects are those in storage, at most MostObjects.
	Objects int
}

// MostObjects is where counting an account's objects stops.
const MostObjects = 10000

// TakeInventory lists what an account has in Gitea and storage. It changes
// nothing. NotFound if there is nothing to remove, DirectoryFailed,
// StorageFailed or Internal. For operators.
func (s *Service) TakeInventory(ctx context.Context, accountID string) (Inventory, error) {
	const op = "take inventory"
	account, err := s.removable(ctx, accountID)
	if err != nil {
		return Inventory{}, failed(op, err)
	}
	found := Inventory{Account: account}
	if account.GiteaOrigin != Adopted {
		found.Belongings, found.LastOwnerOf, err = s.inGitea(ctx, account)
	}
	if err != nil {
		return Inventory{}, failed(op, err)
	}
	err = s.Roster.MayGo(ctx, account.ID)
	if found.LastAdministrator = err != nil && KindOf(err) == LastAdministrator; err != nil && !found.LastAdministrator {
		return Inventory{}, failed(op, err)
	}
	found.Objects, err = s.Storage.CountObjects(ctx, account.StorageKey, MostObjects)
	return found, failed(op, err)
}

// inGitea finds out what goes with the account's user, and what stands in the way.
func (s *Service) inGitea(ctx context.Context, a Account) (has Belongings, last []string, err error) {
	has, err = s.Directory.Belongings(ctx, a.Ref())
	if err = s.unlessGone(ctx, a, err); err != nil {
		return Belongings{}, nil, err
	}
	shared, err := s.sharedBy(ctx, a)
	if err == nil {
		last, err = s.lastOwnerOf(ctx, shared)
	}
	return has, last, err
}

// removable finds an account that is normal, suspended or leaving.
func (s *Service) removable(ctx context.Context, accountID string) (Account, error) {
	account, err := s.Accounts.ByID(ctx, accountID)
	if err == nil && !account.Status.kept() && account.Status != Leaving {
		err = &Error{Kind: NotFound}
	}
	return account, err
}

// Remove deletes an account as Delete does, without its person: also one that is
// suspended. With now there is no grace period, nor any longer for one that is
// leaving already, which without it is Unchanged. NotFound where there is nothing
// to remove, LastOwner, LastAdministrator, DirectoryFailed, StorageFailed, Busy or Internal, as of
// Delete. For operators.
func (s *Service) Remove(ctx context.Context, accountID string, now bool) (saga.Receipt, error) {
	const op = "remove"
	account, err := s.removable(ctx, accountID)
	if err == nil && account.Status == Leaving && !now {
		err = &Error{Kind: Unchanged}
	}
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	if account.Status == Leaving {
		receipt, err := s.purge(ctx, account)
		return receipt, failed(op, err)
	}
	until := s.Now()
	if !now {
		until = until.Add(s.settings.DeletionGrace)
	}
	return s.shutOutAndPurge(ctx, op, deleting{Account: account, Until: until, ByOperator: true})
}

// shutOutAndPurge begins a deletion, and ends it where there is no grace period.
func (s *Service) shutOutAndPurge(ctx context.Context, op string, d deleting) (saga.Receipt, error) {
	ctx = by(ctx, cmp.Or(d.Actor, d.Account.ID))
	d.Asked = s.askedBy(ctx, d.Account.ID)
	receipt, err := s.holdingOrganizations(ctx, d.Account, func(held []int64) (saga.Receipt, error) {
		d.Held = held
		return carryOut(ctx, s.delete, d.Account.ID, d)
	})
	if err != nil {
		return receipt, failed(op, err)
	}
	if receipt.Pending == nil && !d.Until.After(s.Now()) {
		_, receipt.Pending = s.purge(ctx, d.Account)
		if KindOf(receipt.Pending) == LastOwner { // it came after the account was shut out: no refusal
			receipt.Pending = &Error{Kind: DirectoryFailed, Err: receipt.Pending}
		}
	}
	return receipt, failed(op, receipt.Pending)
}
