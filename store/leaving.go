package store

import (
	"context"
	"time"

	"accord/app"
)

var selectDeparted = selectAccount + "status = ? AND leaving_until <= ? ORDER BY leaving_until, id LIMIT ?"

func (s *accounts) Leave(ctx context.Context, id string, until, at time.Time) ([]app.Session, error) {
	const op = "leave"
	var closed []app.Session
	err := s.db.atomically(ctx, op, func(ctx context.Context) error {
		closed = nil
		account, err := s.db.lockAccount(ctx, id)
		switch {
		case err != nil:
			return err
		case account.Status == app.Leaving: // by an earlier call
			return nil
		case !account.maySignIn():
			return refusal(op)
		}
		_, err = s.db.exec(ctx, `UPDATE accounts
			SET status = ?, leaving_until = ?, credential_epoch = credential_epoch + 1, updated_at = ? WHERE id = ?`,
			app.Leaving, microsOf(until), microsOf(at), id)
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

func (s *accounts) ComeBack(ctx context.Context, id string, at time.Time) error {
	const op = "come back"
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		n, err := s.db.exec(ctx, "UPDATE accounts SET status = ?, leaving_until = 0, updated_at = ? WHERE id = ? AND status IN (?, ?)",
			app.Normal, microsOf(at), id, app.Leaving, app.Normal)
		return unlessMatched(n, err, unknown(op))
	})
}

func (s *accounts) Bury(ctx context.Context, id string, at time.Time) error {
	const op = "bury"
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		account, err := s.db.lockAccount(ctx, id)
		switch {
		case err != nil || account.Status == app.Deleted:
			return err
		case account.Status != app.Leaving:
			return misplaced(op, account.Status)
		}
		_, err = s.db.exec(ctx, `UPDATE accounts SET status = ?, leaving_until = 0, username = '', username_key = NULL,
				email = '', email_verified = 0, country = '', mobile = '', mobile_key = NULL,
				nickname = '', avatar_url = '', description = '', website = '', location = '',
				password_hash = '', storage_secret = NULL, attributes = NULL, role = ?, gitea_password = ?, updated_at = ?
			WHERE id = ?`, app.Deleted, app.User, app.SamePassword, microsOf(at), id)
		if err != nil {
			return err
		}
		// Sessions tell where a person was.
		if _, err := s.db.exec(ctx, "DELETE FROM sessions WHERE account_id = ?", id); err != nil {
			return err
		}
		return s.dropAddresses(ctx, id)
	})
}

// Departed passes over accounts that cannot be opened, which it logs: they must
// not hold up the rest.
func (s *accounts) Departed(ctx context.Context, now time.Time, limit int) ([]app.Account, error) {
	var rows []accountRow
	if err := s.db.many(ctx, &rows, selectDeparted, app.Leaving, microsOf(now), limit); err != nil {
		return nil, during("list departed accounts", err)
	}
	departed := make([]app.Account, 0, len(rows))
	for _, row := range rows {
		account, err := openAccount(s.seal, row)
		if err != nil {
			s.db.log.ErrorContext(ctx, "an account that has departed cannot be read", "account", row.ID, "error", err)
			continue
		}
		departed = append(departed, account)
	}
	return departed, nil
}
