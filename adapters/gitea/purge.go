package gitea

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"accord/app"
	"accord/saga"
)

// PurgeUser implements app.Directory. Gitea shuts the user out first and then
// removes one thing after another, so it can end half-way; a repetition goes on
// from there. With a user Gitea removes every organization of which it is the
// last owner, so one that has other members has to be left before. Who becomes
// a member of the user's own organization between the look and the deletion
// loses it, a matter of milliseconds.
func (d *Directory) PurgeUser(ctx context.Context, ref app.DirectoryRef) error {
	const op = "purge user"
	u, err := d.marked(ctx, op, ref)
	if errors.Is(err, errAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	if u.adopted() {
		return notRemoved(op)
	}
	if err := d.sharesNothing(ctx, op, u); err != nil {
		return err
	}
	a, err := d.send(ctx, request{
		op: op, method: http.MethodDelete, path: path("admin", "users", u.Login), query: url.Values{"purge": {"true"}},
	})
	switch {
	case err != nil:
		return err
	case a.status == http.StatusNoContent, a.absent():
		return nil
	case a.status == http.StatusUnprocessableEntity: // what was made meanwhile is in the way of the rest
		return unknown(a.fault())
	}
	return a.fault()
}

// sharesNothing refuses a user that is a member of an organization with others.
func (d *Directory) sharesNothing(ctx context.Context, op string, u user) error {
	shared, err := d.shared(ctx, u)
	if err != nil || len(shared) == 0 {
		return err
	}
	const told = 5
	names := make([]string, 0, told)
	for _, o := range shared[:min(len(shared), told)] {
		names = append(names, o.Name)
	}
	return saga.Refused(&app.Error{
		Kind: app.LastOwner, Op: "gitea: " + op, Err: fmt.Errorf("still in %d with other members: %s", len(shared), strings.Join(names, ", ")),
	})
}
