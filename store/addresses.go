package store

import (
	"context"
	"time"

	"accord/app"
)

// One table keeps the addresses that accounts have and those they reserve, so
// that one unique key covers both.

// addAddress takes an address that nobody has or reserved, or returns
// EmailTaken.
func (s *accounts) addAddress(ctx context.Context, op, id, email string, present bool) error {
	_, err := s.db.exec(ctx, "INSERT INTO addresses (email_key, account_id, present) VALUES (?, ?, ?)",
		app.FoldKey(email), id, present)
	return inPlaceOf(err, &app.Error{Kind: app.EmailTaken, Op: op})
}

// dropAddresses frees all addresses of an account.
func (s *accounts) dropAddresses(ctx context.Context, id string) error {
	_, err := s.db.exec(ctx, "DELETE FROM addresses WHERE account_id = ?", id)
	return err
}

func (s *accounts) ReserveEmail(ctx context.Context, id, email string) error {
	const op = "reserve address"
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		return s.addAddress(ctx, op, id, email, false)
	})
}

func (s *accounts) ReleaseEmail(ctx context.Context, id, email string) error {
	return s.db.atomically(ctx, "release address", func(ctx context.Context) error {
		_, err := s.db.exec(ctx, "DELETE FROM addresses WHERE email_key = ? AND account_id = ? AND present = 0", app.FoldKey(email), id)
		return err
	})
}

func (s *accounts) ChangeEmail(ctx context.Context, id, email string, at time.Time) error {
	const op = "change address"
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		key := app.FoldKey(email)
		n, err := s.db.exec(ctx, "UPDATE addresses SET present = 1 WHERE email_key = ? AND account_id = ?", key, id)
		if err := unlessMatched(n, err, unknown(op)); err != nil {
			return err
		}
		_, err = s.db.exec(ctx, "DELETE FROM addresses WHERE account_id = ? AND present = 1 AND email_key <> ?", id, key)
		if err != nil {
			return err
		}
		_, err = s.db.exec(ctx, "UPDATE accounts SET email = ?, email_verified = 1, email_held = 0, updated_at = ? WHERE id = ?", email, microsOf(at), id)
		return err
	})
}

func (s *accounts) VerifyEmail(ctx context.Context, id, email string, at time.Time) error {
	return s.db.atomically(ctx, "verify address", func(ctx context.Context) error {
		_, err := s.db.exec(ctx, `UPDATE accounts SET email_verified = 1, email_held = 0, updated_at = ?
			WHERE id = (SELECT account_id FROM addresses WHERE email_key = ? AND account_id = ? AND present = 1)`,
			microsOf(at), app.FoldKey(email), id)
		return err
	})
}
