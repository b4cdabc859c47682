package memory

import (
	"cmp"
	"context"
	"time"

	"accord/app"
)

// standings implements app.Standings.
type standings struct{ db *tables }

// leftAs is what a leaving account comes back as.
func (db *tables) leftAs(id string) app.Status { return cmp.Or(db.left[id], app.Normal) }

func (s *standings) Standing(ctx context.Context, id string) (now, before app.Status, err error) {
	err = s.db.atomically(ctx, func(context.Context, *transaction) error {
		a, found := s.db.accounts[id]
		if !found {
			return refusal(app.NotFound, "look where an account stands")
		}
		if now = a.Status; now == app.Leaving {
			before = s.db.leftAs(id)
		}
		return nil
	})
	return now, before, err
}

func (s *standings) Suspend(ctx context.Context, id string, to app.Status, at time.Time) (closed []app.Session, err error) {
	err = (&accounts{s.db}).change(ctx, "suspend", id, func(a *app.Account, tx *transaction) error {
		switch {
		case a.Status == to:
			return nil
		case a.Status != app.Normal && !a.Status.Suspended():
			return refusal(app.NotFound, "suspend")
		}
		a.Status, a.UpdatedAt = to, kept(at)
		a.CredentialEpoch++
		closed = s.db.closeSessions(tx, id, "")
		return nil
	})
	return closed, err
}

func (s *standings) Resume(ctx context.Context, id string, at time.Time) error {
	return (&accounts{s.db}).change(ctx, "resume", id, func(a *app.Account, _ *transaction) error {
		switch {
		case a.Status == app.Normal:
			return nil
		case !a.Status.Suspended():
			return refusal(app.NotFound, "resume")
		}
		a.Status, a.UpdatedAt = app.Normal, kept(at)
		return nil
	})
}

func (s *standings) Dismiss(ctx context.Context, id string, until, at time.Time) ([]app.Session, error) {
	return s.db.leave(ctx, "dismiss", id, until, at, app.NotFound, present...)
}
