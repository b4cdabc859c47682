package app

import (
	"context"

	"accord/saga"
)

// shuttingOut is the stage that keeps an account out of Gitea and storage; of
// tells which, and what it was before. Undone, it lets in only one that was
// Normal.
func shuttingOut[S any](s *Service, of func(*S) (account Account, was Status)) saga.Stage[S] {
	out := func(ctx context.Context, st *S, set func(context.Context, Account, bool) error) error {
		account, _ := of(st)
		return set(ctx, account, false)
	}
	back := func(ctx context.Context, st *S, set func(context.Context, Account, bool) error) error {
		account, was := of(st)
		if was != Normal {
			return nil
		}
		return set(ctx, account, true)
	}
	return doors(s, "shut out of Gitea", "shut out of storage", out, back)
}

// lettingIn is the stage that lets an account into Gitea and storage, if it is
// to be Normal; of tells which, and what it is to be.
func lettingIn[S any](s *Service, of func(*S) (account Account, to Status)) saga.Stage[S] {
	set := func(in bool) turn[S] {
		return func(ctx context.Context, st *S, set func(context.Context, Account, bool) error) error {
			account, to := of(st)
			if to != Normal {
				return nil
			}
			return set(ctx, account, in)
		}
	}
	return doors(s, "let into Gitea", "let into storage", set(true), set(false))
}

// turn opens or closes one system to the account of a state.
type turn[S any] func(ctx context.Context, st *S, set func(ctx context.Context, a Account, active bool) error) error

func doors[S any](s *Service, gitea, storage string, do, undo turn[S]) saga.Stage[S] {
	// Only a user who is to be let in must be there.
	inGitea := func(ctx context.Context, a Account, active bool) error {
		err := s.Directory.SetActive(ctx, a.Ref(), active)
		if !active {
			err = s.unlessGone(ctx, a, err)
		}
		return err
	}
	backInGitea := func(ctx context.Context, a Account, active bool) error {
		return s.unlessGone(ctx, a, s.Directory.SetActive(ctx, a.Ref(), active))
	}
	inStorage := func(ctx context.Context, a Account, active bool) error {
		return s.Storage.SetActive(ctx, a.StorageKey, active)
	}
	return saga.Parallel(
		saga.Step[S]{
			Name: gitea, Kind: saga.Compensable,
			Do:   func(ctx context.Context, st *S) error { return do(ctx, st, inGitea) },
			Undo: func(ctx context.Context, st *S) error { return undo(ctx, st, backInGitea) },
		},
		saga.Step[S]{
			Name: storage, Kind: saga.Compensable,
			Do:   func(ctx context.Context, st *S) error { return do(ctx, st, inStorage) },
			Undo: func(ctx context.Context, st *S) error { return undo(ctx, st, inStorage) },
		},
	)
}
