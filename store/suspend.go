package store

import (
	"context"
	"time"

	"accord/app"
)

// standings implements app.Standings.
type standings struct{ db *database }

func (s *standings) Standing(ctx context.Context, id string) (now, before app.Status, err error) {
	const op = "look where an account stands"
	var account standing
	err = s.db.atomically(ctx, op, func(ctx context.Context) error {
		account, err = s.db.lockAccount(ctx, id)
		if err == nil && account.Status == "" {
			err = unknown(op)
		}
		return err
	})
	if err != nil || account.Status != app.Leaving {
		return account.Status, "", err
	}
	return account.Status, account.leftAs(), nil
}

func (s *standings) Suspend(ctx context.Context, id string, to app.Status, at time.Time) ([]app.Session, error) {
	const op = "suspend"
	var closed []app.Session
	err := s.db.atomically(ctx, op, func(ctx context.Context) error {
		closed = nil
		account, err := s.db.lockAccount(ctx, id)
		switch {
		case err != nil:
			return err
		case account.Status == to: // by an earlier call
			return nil
		case account.Status != app.Normal && !account.Status.Suspended():
			return unknown(op)
		}
		_, err = s.db.exec(ctx, "UPDATE accounts SET status = ?, credential_epoch = credential_epoch + 1, updated_at = ? WHERE id = ?",
			to, microsOf(at), id)
		if err != nil {
			return err
		}
		closed, err = s.db.closeSessions(ctx, id, "", at)
		return err
	})
	if err != nil {
		return nil, err
	}
	return closed, nil
}

func (s *standings) Resume(ctx context.Context, id string, at time.Time) error {
	const op = "resume"
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		account, err := s.db.lockAccount(ctx, id)
		switch {
		case err != nil:
			return err
		case account.Status == app.Normal: // by an earlier call
			return nil
		case !account.Status.Suspended():
			return unknown(op)
		}
		_, err = s.db.exec(ctx, "UPDATE accounts SET status = ?, updated_at = ? WHERE id = ?", app.Normal, microsOf(at), id)
		return err
	})
}

func (s *standings) Dismiss(ctx context.Context, id string, until, at time.Time) ([]app.Session, error) {
	const op = "dismiss"
	return s.db.leave(ctx, op, id, until, at, unknown(op), app.Normal, app.Paused, app.Locked, app.Stopped)
}
