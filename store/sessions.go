package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"accord/app"
)

// sessions implements app.Sessions.
type sessions struct {
	db   *database
	seal sealing
}

var (
	insertSession = "INSERT INTO sessions (" + columns(sessionColumns, "%") + ") VALUES (" + columns(sessionColumns, ":%") + ")"
	selectLive    = "SELECT " + columns(sessionColumns, `s.% AS "session.%"`) + ", " + columns(accountColumns, `a.% AS "account.%"`) +
		" FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.id = ?"
	selectExpired = "SELECT " + columns(sessionColumns, "%") +
		" FROM sessions WHERE closed_at = 0 AND opened_at > 0 AND expires_at < ? ORDER BY expires_at, id LIMIT ?"
	selectOthers = "SELECT " + columns(sessionColumns, "%") +
		" FROM sessions WHERE account_id = ? AND id <> ? AND closed_at = 0 AND opened_at > 0 ORDER BY created_at, id"
)

func (s *sessions) Reserve(ctx context.Context, session app.Session) error {
	return s.db.atomically(ctx, "reserve session", func(ctx context.Context) error {
		_, err := s.db.named(ctx, insertSession, sessionRowOf(session))
		return err
	})
}

func (s *sessions) Open(ctx context.Context, id string, at time.Time) error {
	const op = "open session"
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		var accountID string
		err := s.db.one(ctx, &accountID, "SELECT account_id FROM sessions WHERE id = ?", id)
		if err != nil {
			return inPlaceOfNone(err, refusal(op))
		}
		// The account's row stays locked until the session is open for everybody:
		// who raises the epoch comes wholly before or wholly after.
		account, err := s.db.lockAccount(ctx, accountID)
		switch {
		case err != nil:
			return err
		case !account.maySignIn():
			return refusal(op)
		}
		n, err := s.db.exec(ctx, `UPDATE sessions SET opened_at = CASE opened_at WHEN 0 THEN ? ELSE opened_at END
			WHERE id = ? AND closed_at = 0 AND credential_epoch = ?`, microsOf(at), id, account.Epoch)
		return unlessMatched(n, err, refusal(op))
	})
}

func (s *sessions) Discard(ctx context.Context, id string) error {
	return s.db.atomically(ctx, "discard session", func(ctx context.Context) error {
		_, err := s.db.exec(ctx, "DELETE FROM sessions WHERE id = ? AND opened_at = 0", id)
		return err
	})
}

func (s *sessions) Close(ctx context.Context, id string, at time.Time) error {
	return s.db.atomically(ctx, "close session", func(ctx context.Context) error {
		_, err := s.db.exec(ctx, "UPDATE sessions SET closed_at = ? WHERE id = ? AND closed_at = 0", microsOf(at), id)
		return err
	})
}

func (s *sessions) Live(ctx context.Context, id string, now time.Time) (app.Session, app.Account, error) {
	const op = "look at session"
	var row struct {
		Session sessionRow `db:"session"`
		Account accountRow `db:"account"`
	}
	switch err := s.db.one(ctx, &row, selectLive, id); {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return app.Session{}, app.Account{}, during(op, err)
	case !row.Session.live(): // an absent one is not
		return app.Session{}, app.Account{}, &app.Error{Kind: app.TokenInvalid, Op: op}
	}
	session := row.Session.session()
	if !now.Before(session.ExpiresAt) {
		return app.Session{}, app.Account{}, &app.Error{Kind: app.TokenExpired, Op: op}
	}
	account, err := openAccount(s.seal, row.Account)
	return session, account, err
}

func (s *sessions) Expired(ctx context.Context, now time.Time, limit int) ([]app.Session, error) {
	var rows []sessionRow
	if err := s.db.many(ctx, &rows, selectExpired, microsOf(now), limit); err != nil {
		return nil, during("list expired sessions", err)
	}
	return sessionsOf(rows), nil
}

// closeSessions closes the open sessions of an account but keep, discards the
// reserved ones, and returns those it closed. The account's row must be locked.
func (db *database) closeSessions(ctx context.Context, accountID, keep string, at time.Time) ([]app.Session, error) {
	var rows []sessionRow
	if err := db.many(ctx, &rows, selectOthers+db.dialect.lock, accountID, keep); err != nil {
		return nil, err
	}
	_, err := db.exec(ctx, `UPDATE sessions SET closed_at = ?
		WHERE account_id = ? AND id <> ? AND closed_at = 0 AND opened_at > 0`, microsOf(at), accountID, keep)
	if err != nil {
		return nil, err
	}
	_, err = db.exec(ctx, "DELETE FROM sessions WHERE account_id = ? AND opened_at = 0", accountID)
	return sessionsOf(rows), err
}

func sessionsOf(rows []sessionRow) []app.Session {
	all := make([]app.Session, len(rows))
	for i, row := range rows {
		all[i] = row.session()
	}
	return all
}
