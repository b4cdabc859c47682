package app

import (
	"context"
	"errors"
	"time"

	"accord/app/verify"
	"accord/saga"
)

// remade makes the account's Gitea user again if err is that of a sign-in which
// did not find it, and the user is certainly gone: users can delete themselves in
// Gitea. It returns the account as it is then, and whether it is worth signing in
// once more. No user is made if the account's credentials have changed since, if a
// user in Gitea may be the account's, or if Gitea shows no user of any other
// account: then it is a wrong one, or an empty one.
func (s *Service) remade(ctx context.Context, a Account, err error) (Account, bool) {
	if a.GiteaID == 0 || !saga.IsRefused(err) || KindOf(err) != DirectoryFailed {
		return a, false
	}
	present, err := s.Accounts.ByID(ctx, a.ID)
	if err == nil && present.GiteaID == a.GiteaID { // else another sign-in was faster
		present, err = s.remakeGone(ctx, present, a.CredentialEpoch)
	}
	if err != nil {
		if !errors.Is(err, errStays) {
			s.Logger.WarnContext(ctx, "making a user again who is gone from Gitea", "account", a.ID, "error", err)
		}
		return a, false
	}
	return present, present.CredentialEpoch == a.CredentialEpoch && present.MaySignIn()
}

var (
	errOften     = errors.New("it was tried too often in the last hour")
	errStays     = errors.New("the user is not gone, or its account changed")
	errNoWitness = errors.New("none of other accounts has its user in Gitea either: it may be another Gitea, or empty")
)

// remakeGone looks for the user's number; the saga looks for its mark, when it
// holds the account.
func (s *Service) remakeGone(ctx context.Context, a Account, epoch int64) (Account, error) {
	if a.CredentialEpoch != epoch || !a.MaySignIn() {
		return a, errStays
	}
	_, found, err := s.DirectoryRepairs.UserNumbered(ctx, a.GiteaID)
	if err == nil && found {
		err = errStays
	}
	if err == nil {
		err = s.mayRemake(ctx, a.ID)
	}
	if err == nil {
		err = s.witnessed(ctx, a.ID)
	}
	if err == nil {
		err = s.remake(ctx, a)
	}
	if err != nil {
		return a, err
	}
	return s.Accounts.ByID(ctx, a.ID)
}

// mayRemake charges a try to the account: the charges of a sign-in that fails are
// returned. Tries that meet count each.
func (s *Service) mayRemake(ctx context.Context, accountID string) error {
	ok, err := s.within(ctx, "remake/"+accountID, verify.Quota(limitRemake, s.settings.Limits.RemakesPerAccountHour, time.Hour))
	if err == nil && !ok {
		err = errOften
	}
	return err
}

// remake also tells the account's owner. Another sign-in may have been faster. The
// user is made even if its address, which another one has as a second one, comes
// later.
func (s *Service) remake(ctx context.Context, a Account) error {
	receipt, err := s.RemakeInDirectory(ctx, a.Facts())
	switch {
	case receipt.Pending != nil:
		s.Logger.WarnContext(ctx, "the rest of making a user again goes on", "account", a.ID, "saga", receipt.ID, "error", receipt.Pending)
	case errors.Is(err, ErrChanged):
		return nil
	case err != nil:
		return err
	}
	s.Logger.WarnContext(ctx, "the user was gone from Gitea and is made again", "account", a.ID)
	// Whoever deleted the user is not known, and need not be who signs in.
	if err := s.announce(ctx, asked{At: s.Now(), Language: CallerOf(ctx).Language}.announce(NoticeRemade, a)); err != nil {
		s.Logger.WarnContext(ctx, "announcing a user who was made again", "account", a.ID, "error", err)
	}
	return nil
}
