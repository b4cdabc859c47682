package app

import (
	"context"
	"errors"
	"fmt"

	"accord/saga"
)

// ErrObjects is in the chain of Release's error where the account has objects in
// storage and they were not to go.
var ErrObjects = errors.New("there are objects in storage")

// releasing is the state of the release saga.
type releasing struct {
	Account       Account
	DeleteObjects bool
	// Found out on the way.
	Ended []Session
}

// Holdings is what a release touches: all of it goes. The Gitea user stays.
type Holdings struct {
	Account Account
	// Tokens are those of ours that the Gitea user has.
	Tokens []string
	// Objects are those in storage, at most MostObjects.
	Objects int
}

// TakeHoldings tells what releasing an account would end. It changes nothing.
// Forbidden for an account that was not adopted, NotFound for one that is not in
// status normal, DirectoryFailed, StorageFailed or Internal. For operators.
func (s *Service) TakeHoldings(ctx context.Context, accountID string) (Holdings, error) {
	const op = "take holdings"
	account, err := s.releasable(ctx, accountID)
	if err != nil {
		return Holdings{}, failed(op, err)
	}
	h := Holdings{Account: account}
	tokens, err := s.DirectoryDoor.Tokens(ctx, account.Ref(), GiteaTokenPrefix)
	for _, t := range tokens {
		if _, ours := SessionOfToken(t.Name); ours {
			h.Tokens = append(h.Tokens, t.Name)
		}
	}
	if err == nil {
		h.Objects, err = s.Storage.CountObjects(ctx, account.StorageKey, MostObjects)
	}
	return h, failed(op, err)
}

func (s *Service) releasable(ctx context.Context, accountID string) (Account, error) {
	account, err := s.Accounts.ByID(ctx, accountID)
	switch {
	case err != nil:
		return Account{}, err
	case account.GiteaOrigin != Adopted:
		return Account{}, &Error{Kind: Forbidden}
	case account.Status != Normal:
		return Account{}, &Error{Kind: NotFound}
	}
	return account, nil
}

// Release ends an adopted account at once and gives its Gitea user back: without
// our mark and our tokens, and with everything else as it is, the password too.
// The storage user goes, and with deleteObjects what is in its home; without, an
// account that has objects is Forbidden, ErrObjects in the chain. Forbidden also
// for an account that was not adopted, NotFound for one that is not in status
// normal, LastAdministrator, DirectoryFailed, StorageFailed, Busy or Internal.
// DirectoryFailed and StorageFailed with a receipt that is pending tell that the
// rest goes on in the background. For operators.
func (s *Service) Release(ctx context.Context, accountID string, deleteObjects bool) (saga.Receipt, error) {
	const op = "release"
	account, err := s.releasable(ctx, accountID)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := carryOut(by(ctx, Operator), s.adoptions.release, account.ID, releasing{Account: account, DeleteObjects: deleteObjects})
	if err != nil {
		return receipt, failed(op, err)
	}
	if receipt.Pending == nil {
		_, receipt.Pending = s.purge(ctx, account)
	}
	return receipt, failed(op, receipt.Pending)
}

// releaseFlow ends where the purge, which knows adopted accounts, begins.
func (s *Service) releaseFlow() saga.Definition[releasing] {
	return exclusive("release",
		saga.One(saga.Step[releasing]{
			Name: "check account", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, r *releasing) error {
				if _, err := s.releasable(ctx, r.Account.ID); err != nil {
					return err
				}
				return s.Roster.MayGo(ctx, r.Account.ID)
			},
		}),
		saga.One(saga.Step[releasing]{
			Name: "look at Gitea", Kind: saga.Compensable,
			Do: func(ctx context.Context, r *releasing) error {
				_, err := s.Directory.Profile(ctx, r.Account.Ref())
				return err
			},
		}),
		saga.One(saga.Step[releasing]{ // so that no objects come after they were counted
			Name: "shut out of storage", Kind: saga.Compensable,
			Do: func(ctx context.Context, r *releasing) error {
				return s.Storage.SetActive(ctx, r.Account.StorageKey, false)
			},
			Undo: func(ctx context.Context, r *releasing) error {
				return s.Storage.SetActive(ctx, r.Account.StorageKey, true)
			},
		}),
		saga.One(saga.Step[releasing]{Name: "look for objects", Kind: saga.Compensable, Do: s.lookForObjects}),
		saga.One(saga.Step[releasing]{
			Name: "leave", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, r *releasing) (err error) {
				r.Ended, err = s.Standings.Dismiss(ctx, r.Account.ID, s.Now(), s.Now())
				return err
			},
		}),
		saga.One(saga.Step[releasing]{
			Name: "end sessions", Kind: saga.Retriable,
			Do: func(ctx context.Context, r *releasing) error { return s.endRemotely(ctx, r.Account, r.Ended) },
		}),
	)
}

func (s *Service) lookForObjects(ctx context.Context, r *releasing) error {
	if r.DeleteObjects {
		return nil
	}
	objects, err := s.Storage.CountObjects(ctx, r.Account.StorageKey, 1)
	if err == nil && objects > 0 {
		err = saga.Refused(&Error{Kind: Forbidden, Err: fmt.Errorf("%w of the account", ErrObjects)})
	}
	return err
}
