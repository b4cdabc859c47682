package app

import (
	"context"
	"errors"
	"slices"
)

const (
	// orphanPosition is the name of the place where the next run goes on.
	orphanPosition = "orphaned Gitea tokens"
	// orphanPage is how many accounts are read at once, at most.
	orphanPage = 100
)

// inGitea are the statuses of accounts that have a user in Gitea.
func inGitea() []Status { return []Status{Normal, Paused, Locked, Stopped, Leaving} }

// endOrphanTokens deletes Gitea tokens of sessions that are over: Gitea
// may have made one long after the sign-in was undone. It goes through the
// accounts in order of their ids, on from where the last run ended, and begins
// anew at their end. An account that cannot be looked through is passed over.
func (s *Service) endOrphanTokens(ctx context.Context) (ended int, err error) {
	position, err := s.Leftovers.Position(ctx, orphanPosition)
	if err != nil {
		return 0, err
	}
	var faults error
	for seen, last := 0, false; !last; {
		page := s.orphanPageAfter(seen)
		if page == 0 {
			break
		}
		accounts, err := s.Listings.PageOfAccounts(ctx, inGitea(), position, page)
		if err != nil {
			return ended, errors.Join(faults, err)
		}
		for _, a := range accounts {
			if err := s.settings.Sweep.pace(ctx); err != nil {
				return ended, errors.Join(faults, err)
			}
			n, err := s.endOrphansOf(ctx, a)
			ended, position, faults = ended+n, a.ID, firstOf(faults, err)
		}
		seen += len(accounts)
		if last = len(accounts) < page; last {
			position = ""
		}
		if err := s.Leftovers.SetPosition(ctx, orphanPosition, position); err != nil {
			return ended, errors.Join(faults, err)
		}
	}
	return ended, faults
}

// orphanPageAfter is how many more accounts may be read when a run has seen so
// many: zero when it has had its share.
func (s *Service) orphanPageAfter(seen int) int {
	if most := s.settings.Sweep.TokensPerRun; most > 0 {
		return max(0, min(orphanPage, most-seen))
	}
	return orphanPage
}

// firstOf keeps the first of many faults.
func firstOf(first, next error) error {
	if first != nil {
		return first
	}
	return next
}

// endOrphansOf looks at the tokens before it looks at the account's sessions: a
// session that opens in between is found. A token that is named after a session
// of another account is an orphan, and so is one that is not the session's own.
func (s *Service) endOrphansOf(ctx context.Context, a Account) (int, error) {
	tokens, err := s.DirectoryDoor.Tokens(ctx, a.Ref(), GiteaTokenPrefix)
	if err != nil {
		return 0, err
	}
	tokens = slices.DeleteFunc(tokens, func(t DirectoryToken) bool {
		_, ours := SessionOfToken(t.Name)
		return !ours || !t.CreatedAt.Before(s.settled())
	})
	if len(tokens) == 0 {
		return 0, nil
	}
	unclosed, err := s.Listings.UnclosedOf(ctx, a.ID)
	if err != nil {
		return 0, err
	}
	ended := 0
	for _, token := range tokens {
		if isOfSession(unclosed, token.Name, token.End) {
			continue
		}
		if err := s.Directory.DeleteToken(ctx, a.Ref(), token.Name); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}
