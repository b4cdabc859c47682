package app

import (
	"context"

	"accord/saga"
)

// PasswordChange is a signed-in person's wish for another password.
type PasswordChange struct {
	Old, New Secret
}

// changingPassword is the state of the change-password saga.
type changingPassword struct {
	Account  Account
	Keep     string // the session that stays open
	Old, New Secret
	Asked    asked
	// Found out on the way.
	Hash  Secret
	Ended []Session
	// Sealed: Gitea has a random password.
	Sealed bool
}

// ChangePassword sets a password here and in Gitea, or in neither, and ends
// every other session of the account. Invalid, BadCredentials, TooOften,
// Unchanged where the two are the same, DirectoryFailed, Busy or Internal.
func (s *Service) ChangePassword(ctx context.Context, p Principal, in PasswordChange) (saga.Receipt, error) {
	const op = "change password"
	return s.ownChange(ctx, op, p, func() (saga.Receipt, error) {
		if !PasswordAllowed(in.New.Reveal()) {
			return saga.Receipt{}, invalid(op, "password", Pattern)
		}
		account, err := s.confirmPassword(ctx, p, in.Old)
		switch {
		case err != nil:
			return saga.Receipt{}, failed(op, err)
		case in.Old == in.New:
			return saga.Receipt{}, &Error{Kind: Unchanged, Op: op}
		}
		receipt, err := carryOut(by(ctx, account.ID), s.changePassword, account.ID, changingPassword{
			Account: account, Keep: p.Session.ID, Old: in.Old, New: in.New,
			Asked: s.askedBy(ctx, account.ID),
		})
		return receipt, failed(op, err)
	})
}

// confirmPassword asks a signed-in person's password again. What is counted here
// is no sign-in: nobody who knows just a name can keep its owner from this.
func (s *Service) confirmPassword(ctx context.Context, p Principal, password Secret) (Account, error) {
	CallerOf(ctx).setAccount(p.Account.ID)
	ok, err := s.confirmed(ctx, p.Account.ID, func() (bool, error) {
		return s.rightPassword(ctx, p.Account, password)
	})
	if err == nil && !ok {
		err = &Error{Kind: BadCredentials}
	}
	return p.Account, err
}

func (s *Service) changePasswordFlow() saga.Definition[changingPassword] {
	return exclusive("change password",
		// The password was checked before the saga held the account.
		saga.One(saga.Step[changingPassword]{
			Name: "check credentials still hold", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, c *changingPassword) error {
				return s.Accounts.StillAt(ctx, c.Account.ID, c.Account.CredentialEpoch)
			},
		}),
		saga.Parallel(
			saga.Step[changingPassword]{
				Name: "hash password", Kind: saga.Compensable,
				Do: func(ctx context.Context, c *changingPassword) (err error) {
					c.Hash, err = s.Hasher.Hash(ctx, c.New)
					return err
				},
			},
			saga.Step[changingPassword]{
				Name: "set Gitea password", Kind: saga.Compensable,
				Do: func(ctx context.Context, c *changingPassword) error {
					var password Secret
					password, c.Sealed = s.passwordForGitea(c.New)
					return s.setGiteaPassword(ctx, c.Account, password)
				},
				Undo: func(ctx context.Context, c *changingPassword) error {
					return s.undoGiteaPassword(ctx, c.Account, c.Old)
				},
			},
		),
		saga.One(saga.Step[changingPassword]{
			Name: "set password", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, c *changingPassword) (err error) {
				if c.Ended, err = s.Accounts.SetPassword(ctx, c.Account.ID, c.Hash, c.Keep, s.Now()); err != nil {
					return err
				}
				return s.recordSealed(ctx, c.Account.ID, c.Sealed)
			},
		}),
		saga.Parallel(
			saga.Step[changingPassword]{
				Name: "end other sessions", Kind: saga.Retriable,
				Do: func(ctx context.Context, c *changingPassword) error { return s.endRemotely(ctx, c.Account, c.Ended) },
			},
			announcing(s, func(c *changingPassword) announcement { return c.Asked.announce(NoticePasswordChanged, c.Account) }),
		),
	)
}
