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
	// Objects are those in storage, at most MostObjects.
	Objects int
}

// MostObjects is where counting an account's objects stops.
const MostObjects = 10000

// TakeInventory tells what an account has in Gitea and storage. It changes
// nothing. NotFound where there is nothing to remove, DirectoryFailed,
// StorageFailed or Internal. For operators.
func (s *Service) TakeInventory(ctx context.Context, accountID string) (Inventory, error) {
	const op = "take inventory"
	account, err := s.removable(ctx, accountID)
	if err != nil {
		return Inventory{}, failed(op, err)
	}
	var has Belongings
	if account.GiteaOrigin != Adopted {
		has, err = s.Directory.Belongings(ctx, account.Ref())
	}
	if err != nil {
		return Inventory{}, failed(op, err)
	}
	objects, err := s.Storage.CountObjects(ctx, account.StorageKey, MostObjects)
	return Inventory{Account: account, Belongings: has, Objects: objects}, failed(op, err)
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
	receipt, err := carryOut(by(ctx, cmp.Or(d.Actor, d.Account.ID)), s.delete, d.Account.ID, d)
	if err != nil {
		return receipt, failed(op, err)
	}
	if receipt.Pending == nil && !d.Until.After(s.Now()) {
		_, receipt.Pending = s.purge(ctx, d.Account)
	}
	return receipt, failed(op, receipt.Pending)
}
