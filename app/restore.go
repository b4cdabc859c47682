package app

import (
	"context"

	"accord/saga"
)

// restoring is the state of the restore saga.
type restoring struct{ Account Account }

// Restore brings back an account that was deleted and whose grace period is not
// over: it can sign in again, with all it had; its old sessions stay ended.
// NotFound where no such account is leaving, DirectoryFailed, StorageFailed,
// Busy or Internal. For operators.
func (s *Service) Restore(ctx context.Context, accountID string) (saga.Receipt, error) {
	const op = "restore"
	account, err := s.Accounts.ByID(ctx, accountID)
	if err == nil && account.Status != Leaving {
		err = &Error{Kind: NotFound}
	}
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := carryOut(ctx, s.restore, account.ID, restoring{Account: account})
	return receipt, failed(op, err)
}

func (s *Service) restoreFlow() saga.Definition[restoring] {
	return exclusive("restore",
		saga.One(saga.Step[restoring]{
			Name: "check that it still waits", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, r *restoring) error { return s.Accounts.MayBury(ctx, r.Account.ID) },
		}),
		saga.Parallel(
			saga.Step[restoring]{
				Name: "let into Gitea", Kind: saga.Compensable,
				Do: func(ctx context.Context, r *restoring) error {
					return s.Directory.SetActive(ctx, r.Account.Ref(), true)
				},
				Undo: func(ctx context.Context, r *restoring) error {
					return s.Directory.SetActive(ctx, r.Account.Ref(), false)
				},
			},
			saga.Step[restoring]{
				Name: "let into storage", Kind: saga.Compensable,
				Do: func(ctx context.Context, r *restoring) error {
					return s.Storage.SetActive(ctx, r.Account.StorageKey, true)
				},
				Undo: func(ctx context.Context, r *restoring) error {
					return s.Storage.SetActive(ctx, r.Account.StorageKey, false)
				},
			},
		),
		saga.One(saga.Step[restoring]{
			Name: "come back", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, r *restoring) error { return s.Accounts.ComeBack(ctx, r.Account.ID, s.Now()) },
		}),
	)
}
