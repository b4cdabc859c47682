package store

import (
	"context"
	"database/sql"
	"errors"
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
	const op = "reserve account"
	a.Status = app.Reserved
	secret, err := s.sealSecret(a.ID, a.StorageSecret)
	if err != nil {
		return err
	}
	row := accountRowOf(a, secret)
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		_, err := s.db.named(ctx, insertAccount, row)
		if isDuplicate(err) {
			return s.inUse(ctx, op, a)
		}
		if err != nil {
			return err
		}
		err = s.addAddress(ctx, op, a.ID, a.Email, true)
		if app.KindOf(err) == app.EmailTaken {
			// The transaction may be a caller's, who may go on with it.
			_, undoErr := s.db.exec(ctx, "DELETE FROM accounts WHERE id = ?", a.ID)
			return errors.Join(err, undoErr)
		}
		return err
	})
}

// inUse says what of an account is in use. Where the holder has gone in the
// meantime, too, another id does no harm.
func (s *accounts) inUse(ctx context.Context, op string, a app.Account) error {
	for _, key := range []struct {
		query string
		value any
		kind  app.Kind
	}{
		{"SELECT COUNT(*) FROM accounts WHERE username_key = ?", app.FoldKey(a.Username), app.UserTaken},
		{"SELECT COUNT(*) FROM addresses WHERE email_key = ?", app.FoldKey(a.Email), app.EmailTaken},
		{"SELECT COUNT(*) FROM accounts WHERE mobile_key = ?", mobileKey(a.Country, a.Mobile), app.MobileTaken},
	} {
		var holders int
		switch err := s.db.one(ctx, &holders, key.query, key.value); {
		case err != nil:
			return err
		case holders > 0:
			return &app.Error{Kind: key.kind, Op: op}
		}
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
			SET status = ?, username_key = NULL, mobile_key = NULL, updated_at = ?
			WHERE id = ? AND status = ?`, app.Abandoned, microsOf(at), id, app.Reserved)
		if err != nil {
			return err
		}
		if n > 0 {
			return s.dropAddresses(ctx, id)
		}
		switch status, err := s.status(ctx, id); {
		case err != nil:
			return err
		case status != "" && status != app.Abandoned:
			return misplaced(op, status)
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
	return status, inPlaceOfNone(err, nil)
}

func (s *accounts) ByUsername(ctx context.Context, username string) (app.Account, error) {
	return s.find(ctx, "username_key = ?", app.FoldKey(username))
}

func (s *accounts) ByEmail(ctx context.Context, email string) (app.Account, error) {
	return s.find(ctx, "id = (SELECT account_id FROM addresses WHERE email_key = ? AND present = 1)", app.FoldKey(email))
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
