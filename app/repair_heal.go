package app

import (
	"context"
	"time"

	"accord/saga"
)

// healWait is the longest that a sign-in waits for Gitea to take the password
// again. What is not done by then goes on in the background.
const healWait = 3 * time.Second

// healingDirectory is the state of the saga that gives Gitea the password of a
// person whose user was made again.
type healingDirectory struct {
	Account  Account
	Password Secret
}

// heal gives Gitea the password that was just checked, where it has a random
// one. It never fails the sign-in: what goes wrong is logged, and the next
// sign-in tries again.
func (s *Service) heal(ctx context.Context, a Account, password Secret) {
	if s.settings.SealPasswords || a.GiteaPassword != RandomPassword || password == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healWait)
	defer cancel()
	receipt, err := carryOut(by(ctx, a.ID), s.repairs.healDirectory, a.ID, healingDirectory{Account: a, Password: password})
	if _, err = settled("heal Gitea password", receipt, err); err != nil {
		s.Logger.WarnContext(ctx, "giving Gitea a person's password again", "account", a.ID, "saga", receipt.ID, "error", err)
	}
}

func (s *Service) healDirectoryFlow() saga.Definition[healingDirectory] {
	return exclusive("heal Gitea password",
		saga.One(saga.Step[healingDirectory]{
			Name: "check credentials still hold", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, h *healingDirectory) error {
				return s.Accounts.StillAt(ctx, h.Account.ID, h.Account.CredentialEpoch)
			},
		}),
		saga.One(saga.Step[healingDirectory]{
			Name: "set Gitea password", Kind: saga.Pivot,
			Do: func(ctx context.Context, h *healingDirectory) error {
				if s.settings.SealPasswords { // by now
					return saga.Refused(changed())
				}
				return s.Directory.SetPassword(ctx, h.Account.Ref(), h.Password)
			},
		}),
		saga.One(saga.Step[healingDirectory]{
			Name: "note Gitea password", Kind: saga.Retriable, Local: true,
			Do: func(ctx context.Context, h *healingDirectory) error {
				return s.Repairs.DirectoryHealed(ctx, h.Account.ID, h.Account.CredentialEpoch, s.Now())
			},
		}),
	)
}
