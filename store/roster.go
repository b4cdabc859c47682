package store

import (
	"context"
	"slices"
	"time"

	"accord/app"
)

// roster implements app.Roster.
type roster struct{ db *database }

func (r *roster) Ranks(ctx context.Context, actor, target string) (actors, targets app.Role, err error) {
	const op = "compare roles"
	err = r.db.atomically(ctx, op, func(ctx context.Context) error {
		ids := []string{actor, target}
		slices.Sort(ids) // in one order everywhere
		found := map[string]standing{}
		for _, id := range ids {
			account, err := r.db.lockAccount(ctx, id)
			if err != nil {
				return err
			}
			found[id] = account
		}
		switch {
		case !found[actor].maySignIn():
			return &app.Error{Kind: app.Forbidden, Op: op}
		case found[target].gone():
			return unknown(op)
		}
		actors, targets = found[actor].Role, found[target].Role
		return nil
	})
	return actors, targets, err
}

// gone reports whether nothing may be stored in the account any more, or there
// is none.
func (s standing) gone() bool {
	return slices.Contains([]app.Status{"", app.Deleted, app.Abandoned}, s.Status)
}

func (r *roster) SetRole(ctx context.Context, id string, role app.Role, at time.Time) error {
	const op = "set role"
	return r.db.atomically(ctx, op, func(ctx context.Context) error {
		account, err := r.db.lockAccount(ctx, id)
		switch {
		case err != nil:
			return err
		case account.gone():
			return unknown(op)
		case account.Role == role:
			return nil
		}
		if err := r.db.mayGo(ctx, op, id, account); err != nil {
			return err
		}
		_, err = r.db.exec(ctx, "UPDATE accounts SET role = ?, updated_at = ? WHERE id = ?", role, microsOf(at), id)
		return err
	})
}

func (r *roster) MayGo(ctx context.Context, id string) error {
	const op = "look for another super-administrator"
	return r.db.atomically(ctx, op, func(ctx context.Context) error {
		account, err := r.db.lockAccount(ctx, id)
		if err != nil {
			return err
		}
		return r.db.mayGo(ctx, op, id, account)
	})
}

// mayGo is LastAdministrator where the account, whose row is locked, is the only
// super-administrator who may sign in. It locks the others, so that of two who
// go at once one stays.
func (db *database) mayGo(ctx context.Context, op, id string, account standing) error {
	if account.Role != app.SuperAdministrator || !account.maySignIn() {
		return nil
	}
	var others []string
	err := db.many(ctx, &others, "SELECT id FROM accounts WHERE role = ? AND status = ? AND id <> ? ORDER BY id"+db.dialect.lock,
		app.SuperAdministrator, app.Normal, id)
	if err == nil && len(others) == 0 {
		err = &app.Error{Kind: app.LastAdministrator, Op: op}
	}
	return err
}
