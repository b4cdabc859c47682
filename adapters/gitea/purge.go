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
// from there. Who becomes a member of an organization between the look and the
// deletion loses it, a matter of milliseconds.
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
	organizations, err := d.organizations(ctx, u)
	if err != nil {
		return err
	}
	last, err := d.lastOwnerOf(ctx, u, organizations)
	if err != nil {
		return err
	}
	if n := len(last); n > 0 {
		const told = 5
		return saga.Refused(&app.Error{
			Kind: app.LastOwner, Op: "gitea: " + op, Err: fmt.Errorf("last owner of %d: %s", n, strings.Join(last[:min(n, told)], ", ")),
		})
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
