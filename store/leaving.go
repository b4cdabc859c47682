package store

import (
	"context"
	"slices"
	"time"

	"accord/app"
)

// selectDeparted leaves out those that a saga holds: a purge that does not get on
// would otherwise stand before the rest for ever.
var selectDeparted = selectAccount + `status = ? AND leaving_until <= ? AND postponed_until <= ?
	AND (leaving_until > ? OR (leaving_until = ? AND id > ?))
	AND NOT EXISTS (SELECT 1 FROM saga_holds WHERE saga_holds.subject = accounts.id)
	ORDER BY leaving_until, id LIMIT ?`

func (s *accounts) Leave(ctx context.Context, id string, until, at time.Time) ([]app.Session, error) {
	const op = "leave"
	return s.db.leave(ctx, op, id, until, at, refusal(op), app.Normal)
}

// leave puts an account that has one of the statuses into status Leaving. Those
// of others, unless they are leaving, get the refusal.
func (db *database) leave(ctx context.Context, op, id string, until, at time.Time, refusal error, from ...app.Status) ([]app.Session, error) {
	var closed []app.Session
	err := db.atomically(ctx, op, func(ctx context.Context) error {
		closed = nil
		account, err := db.lockAccount(ctx, id)
		switch {
		case err != nil:
			return err
		case account.Status == app.Leaving: // by an earlier call
			return nil
		case !slices.Contains(from, account.Status):
			return refusal
		}
		if err := db.mayGo(ctx, op, id, account); err != nil {
			return err
		}
		_, err = db.exec(ctx, `UPDATE accounts
			SET status = ?, left_as = ?, leaving_until = ?, credential_epoch = credential_epoch + 1, updated_at = ? WHERE id = ?`,
			app.Leaving, account.Status, microsOf(until), microsOf(at), id)
		if err != nil {
			return err
		}
		closed, err = db.closeSessions(ctx, id, "", at)
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
		account, err := s.db.lockAccount(ctx, id)
		back := account.leftAs()
		switch {
		case err != nil:
			return err
		case account.Status == back: // by an earlier call
			return nil
		case account.Status != app.Leaving:
			return unknown(op)
		}
		_, err = s.db.exec(ctx, "UPDATE accounts SET status = ?, leaving_until = 0, postponed_until = 0, postponed_reason = '', updated_at = ? WHERE id = ?", back, microsOf(at), id)
		return err
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
		_, err = s.db.exec(ctx, `UPDATE accounts SET status = ?, left_as = '', leaving_until = 0, postponed_until = 0, postponed_reason = '', evict_again_at = 0, username = '', username_key = NULL,
				email = '', email_verified = 0, email_held = 0, country = '', mobile = '', mobile_key = NULL, mobile_held = 0,
				nickname = '', nickname_key = '', avatar_url = '', description = '', website = '', location = '',
				password_hash = '', storage_secret = NULL, attributes = NULL, role = ?, gitea_password = ?, updated_at = ?
			WHERE id = ?`, app.Deleted, app.User, app.SamePassword, microsOf(at), id)
		if err != nil {
			return err
		}
		// Sessions and places tell where a person was.
		for _, table := range []string{"sessions", "places"} {
			if _, err := s.db.exec(ctx, "DELETE FROM "+table+" WHERE account_id = ?", id); err != nil {
				return err
			}
		}
		return s.dropAddresses(ctx, id)
	})
}

// Departed passes over accounts that cannot be opened, which it logs: they must
// not hold up the rest.
func (s *accounts) Departed(ctx context.Context, now time.Time, limit int) ([]app.Account, error) {
	departed := make([]app.Account, 0, limit)
	var after accountRow // the last one that was read
	for len(departed) < limit {
		var rows []accountRow
		err := s.db.many(ctx, &rows, selectDeparted, app.Leaving, microsOf(now), microsOf(now), after.LeavingUntil, after.LeavingUntil, after.ID, limit)
		if err != nil {
			return nil, during("list departed accounts", err)
		}
		departed = append(departed, openAll(ctx, s.db, s.seal, "an account that has departed cannot be read", rows)...)
		if len(rows) < limit {
			break
		}
		after = rows[len(rows)-1]
	}
	return departed[:min(len(departed), limit)], nil
}

// openAll opens what it can and logs the rest.
func openAll(ctx context.Context, db *database, seal sealing, fault string, rows []accountRow) []app.Account {
	all := make([]app.Account, 0, len(rows))
	for _, row := range rows {
		account, err := openAccount(seal, row)
		if err != nil {
			db.log.ErrorContext(ctx, fault, "account", row.ID, "error", err)
			continue
		}
		all = append(all, account)
	}
	return all
}
