package app

import (
	"context"

	"accord/saga"
)

// SetPasswordFor sets a password without the old one, in Gitea and here, and
// ends every session of the account. Forbidden unless a super-administrator
// asks, for himself or somebody of a lower role; NotFound, Invalid,
// BadCredentials where the account may not sign in, DirectoryFailed, TooOften, Busy or
// Internal. Once Gitea may have taken it there is no way back.
func (s *Service) SetPasswordFor(ctx context.Context, actor Principal, userID int64, password Secret) (saga.Receipt, error) {
	const op = "set a person's password"
	return s.managedChange(ctx, op, actor, func() (saga.Receipt, error) {
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
		receipt, err := s.setPasswordOf(by(ctx, actor.Account.ID), actor, person.Account, password, hash)
		if err != nil && KindOf(err) == BadCredentials {
			// The user may have changed the credentials while this one waited for its turn;
			// what it reserved then it finds reserved now.
			changed, fault := s.People.ByUserID(ctx, userID)
			if fault == nil && changed.Account.CredentialEpoch != person.Account.CredentialEpoch {
				receipt, err = s.setPasswordOf(by(ctx, actor.Account.ID), actor, changed.Account, password, hash)
			}
		}
		return receipt, failed(op, err)
	})
}

func (s *Service) setPasswordOf(ctx context.Context, actor Principal, a Account, password, hash Secret) (saga.Receipt, error) {
	return carryOut(ctx, s.setPassword, a.ID, resettingPassword{
		Account: a, Actor: actor.Account.ID, New: password, Hash: hash, Asked: s.askedBy(ctx, a.ID),
	})
}

func (s *Service) setPasswordFlow() saga.Definition[resettingPassword] {
	return s.evictingAfterReset(exclusive("set password",
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
	))
}
