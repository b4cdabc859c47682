package app

import (
	"context"

	"accord/saga"
)

// PasswordReset is what a person without a password gives instead.
type PasswordReset struct {
	Email     string
	Code, New Secret
}

// resettingPassword is the state of the sagas that set a password without the
// old one: by a code, or by the word of Actor, a super-administrator.
type resettingPassword struct {
	Account Account
	Code    CodeRef
	Actor   string
	New     Secret
	Hash    Secret
	// Found out on the way.
	Ended []Session
}

// ResetPassword sets a password by a code that was sent to the account's
// address, in Gitea and here, and ends every session. Once Gitea may have taken
// it there is no way back, so a lost answer of Gitea's goes forward. Invalid,
// CodeWrong (also for an address without an account), DirectoryFailed, Busy or
// Internal.
func (s *Service) ResetPassword(ctx context.Context, in PasswordReset) (saga.Receipt, error) {
	const op = "reset password"
	if !PasswordAllowed(in.New.Reveal()) {
		return saga.Receipt{}, invalid(op, "password", Pattern)
	}
	hash, err := s.hash(ctx, in.New) // before any look-up: it takes as long for everybody
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	code, err := s.checkCode(ctx, mailTarget(in.Email), in.Code)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	account, err := s.Accounts.ByEmail(ctx, in.Email)
	if KindOf(err) == NotFound || (err == nil && !account.MaySignIn()) {
		err = &Error{Kind: CodeWrong}
	}
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := carryOut(by(ctx, account.ID), s.resetPassword, account.ID, resettingPassword{
		Account: account, Code: code, New: in.New, Hash: hash,
	})
	if err != nil {
		return receipt, failed(op, err)
	}
	if err := s.forgive(ctx, account); err != nil { // the password is set all the same; the lock ends by itself
		s.Logger.WarnContext(ctx, "lifting the sign-in lock after a reset", "error", err)
	}
	return receipt, nil
}

func (s *Service) resetPasswordFlow() saga.Definition[resettingPassword] {
	return exclusive("reset password",
		saga.One(saga.Step[resettingPassword]{
			Name: "redeem code", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, r *resettingPassword) error {
				if err := s.Accounts.StillAt(ctx, r.Account.ID, r.Account.CredentialEpoch); err != nil {
					return err
				}
				return s.Codes.Redeem(ctx, r.Code, s.Now())
			},
			Undo: func(ctx context.Context, r *resettingPassword) error { return s.Codes.GiveBack(ctx, r.Code) },
		}),
		s.resetInGitea(),
		s.resetHere(func(ctx context.Context, r *resettingPassword) error {
			err := s.setResetPassword(ctx, r)
			if err == nil {
				err = s.Accounts.VerifyEmail(ctx, r.Account.ID, r.Account.Email, s.Now())
			}
			return err
		}),
		s.endAfterReset(),
	)
}

func (s *Service) resetInGitea() saga.Stage[resettingPassword] {
	return saga.One(saga.Step[resettingPassword]{
		Name: "set Gitea password", Kind: saga.Pivot,
		Do: func(ctx context.Context, r *resettingPassword) error {
			return s.Directory.SetPassword(ctx, r.Account.Ref(), r.New)
		},
	})
}

func (s *Service) resetHere(do saga.Action[resettingPassword]) saga.Stage[resettingPassword] {
	return saga.One(saga.Step[resettingPassword]{Name: "set password", Kind: saga.Retriable, Local: true, Do: do})
}

func (s *Service) setResetPassword(ctx context.Context, r *resettingPassword) (err error) {
	r.Ended, err = s.Accounts.SetPassword(ctx, r.Account.ID, r.Hash, "", s.Now())
	return err
}

func (s *Service) endAfterReset() saga.Stage[resettingPassword] {
	return saga.One(saga.Step[resettingPassword]{
		Name: "end sessions", Kind: saga.Retriable,
		Do: func(ctx context.Context, r *resettingPassword) error { return s.endRemotely(ctx, r.Account, r.Ended) },
	})
}
