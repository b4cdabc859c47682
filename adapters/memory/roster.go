package memory

import (
	"context"
	"slices"
	"time"

	"accord/app"
)

// roster implements app.Roster.
type roster struct{ db *tables }

func (r *roster) Ranks(ctx context.Context, actor, target string) (actors, targets app.Role, err error) {
	const op = "compare roles"
	err = r.db.atomically(ctx, func(context.Context, *transaction) error {
		mine, theirs := r.db.accounts[actor], r.db.accounts[target]
		switch {
		case !mine.MaySignIn():
			return refusal(app.Forbidden, op)
		case gone(theirs):
			return refusal(app.NotFound, op)
		}
		actors, targets = mine.Role, theirs.Role
		return nil
	})
	return actors, targets, err
}

func (r *roster) SetRole(ctx context.Context, id string, role app.Role, at time.Time) error {
	const op = "set role"
	return (&accounts{r.db}).changeLiving(ctx, op, id, func(a *app.Account, _ *transaction) error {
		if a.Role == role {
			return nil
		}
		if err := r.db.mayGo(op, *a); err != nil {
			return err
		}
		a.Role, a.UpdatedAt = role, kept(at)
		return nil
	})
}

func (r *roster) MayGo(ctx context.Context, id string) error {
	return r.db.atomically(ctx, func(context.Context, *transaction) error {
		return r.db.mayGo("look for another super-administrator", r.db.accounts[id])
	})
}

// mayGo is LastAdministrator where the account is the only super-administrator
// who may sign in.
func (db *tables) mayGo(op string, a app.Account) error {
	super := func(a app.Account) bool { return a.Role == app.SuperAdministrator && a.MaySignIn() }
	if !super(a) {
		return nil
	}
	for id, other := range db.accounts {
		if id != a.ID && super(other) {
			return nil
		}
	}
	return refusal(app.LastAdministrator, op)
}

// gone reports whether nothing may be stored in the account any more, or there
// is none.
func gone(a app.Account) bool {
	return slices.Contains([]app.Status{"", app.Deleted, app.Abandoned}, a.Status)
}
