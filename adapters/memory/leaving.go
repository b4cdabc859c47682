package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"accord/app"
)

func (s *accounts) Leave(ctx context.Context, id string, until, at time.Time) ([]app.Session, error) {
	return s.db.leave(ctx, "leave", id, until, at, app.BadCredentials, app.Normal)
}

// leave puts an account that has one of the statuses into status Leaving. Those
// of others, unless they are leaving, are refused.
func (db *tables) leave(ctx context.Context, op, id string, until, at time.Time, refused app.Kind, from ...app.Status) (closed []app.Session, err error) {
	err = db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		a := db.accounts[id]
		switch {
		case a.Status == app.Leaving:
			return nil
		case !slices.Contains(from, a.Status):
			return refusal(refused, op)
		}
		if err := db.mayGo(op, a); err != nil {
			return err
		}
		put(tx, db.left, id, a.Status)
		a.Status, a.LeavingUntil, a.UpdatedAt = app.Leaving, kept(until), kept(at)
		a.CredentialEpoch++
		put(tx, db.accounts, id, a)
		closed = db.closeSessions(tx, id, "")
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
	return s.change(ctx, "come back", id, func(a *app.Account, tx *transaction) error {
		back := s.db.leftAs(id)
		switch a.Status {
		case back:
			return nil
		case app.Leaving:
		default:
			return refusal(app.NotFound, "come back")
		}
		drop(tx, s.db.postponed, id)
		a.Status, a.LeavingUntil, a.UpdatedAt = back, time.Time{}, kept(at)
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
		drop(tx, s.db.left, id)
		drop(tx, s.db.postponed, id)
		drop(tx, s.db.evictAgain, id)
		drop(tx, s.db.attributes, id)
		dropAll(tx, s.db.sessions, func(row sessionRow) bool { return row.AccountID == id })
		s.db.dropPlaces(tx, id)
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
			_, held := s.db.holds[a.ID]
			return a.Status == app.Leaving && !a.LeavingUntil.After(now) && !s.db.postponed[a.ID].until.After(now) && !held
		}))
		return nil
	})
	slices.SortStableFunc(departed, func(a, b app.Account) int {
		return cmp.Or(a.LeavingUntil.Compare(b.LeavingUntil), cmp.Compare(a.ID, b.ID))
	})
	return departed[:min(limit, len(departed))], err
}
