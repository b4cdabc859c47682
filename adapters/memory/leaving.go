package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"accord/app"
)

func (s *accounts) Leave(ctx context.Context, id string, until, at time.Time) (closed []app.Session, err error) {
	const op = "leave"
	err = s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		a := s.db.accounts[id]
		switch {
		case a.Status == app.Leaving:
			return nil
		case !a.MaySignIn():
			return refusal(app.BadCredentials, op)
		}
		a.Status, a.LeavingUntil, a.UpdatedAt = app.Leaving, kept(until), kept(at)
		a.CredentialEpoch++
		put(tx, s.db.accounts, id, a)
		closed = s.db.closeSessions(tx, id, "")
		return nil
	})
	return closed, err
}

func (s *accounts) MayBury(ctx context.Context, id string) error {
	return s.db.atomically(ctx, func(context.Context, *transaction) error {
		if s.db.accounts[id].Status != app.Leaving {
			return refusal(app.NotFound, "check that an account is leaving")
		}
		return nil
	})
}

func (s *accounts) ComeBack(ctx context.Context, id string, at time.Time) error {
	return s.change(ctx, "come back", id, func(a *app.Account, _ *transaction) error {
		if a.Status != app.Leaving && a.Status != app.Normal {
			return refusal(app.NotFound, "come back")
		}
		a.Status, a.LeavingUntil, a.UpdatedAt = app.Normal, time.Time{}, kept(at)
		return nil
	})
}

func (s *accounts) Bury(ctx context.Context, id string, at time.Time) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		a := s.db.accounts[id]
		switch a.Status {
		case app.Deleted:
			return nil
		case app.Leaving:
		default:
			return refusal(app.Internal, "bury")
		}
		s.db.free(tx, a)
		dropAll(tx, s.db.sessions, func(row sessionRow) bool { return row.AccountID == id })
		put(tx, s.db.accounts, id, app.Account{
			ID: a.ID, UserID: a.UserID, Status: app.Deleted, Role: app.User, GiteaPassword: app.SamePassword,
			CredentialEpoch: a.CredentialEpoch,
			GiteaID:         a.GiteaID, GiteaOrigin: a.GiteaOrigin, StorageKey: a.StorageKey, StorageOrigin: a.StorageOrigin,
			CreatedAt: a.CreatedAt, UpdatedAt: kept(at),
		})
		return nil
	})
}

func (s *accounts) Departed(ctx context.Context, now time.Time, limit int) (departed []app.Account, err error) {
	err = s.db.atomically(ctx, func(context.Context, *transaction) error {
		departed = s.db.list(sorted(s.db.accounts, func(a app.Account) bool {
			return a.Status == app.Leaving && !a.LeavingUntil.After(now)
		}))
		return nil
	})
	slices.SortStableFunc(departed, func(a, b app.Account) int {
		return cmp.Or(a.LeavingUntil.Compare(b.LeavingUntil), cmp.Compare(a.ID, b.ID))
	})
	return departed[:min(limit, len(departed))], err
}
