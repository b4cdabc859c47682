package gitea

import (
	"context"
	"errors"
	"net/http"

	"accord/app"
	"accord/saga"
)

var errElsewhere = errors.New("the user's password is kept by an authentication source, not by Gitea")

// SetPassword implements app.Directory. Beside the errors named there: Invalid,
// refused, where Gitea's rules do not take the password. A user of an
// authentication source is refused: Gitea would ignore the password and say
// that all is well.
func (d *Directory) SetPassword(ctx context.Context, ref app.DirectoryRef, password app.Secret) error {
	const op = "set password"
	if password == "" { // to Gitea: no change
		return saga.Refused(&app.Error{
			Kind: app.Invalid, Op: "gitea: " + op, Violations: []app.Violation{{Field: "password", Rule: app.Pattern}},
		})
	}
	u, err := d.marked(ctx, op, ref)
	if err != nil {
		return err
	}
	if u.SourceID != 0 {
		return saga.Refused(&app.Error{Kind: app.DirectoryFailed, Op: "gitea: " + op, Err: errElsewhere})
	}
	text, another := password.Reveal(), false // one that Gitea demands is none of ours
	a, err := d.change(ctx, op, u, change{Password: &text, MustChangePassword: &another})
	switch {
	case err != nil:
		return err
	case a.status != http.StatusOK:
		return a.invalid()
	}
	return d.confirm(ctx, a, u, func(user) bool { return true })
}
