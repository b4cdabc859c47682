package app

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"accord/saga"
)

// droppingFromDirectory is the state of the saga that ends a Gitea user which
// bears our mark and belongs to no account.
type droppingFromDirectory struct {
	Seen DirectoryView
	// Kept: it had something, so that it was shut out and not removed.
	Kept bool
}

// DropFromDirectory removes a Gitea user that bears our mark and is no account's.
// One that has repositories, packages or organizations is shut out instead, and
// kept is true: what is in it is for an operator to decide. One that was adopted
// is given back. DirectoryFailed (ErrDisputed in the chain where it is an
// account's by its number), Busy (ErrChanged in the chain where it has changed, or
// an account has it by now) or Internal.
func (s *Service) DropFromDirectory(ctx context.Context, seen DirectoryView) (kept bool, receipt saga.Receipt, err error) {
	const op = "drop from Gitea"
	if seen.Mark == "" {
		return false, receipt, &Error{Kind: Internal, Op: op, Err: errors.New("the user does not bear the mark")}
	}
	state, receipt, err := s.repairs.dropFromDirectory.Execute(by(ctx, System), seen.Mark, droppingFromDirectory{Seen: seen})
	receipt, err = settled(op, receipt, err)
	return state.Kept, receipt, err
}

func (s *Service) dropFromDirectoryFlow() saga.Definition[droppingFromDirectory] {
	return exclusive("drop from Gitea",
		saga.One(saga.Step[droppingFromDirectory]{
			Name: "check that it is no account's", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, d *droppingFromDirectory) error {
				err := s.unclaimed(ctx, d.Seen.Mark, func(a Account) bool { return a.GiteaID == d.Seen.ID })
				if err != nil {
					return err
				}
				return s.undisputed(ctx, d.Seen)
			},
		}),
		saga.One(saga.Step[droppingFromDirectory]{
			Name: "look at Gitea", Kind: saga.Compensable,
			Do: func(ctx context.Context, d *droppingFromDirectory) error { return s.sameInDirectory(ctx, d.Seen) },
		}),
		saga.One(saga.Step[droppingFromDirectory]{
			Name: "remove from Gitea or shut out", Kind: saga.Pivot, Do: s.removeOrShutOut,
		}),
	)
}

func (s *Service) removeOrShutOut(ctx context.Context, d *droppingFromDirectory) error {
	_, found, err := s.DirectoryRepairs.UserNumbered(ctx, d.Seen.ID)
	if err != nil || !found { // by an earlier try
		return err
	}
	if d.Seen.Adopted {
		return s.giveBack(ctx, d.Seen, false)
	}
	has, err := s.Directory.Belongings(ctx, d.Seen.Ref())
	if err != nil {
		return err
	}
	if has.Anything() {
		d.Kept = true
		return s.Directory.SetActive(ctx, d.Seen.Ref(), false)
	}
	return s.Directory.RemoveUser(ctx, d.Seen.Username, d.Seen.Mark)
}

// droppingFromStorage is the state of the saga that ends a storage user of ours
// which belongs to no account.
type droppingFromStorage struct {
	AccountID string
	Seen      StorageView
}

// DropFromStorage removes a storage user whose key is that of an account, which
// is none any more; its objects stay. StorageFailed, Busy (ErrChanged in the
// chain where it has changed, or there is such an account by now) or Internal.
func (s *Service) DropFromStorage(ctx context.Context, accountID string, seen StorageView) (saga.Receipt, error) {
	const op = "drop from storage"
	if seen.Key != StorageKeyOf(accountID) {
		return saga.Receipt{}, &Error{Kind: Internal, Op: op, Err: errors.New("the key is not one of ours")}
	}
	receipt, err := carryOut(by(ctx, System), s.repairs.dropFromStorage, accountID, droppingFromStorage{AccountID: accountID, Seen: seen})
	return settled(op, receipt, err)
}

func (s *Service) dropFromStorageFlow() saga.Definition[droppingFromStorage] {
	return exclusive("drop from storage",
		saga.One(saga.Step[droppingFromStorage]{
			Name: "check that it is no account's", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, d *droppingFromStorage) error {
				return s.unclaimed(ctx, d.AccountID, func(Account) bool { return true })
			},
		}),
		saga.One(saga.Step[droppingFromStorage]{
			Name: "look at storage", Kind: saga.Compensable,
			Do: func(ctx context.Context, d *droppingFromStorage) error { return s.sameInStorage(ctx, d.Seen) },
		}),
		saga.One(saga.Step[droppingFromStorage]{
			Name: "remove from storage", Kind: saga.Pivot,
			Do: func(ctx context.Context, d *droppingFromStorage) error { return s.Storage.RemoveUser(ctx, d.Seen.Key) },
		}),
	)
}

// endingTokens is the state of the saga that deletes Gitea tokens which outlived
// their sessions.
type endingTokens struct {
	// AccountID is empty in sagas of earlier releases.
	AccountID string
	Seen      DirectoryView
	// Tokens are their names.
	Tokens []string
}

// EndTokens deletes Gitea tokens of a user that the account owns, which are named
// like those of sessions and are of no open session of the account. DirectoryFailed, Busy
// (ErrChanged in the chain where the user has changed or a session is open) or
// Internal.
func (s *Service) EndTokens(ctx context.Context, f Facts, seen DirectoryView, tokens []string) (saga.Receipt, error) {
	const op = "end Gitea tokens"
	for _, name := range tokens {
		if _, ok := SessionOfToken(name); !ok || !f.Owns(seen) {
			return saga.Receipt{}, &Error{Kind: Internal, Op: op, Err: errors.New("the token is not one of ours")}
		}
	}
	receipt, err := carryOut(by(ctx, System), s.repairs.endTokens, f.AccountID, endingTokens{
		AccountID: f.AccountID, Seen: seen, Tokens: tokens,
	})
	return settled(op, receipt, err)
}

func (s *Service) endTokensFlow() saga.Definition[endingTokens] {
	return exclusive("end Gitea tokens",
		saga.One(saga.Step[endingTokens]{
			Name: "check that the sessions are over", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, e *endingTokens) error {
				sessions := make([]string, len(e.Tokens))
				for i, name := range e.Tokens {
					sessions[i], _ = SessionOfToken(name)
				}
				open, err := s.Repairs.OpenSessions(ctx, sessions)
				if err != nil {
					return err
				}
				for _, owner := range open {
					if e.AccountID == "" || owner == e.AccountID {
						return changed()
					}
				}
				return nil
			},
		}),
		saga.One(saga.Step[endingTokens]{
			Name: "look at Gitea", Kind: saga.Compensable,
			Do: func(ctx context.Context, e *endingTokens) error { return s.sameInDirectory(ctx, e.Seen) },
		}),
		saga.One(saga.Step[endingTokens]{
			Name: "delete tokens", Kind: saga.Pivot,
			Do: func(ctx context.Context, e *endingTokens) error {
				group, ctx := errgroup.WithContext(ctx)
				group.SetLimit(endTogether)
				for _, name := range e.Tokens {
					group.Go(func() error { return s.Directory.DeleteToken(ctx, e.Seen.Ref(), name) })
				}
				return group.Wait()
			},
		}),
	)
}
