package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"accord/app"
)

// accounts implements app.Accounts.
type accounts struct {
	db   *database
	seal sealing
}

var (
	insertAccount = "INSERT INTO accounts (" + columns(accountColumns, "%") + ") VALUES (" + columns(accountColumns, ":%") + ")"
	selectAccount = "SELECT " + columns(accountColumns, "%") + " FROM accounts WHERE "
)

func (s *accounts) Reserve(ctx context.Context, a app.Account) error {
	a.Status = app.Reserved
	secret, err := s.sealSecret(a.ID, a.StorageSecret)
	if err != nil {
		return err
	}
	row := accountRowOf(a, secret)
	return s.db.atomically(ctx, "reserve account", func(ctx context.Context) error {
		_, err := s.db.named(ctx, insertAccount, row)
		if isDuplicate(err) {
			return s.inUse(ctx, row)
		}
		return err
	})
}

// inUse says which key of the row is in use. Where the holder has gone in the
// meantime, too, another id does no harm.
func (s *accounts) inUse(ctx context.Context, row accountRow) error {
	var holders []accountRow
	err := s.db.many(ctx, &holders,
		"SELECT username_key, email_key FROM accounts WHERE username_key = ? OR email_key = ?", row.UsernameKey, row.EmailKey)
	if err != nil {
		return err
	}
	for _, h := range holders {
		if *h.UsernameKey == *row.UsernameKey {
			return &app.Error{Kind: app.UserTaken, Op: "reserve account"}
		}
	}
	if len(holders) > 0 {
		return &app.Error{Kind: app.EmailTaken, Op: "reserve account"}
	}
	return app.ErrIDTaken
}

func (s *accounts) Activate(ctx context.Context, id string, w app.Activation) error {
	const op = "activate account"
	secret, err := s.sealSecret(id, w.StorageSecret)
	if err != nil {
		return err
	}
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		n, err := s.db.exec(ctx, `UPDATE accounts
			SET status = ?, password_hash = ?, gitea_id = ?, storage_key = ?, storage_secret = ?, updated_at = ?
			WHERE id = ? AND status IN (?, ?)`,
			app.Normal, w.PasswordHash.Reveal(), w.GiteaID, w.StorageKey, secret, microsOf(w.At),
			id, app.Reserved, app.Normal)
		if err == nil && n == 0 {
			err = &app.Error{Kind: app.NotFound, Op: op}
		}
		return err
	})
}

func (s *accounts) Abandon(ctx context.Context, id string, at time.Time) error {
	const op = "abandon account"
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		n, err := s.db.exec(ctx, `UPDATE accounts
			SET status = ?, username_key = NULL, email_key = NULL, updated_at = ?
			WHERE id = ? AND status = ?`, app.Abandoned, microsOf(at), id, app.Reserved)
		if err != nil || n > 0 {
			return err
		}
		switch status, err := s.status(ctx, id); {
		case err != nil:
			return err
		case status != "" && status != app.Abandoned:
			return &app.Error{Kind: app.Internal, Op: op, Err: fmt.Errorf("it is in status %s", status)}
		}
		return nil
	})
}

func (s *accounts) Abandoned(ctx context.Context, id string) (bool, error) {
	status, err := s.status(ctx, id)
	return status == app.Abandoned, during("look for an abandoned account", err)
}

// status is empty where there is no such account.
func (s *accounts) status(ctx context.Context, id string) (app.Status, error) {
	var status app.Status
	err := s.db.one(ctx, &status, "SELECT status FROM accounts WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return status, err
}

func (s *accounts) ByUsername(ctx context.Context, username string) (app.Account, error) {
	return s.find(ctx, "username_key = ?", app.FoldKey(username))
}

func (s *accounts) ByEmail(ctx context.Context, email string) (app.Account, error) {
	return s.find(ctx, "email_key = ?", app.FoldKey(email))
}

func (s *accounts) ByID(ctx context.Context, id string) (app.Account, error) {
	return s.find(ctx, "id = ?", id)
}

func (s *accounts) find(ctx context.Context, condition, value string) (app.Account, error) {
	const op = "find account"
	var row accountRow
	switch err := s.db.one(ctx, &row, selectAccount+condition, value); {
	case errors.Is(err, sql.ErrNoRows):
		return app.Account{}, &app.Error{Kind: app.NotFound, Op: op}
	case err != nil:
		return app.Account{}, during(op, err)
	}
	return openAccount(s.seal, row)
}

func (s *accounts) sealSecret(id string, secret app.Secret) ([]byte, error) {
	return s.seal.seal([]byte(secret.Reveal()), "accounts", "storage_secret", id)
}

func openAccount(s sealing, row accountRow) (app.Account, error) {
	secret, err := s.open(row.StorageSecret, "accounts", "storage_secret", row.ID)
	if err != nil {
		return app.Account{}, err
	}
	return row.account(secret), nil
}
