package app

import (
	"context"
	"errors"

	"accord/saga"
)

// changingOwner is the state of the saga that gives an account to the user who
// proved its address first.
type changingOwner struct {
	Account Account
	// Code was sent to the address.
	Code CodeRef
	// GiteaPassword is random; no one gets to know it.
	GiteaPassword Secret
	Asked         asked
	// Found out on the way.
	Ended   []Session
	Evicted evictions
}

// changesOwner reports whether proving the account's address, without its
// password and without a session, makes the account another user's: so it does
// the first time.
func (a Account) changesOwner() bool { return !a.EmailVerified }

// byAddress finds the account that a code sent to the address recovers: none that
// an administrator gave the address, until its user has confirmed it. An
// address that was never proved recovers no account that manages others: its
// role was not given to whoever reads that mail. NotFound or Internal.
func (s *Service) byAddress(ctx context.Context, email string) (Account, error) {
	account, err := s.Accounts.ByEmail(ctx, email)
	if err == nil && (account.EmailHeld || account.changesOwner() && account.Role.AtLeast(Administrator)) {
		return Account{}, &Error{Kind: NotFound, Op: "find the account of an address"}
	}
	return account, err
}

// changeOwner redeems the code and ends all that the former holder of the
// account had: every session and every other credential here, in Gitea and in the
// storage, keys included, the password until it is reset, and the bound number,
// which would reset it. It returns the
// account as it is then, and an error also if a remote system has not followed
// yet.
func (s *Service) changeOwner(ctx context.Context, a Account, code CodeRef) (Account, saga.Receipt, error) {
	ctx = by(ctx, a.ID)
	receipt, err := carryOut(ctx, s.owner, a.ID, changingOwner{
		Account: a, Code: code, GiteaPassword: s.randomPassword(), Asked: s.askedBy(ctx, a.ID),
	})
	if err = errors.Join(err, receipt.Pending); err != nil {
		return Account{}, receipt, err
	}
	a, err = s.Accounts.ByID(ctx, a.ID)
	return a, receipt, err
}

func (s *Service) changeOwnerFlow() saga.Definition[changingOwner] {
	return thenEvicting(s, exclusive("change owner",
		saga.One(saga.Step[changingOwner]{Name: "change owner", Kind: saga.Pivot, Local: true, Do: s.changeOwnerHere}),
		saga.Parallel(
			saga.Step[changingOwner]{
				Name: "set Gitea password", Kind: saga.Retriable,
				Do: func(ctx context.Context, c *changingOwner) error {
					return s.setGiteaPassword(ctx, c.Account, c.GiteaPassword)
				},
			},
			announcing(s, func(c *changingOwner) announcement { return c.Asked.announce(NoticeOwnerChanged, c.Account) }),
		),
		saga.One(saga.Step[changingOwner]{
			Name: "end sessions", Kind: saga.Retriable,
			Do: func(ctx context.Context, c *changingOwner) error { return s.endRemotely(ctx, c.Account, c.Ended) },
		}),
	), func(c *changingOwner) (eviction, *evictions) {
		return eviction{Account: c.Account, Keys: true}, &c.Evicted
	}, func(c *changingOwner) announcement { return c.Asked.announceEvicted(c.Account, c.Evicted) })
}

func (s *Service) changeOwnerHere(ctx context.Context, c *changingOwner) error {
	id, now := c.Account.ID, s.Now()
	if err := s.Accounts.StillAt(ctx, id, c.Account.CredentialEpoch); err != nil {
		return err
	}
	if err := s.stillUnproved(ctx, c.Account); err != nil {
		return err
	}
	if err := s.Codes.Redeem(ctx, c.Code, now); err != nil {
		return err
	}
	ended, err := s.Ownership.Disown(ctx, id, now)
	if err != nil {
		return err
	}
	c.Ended = ended
	if err := s.evictLater(ctx, id); err != nil {
		return err
	}
	return s.Accounts.VerifyEmail(ctx, id, c.Account.Email, now)
}

// stillUnproved finds out whether the address that the code was sent to is the
// account's and nobody has proved it since.
func (s *Service) stillUnproved(ctx context.Context, a Account) error {
	present, err := s.Accounts.ByID(ctx, a.ID)
	switch {
	case err != nil:
		return err
	case FoldKey(present.Email) != FoldKey(a.Email):
		return &Error{Kind: CodeWrong}
	case !present.changesOwner(): // by a session of the account: that is its owner's
		return &Error{Kind: Busy}
	}
	return nil
}
