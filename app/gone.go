package app

import (
	"context"

	"accord/saga"
)

// unlessGone returns nil in place of the error of a call about the account's
// Gitea user if Gitea certainly has no such user: none bears the account's mark,
// and none has the number that was noted. People can delete their user in Gitea
// by themselves, and another may have its name by now. A user that merely lost
// its mark is not gone.
func (s *Service) unlessGone(ctx context.Context, a Account, err error) error {
	if !saga.IsRefused(err) || KindOf(err) != DirectoryFailed {
		return err
	}
	if marked, lookErr := s.DirectoryRepairs.UsersMarked(ctx, a.ID); lookErr != nil || len(marked) > 0 {
		return err
	}
	if a.GiteaID == 0 {
		return nil
	}
	if _, found, lookErr := s.DirectoryRepairs.UserNumbered(ctx, a.GiteaID); lookErr != nil || found {
		return err
	}
	return nil
}

// setGiteaPassword sets the password of the account's Gitea user, unless that is gone:
// whoever knows the old password can delete it there, and that must not keep the
// owner from throwing them out.
func (s *Service) setGiteaPassword(ctx context.Context, a Account, password Secret) error {
	return s.unlessGone(ctx, a, s.Directory.SetPassword(ctx, a.Ref(), password))
}
