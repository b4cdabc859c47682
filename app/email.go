package app

import (
	"context"

	"accord/saga"
)

// EmailChange is a signed-in person's wish for another address.
type EmailChange struct {
	Password Secret
	// Old must be the account's present address. The code was sent to New.
	Old, New string
	Code     Secret
}

// changingEmail is the state of the change-e-mail saga.
type changingEmail struct {
	Account Account
	Code    CodeRef
	New     string
	Asked   asked
	// Found out on the way: another user of ours has New as a second address in
	// Gitea.
	AddressPending bool
}

// ChangeEmail makes another address the account's, here and in Gitea, or
// nowhere. The address that an administrator gave is confirmed by it. Invalid, BadCredentials, CodeWrong, Unchanged, EmailTaken,
// DirectoryFailed, TooOften, Busy or Internal.
func (s *Service) ChangeEmail(ctx context.Context, p Principal, in EmailChange) (saga.Receipt, error) {
	const op = "change e-mail"
	return s.ownChange(ctx, op, p, func() (saga.Receipt, error) {
		in.Old, in.New = normalisedEmail(in.Old), normalisedEmail(in.New)
		if v := violation("email", in.New); len(v) > 0 {
			return saga.Receipt{}, &Error{Kind: Invalid, Op: op, Violations: v}
		}
		account, err := s.confirmPassword(ctx, p, in.Password)
		switch {
		case err != nil:
			return saga.Receipt{}, failed(op, err)
		case FoldKey(in.Old) != FoldKey(account.Email):
			return saga.Receipt{}, invalid(op, "oriEmail", Pattern)
		case FoldKey(in.New) == FoldKey(account.Email) && !account.EmailHeld:
			return saga.Receipt{}, &Error{Kind: Unchanged, Op: op}
		}
		code, err := s.checkCode(ctx, mailTarget(in.New), in.Code, ForEmailChange)
		if err != nil {
			return saga.Receipt{}, failed(op, err)
		}
		receipt, err := carryOut(by(ctx, account.ID), s.changeEmail, account.ID, changingEmail{
			Account: account, Code: code, New: in.New, Asked: s.askedBy(ctx, account.ID),
		})
		return receipt, failed(op, err)
	})
}

func (s *Service) changeEmailFlow() saga.Definition[changingEmail] {
	return exclusive("change e-mail",
		saga.One(saga.Step[changingEmail]{
			Name: "reserve address", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, c *changingEmail) error {
				if err := s.Accounts.StillAt(ctx, c.Account.ID, c.Account.CredentialEpoch); err != nil {
					return err
				}
				if err := s.stillAddressed(ctx, c.Account); err != nil {
					return err
				}
				if FoldKey(c.New) != FoldKey(c.Account.Email) { // else it is confirmed
					if err := s.Accounts.ReserveEmail(ctx, c.Account.ID, c.New); err != nil {
						return err
					}
				}
				return s.Codes.Redeem(ctx, c.Code, s.Now())
			},
			Undo: func(ctx context.Context, c *changingEmail) error {
				if err := s.Accounts.ReleaseEmail(ctx, c.Account.ID, c.New); err != nil {
					return err
				}
				return s.Codes.GiveBack(ctx, c.Code)
			},
		}),
		saga.One(saga.Step[changingEmail]{
			Name: "change Gitea address", Kind: saga.Compensable,
			Do: func(ctx context.Context, c *changingEmail) (err error) {
				c.AddressPending, err = s.setEmailOrDefer(ctx, c.Account.Ref(), c.New)
				return err
			},
			Undo: func(ctx context.Context, c *changingEmail) error {
				if c.AddressPending {
					return nil // nothing was done, and a call would end second addresses
				}
				return s.takeEmail(ctx, c.Account.Ref(), c.Account.Email)
			},
		}),
		saga.One(saga.Step[changingEmail]{
			Name: "change address", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, c *changingEmail) error {
				return s.Accounts.ChangeEmail(ctx, c.Account.ID, c.New, s.Now())
			},
		}),
		saga.Parallel(
			announcing(s, func(c *changingEmail) announcement { return c.Asked.announceMove(c.Account, c.New) }),
			takingAddress(s, func(c *changingEmail) (Account, string, bool) { return c.Account, c.New, c.AddressPending }),
		),
	)
}

// stillAddressed finds out whether the account's address changed before the
// saga held it: Gitea is given that one back where the change is undone.
func (s *Service) stillAddressed(ctx context.Context, a Account) error {
	present, err := s.Accounts.ByID(ctx, a.ID)
	if err == nil && present.Email != a.Email {
		err = invalid("change e-mail", "oriEmail", Pattern)
	}
	return err
}
