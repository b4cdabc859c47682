package app

import (
	"context"

	"accord/saga"
)

// evicting is the state of the saga that does nothing but evict.
type evicting struct {
	Account Account
	Keys    bool
	Asked   asked
	// Holds: the saga holds the account. Those of earlier releases did not.
	Holds bool
	// Found out on the way.
	Evicted evictions
}

// Evict ends every credential of an account on Gitea and the storage that no open
// session of the account has, with keys also its GPG and deploy keys. The
// user is shut out of Gitea meanwhile. NotFound if the account is neither there
// nor leaving; Busy; DirectoryFailed or StorageFailed with a receipt that is
// pending if the rest goes on in the background, and then the outcome is not
// known. For operators.
func (s *Service) Evict(ctx context.Context, accountID string, keys bool) (Evicted, saga.Receipt, error) {
	return s.evictBy(by(ctx, Operator), accountID, keys)
}

func (s *Service) evictBy(ctx context.Context, accountID string, keys bool) (Evicted, saga.Receipt, error) {
	const op = "evict"
	account, err := s.removable(ctx, accountID)
	if err != nil {
		return Evicted{}, saga.Receipt{}, failed(op, err)
	}
	state, receipt, err := s.evicting.Execute(ctx, account.ID, evicting{
		Account: account, Keys: keys, Asked: s.askedBy(ctx, account.ID), Holds: true,
	})
	if err == nil {
		err = receipt.Pending
	}
	if err != nil {
		return Evicted{}, receipt, failed(op, err)
	}
	return state.Evicted.all(), receipt, nil
}

// Evictable lists what Evict would end. It changes nothing. NotFound,
// DirectoryFailed, StorageFailed or Internal. For operators.
func (s *Service) Evictable(ctx context.Context, accountID string, keys bool) ([]Credential, error) {
	const op = "look for credentials"
	account, err := s.removable(ctx, accountID)
	if err != nil {
		return nil, failed(op, err)
	}
	found, err := s.holdings().Foreign(ctx, account, keys)
	return found, failed(op, err)
}

func (s *Service) evictFlow() saga.Definition[evicting] {
	return thenEvicting(s, exclusive("evict",
		saga.One(saga.Step[evicting]{
			Name: "decide", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, e *evicting) error {
				account, err := s.removable(ctx, e.Account.ID)
				if err != nil || !e.Holds {
					return err
				}
				e.Account = account
				return s.evictLater(ctx, e.Account.ID)
			},
		}),
	), func(e *evicting) (eviction, *evictions) {
		return eviction{Account: e.Account, Keys: e.Keys, ShutOut: e.Holds && !e.Account.MaySignIn(), Beside: !e.Holds}, &e.Evicted
	}, announceEviction)
}

// announceEviction says what an eviction that was asked for alone removed, if
// anything.
func announceEviction(e *evicting) announcement {
	a := e.Asked.announceEvicted(e.Account, e.Evicted)
	switch {
	case a.notice.Kind == NoticeKeysStay:
		return announcement{}
	case !e.Account.MaySignIn():
		return a.whileClosed()
	}
	return a
}
