package app

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"accord/saga"
)

// adoptionFlows take Gitea users in that were there before, and give them back.
type adoptionFlows struct {
	adopt        *saga.Flow[adopting]
	keepPassword *saga.Flow[keepingPassword]
	release      *saga.Flow[releasing]
}

// keepWait is the longest that a sign-in waits until the password that Gitea
// took is known here. What is not done by then goes on in the background.
const keepWait = 3 * time.Second

// keepingPassword is the state of the saga that keeps the password of an adopted
// person, which Gitea has just taken.
type keepingPassword struct {
	Account  Account
	Password Secret
	// Found out on the way.
	Hash Secret
}

// rightPassword checks a password of the account, by Gitea where nobody else
// knows it, unless passwords are kept out of Gitea. That takes the work of any other check, beside it.
func (s *Service) rightPassword(ctx context.Context, a Account, password Secret) (bool, error) {
	if a.GiteaPassword != TheirPassword || !a.MaySignIn() || s.settings.SealPasswords {
		return s.verify(ctx, a.PasswordHash, password)
	}
	var check PasswordCheck
	group, asking := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		check, err = s.DirectoryAdoption.CheckPassword(asking, a.Ref(), password)
		return err
	})
	group.Go(func() error {
		_, err := s.verify(asking, "", password)
		return err
	})
	if err := group.Wait(); err != nil {
		return false, err
	}
	if check.Hindrance != "" {
		s.Logger.WarnContext(ctx, "Gitea does not let an adopted person in by password", "account", a.ID, "why", check.Hindrance)
	}
	return check.Right, nil
}

// keepTheirs keeps the password that Gitea has just taken, where it is not known
// here. It never fails the sign-in: what goes wrong is logged, and the next
// sign-in asks Gitea again.
func (s *Service) keepTheirs(ctx context.Context, a Account, password Secret) {
	if a.GiteaPassword != TheirPassword || password == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWait)
	defer cancel()
	receipt, err := carryOut(by(ctx, a.ID), s.adoptions.keepPassword, a.ID, keepingPassword{Account: a, Password: password})
	if _, err = settled("keep password", receipt, err); err != nil {
		s.Logger.WarnContext(ctx, "keeping an adopted person's password", "account", a.ID, "saga", receipt.ID, "error", err)
	}
}

func (s *Service) keepPasswordFlow() saga.Definition[keepingPassword] {
	return exclusive("keep password",
		saga.One(saga.Step[keepingPassword]{
			Name: "check credentials still hold", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, k *keepingPassword) error {
				return s.Accounts.StillAt(ctx, k.Account.ID, k.Account.CredentialEpoch)
			},
		}),
		saga.One(saga.Step[keepingPassword]{
			Name: "hash password", Kind: saga.Compensable,
			Do: func(ctx context.Context, k *keepingPassword) (err error) {
				k.Hash, err = s.Hasher.Hash(ctx, k.Password)
				return err
			},
		}),
		saga.One(saga.Step[keepingPassword]{
			Name: "keep password", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, k *keepingPassword) error {
				return s.Adoptions.KeepPassword(ctx, k.Account.ID, k.Account.CredentialEpoch, k.Hash, s.Now())
			},
		}),
	)
}

// giveBack leaves the Gitea user of an adopted account to its person: without our
// tokens, without the mark, and let in unless it was shut out for another reason
// than that the account goes. Repeatable; a user that does not bear the mark is
// left alone.
func (s *Service) giveBack(ctx context.Context, v DirectoryView, letIn bool) error {
	tokens, err := s.DirectoryDoor.Tokens(ctx, v.Ref(), GiteaTokenPrefix)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if _, ours := SessionOfToken(t.Name); !ours {
			continue
		}
		if err := s.Directory.DeleteToken(ctx, v.Ref(), t.Name); err != nil {
			return err
		}
	}
	if letIn && !v.Active {
		if err := s.Directory.SetActive(ctx, v.Ref(), true); err != nil {
			return err
		}
	}
	return s.DirectoryRepairs.UnmarkUser(ctx, v.ID, v.Ref())
}

// leaveGitea ends the account there: its user is removed with all it has, or,
// where it was there before us, given back.
func (s *Service) leaveGitea(ctx context.Context, b *burying) error {
	if b.Account.GiteaOrigin != Adopted {
		if err := s.leaveOrganizations(ctx, b.Account); err != nil {
			return err
		}
		return s.unlessGone(ctx, b.Account, s.Directory.PurgeUser(ctx, b.Account.Ref()))
	}
	v, found, err := s.DirectoryRepairs.UserNumbered(ctx, b.Account.GiteaID)
	if err != nil || !found || v.Mark != b.Account.ID {
		return err
	}
	return s.giveBack(ctx, v, b.Was == Normal)
}

// markAgain puts the mark of the account back on its user, as it was.
func (s *Service) markAgain(ctx context.Context, id int64, ref DirectoryRef) error {
	account, err := s.Accounts.ByID(ctx, ref.AccountID)
	if err != nil {
		return err
	}
	if account.GiteaOrigin == Adopted {
		return s.DirectoryAdoption.AdoptUser(ctx, id, ref)
	}
	return s.DirectoryRepairs.MarkUser(ctx, id, ref)
}
