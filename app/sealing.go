package app

import (
	"context"
	"time"

	"accord/saga"
)

// AccountSealing records whose password in Gitea nobody knows. Takes part in a
// local step's transaction like Accounts.
type AccountSealing interface {
	// DirectorySealed records that Gitea has a random password of the account
	// (RandomPassword). Repeatable. NotFound where there is no such account, or a
	// tombstone.
	DirectorySealed(ctx context.Context, id string, at time.Time) error
}

// passwordForGitea returns what to set in Gitea for a password that the user
// chose: the same, or, if passwords are sealed, a random one that nobody keeps.
func (s *Service) passwordForGitea(chosen Secret) (password Secret, sealed bool) {
	if !s.settings.SealPasswords {
		return chosen, false
	}
	return s.randomPassword(), true
}

// everyClass has a character of each class that Gitea's PASSWORD_COMPLEXITY can
// demand.
const everyClass = "aA1!"

// randomPassword is 40 unguessable characters that any password policy takes.
func (s *Service) randomPassword() Secret {
	random := s.IDs.StorageSecret()
	return random[:len(random)-len(everyClass)] + everyClass
}

// recordSealed records that Gitea has a random password, where a step of the same
// saga set one.
func (s *Service) recordSealed(ctx context.Context, accountID string, sealed bool) error {
	if !sealed {
		return nil
	}
	return s.Sealing.DirectorySealed(ctx, accountID, s.Now())
}

// undoGiteaPassword restores the old password in Gitea after a change that was not
// made. If passwords are sealed it sets another random one.
func (s *Service) undoGiteaPassword(ctx context.Context, a Account, old Secret) error {
	password, sealed := s.passwordForGitea(old)
	if err := s.setGiteaPassword(ctx, a, password); err != nil {
		return err
	}
	return s.recordSealed(ctx, a.ID, sealed)
}

// sealingDirectory is the state of the saga that replaces a user's password in
// Gitea by a random one. The password is in no state: each try draws another.
type sealingDirectory struct {
	Facts Facts
	// Username is what the user was called in Gitea.
	Username string
}

// SealDirectory sets a random password in Gitea that nobody keeps, in place of the
// one that is the account's. Access tokens stay good. DirectoryFailed, Busy
// (ErrChanged in the chain where the account is not as it was seen) or Internal.
func (s *Service) SealDirectory(ctx context.Context, f Facts, seen DirectoryView) (saga.Receipt, error) {
	receipt, err := carryOut(by(ctx, System), s.repairs.sealDirectory, f.AccountID, sealingDirectory{
		Facts: f, Username: seen.Username,
	})
	return settled("seal Gitea password", receipt, err)
}

func (s *Service) sealDirectoryFlow() saga.Definition[sealingDirectory] {
	return exclusive("seal Gitea password",
		saga.One(saga.Step[sealingDirectory]{
			Name: "check account", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, d *sealingDirectory) error { return s.unchanged(ctx, d.Facts) },
		}),
		saga.One(saga.Step[sealingDirectory]{
			Name: "set Gitea password", Kind: saga.Pivot,
			Do: func(ctx context.Context, d *sealingDirectory) error {
				ref := DirectoryRef{AccountID: d.Facts.AccountID, Username: d.Username, GiteaID: d.Facts.GiteaID}
				return s.Directory.SetPassword(ctx, ref, s.randomPassword())
			},
		}),
		saga.One(saga.Step[sealingDirectory]{
			Name: "note Gitea password", Kind: saga.Retriable, Local: true,
			Do: func(ctx context.Context, d *sealingDirectory) error {
				return s.Sealing.DirectorySealed(ctx, d.Facts.AccountID, s.Now())
			},
		}),
	)
}
