package app

import (
	"context"

	"accord/saga"
)

// SetPasswordFor sets a password without the old one, in Gitea and here, and
// ends every session of the account. Forbidden unless a super-administrator
// asks, for himself or somebody of a lower role; NotFound, Invalid,
// BadCredentials where the account may not sign in, DirectoryFailed, Busy or
// Internal. Once Gitea may have taken it there is no way back.
func (s *Service) SetPasswordFor(ctx context.Context, actor Principal, userID int64, password Secret) (saga.Receipt, error) {
	const op = "set a person's password"
	if err := actor.atLeast(op, SuperAdministrator); err != nil {
		return saga.Receipt{}, err
	}
	person, err := s.People.ByUserID(ctx, userID)
	switch target := person.Account; {
	case err != nil:
		return saga.Receipt{}, failed(op, err)
	case target.ID != actor.Account.ID && !outranks(actor.Account.Role, target.Role):
		return saga.Receipt{}, &Error{Kind: Forbidden, Op: op}
	case !PasswordAllowed(password.Reveal()):
		return saga.Receipt{}, invalid(op, "password", Pattern)
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := carryOut(by(ctx, actor.Account.ID), s.setPassword, person.Account.ID, resettingPassword{
		Account: person.Account, Actor: actor.Account.ID, New: password, Hash: hash,
	})
	return receipt, failed(op, err)
}

func (s *Service) setPasswordFlow() saga.Definition[resettingPassword] {
	return exclusive("set password",
		saga.One(saga.Step[resettingPassword]{
			Name: "check roles", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, r *resettingPassword) error {
				err := s.ranked(ctx, r.Actor, r.Account.ID, func(mine, theirs Role) bool {
					return mine.AtLeast(SuperAdministrator) && (r.Actor == r.Account.ID || outranks(mine, theirs))
				})
				if err != nil {
					return err
				}
				return s.Accounts.StillAt(ctx, r.Account.ID, r.Account.CredentialEpoch)
			},
		}),
		s.resetInGitea(), s.resetHere(s.setResetPassword), s.endAfterReset(),
	)
}
