package gitea

import (
	"context"
	"net/http"
	"strings"

	"accord/app"
	"accord/saga"
)

// SetEmail implements app.Directory. Beside the errors named there: Invalid,
// refused, where Gitea does not take the address. Second addresses that the
// user has are removed. Gitea leaves an address as it is that differs in the
// case of letters only.
func (d *Directory) SetEmail(ctx context.Context, ref app.DirectoryRef, email string) error {
	const op = "change address"
	u, err := d.marked(ctx, op, ref)
	if err != nil {
		return err
	}
	seconds, err := d.secondEmails(ctx, op, u)
	if err != nil {
		return err
	}
	// Gitea does not take an address that is somebody's second one, even if it is
	// the user's own, and has no way to make that the first.
	var own, others []string
	for _, held := range seconds {
		if strings.EqualFold(held, email) {
			own = append(own, held)
		} else {
			others = append(others, held)
		}
	}
	if err := d.deleteEmails(ctx, op, u, own); err != nil {
		return err
	}
	if err := d.replaceEmail(ctx, op, u, email); err != nil {
		if len(own) > 0 {
			return unknown(err)
		}
		return err
	}
	if err := d.deleteEmails(ctx, op, u, others); err != nil {
		return unknown(err)
	}
	return nil
}

// replaceEmail puts the address in place of the first one, which Gitea forgets.
func (d *Directory) replaceEmail(ctx context.Context, op string, u user, email string) error {
	a, err := d.change(ctx, op, u, change{Email: &email})
	switch {
	case err != nil:
		return err
	case a.status == http.StatusOK:
		return d.confirm(ctx, a, u, func(now user) bool { return strings.EqualFold(now.Email, email) })
	case a.status == http.StatusBadRequest || a.status == http.StatusInternalServerError:
		return d.emailRefused(ctx, u, email, a)
	}
	return a.invalid()
}

// emailRefused finds out why not. That another one holds the address is proof,
// after a 500 as well (which Gitea answers when two changes meet), that nothing
// was done.
func (d *Directory) emailRefused(ctx context.Context, u user, email string, a answer) error {
	holder, found, err := d.byEmail(ctx, email)
	switch {
	case err != nil && !certain(a.status):
		return unknown(err)
	case err != nil:
		return err
	case found && holder.ID != u.ID:
		return taken(a.request.op, app.EmailTaken, holder)
	case certain(a.status) && strings.HasPrefix(a.message, "e-mail already in use"):
		return taken(a.request.op, app.EmailTaken, holding{})
	}
	return a.invalid()
}

// secondEmails lists the user's addresses but the first.
func (d *Directory) secondEmails(ctx context.Context, op string, u user) ([]string, error) {
	a, err := d.send(ctx, request{op: op, method: http.MethodGet, path: path("user", "emails"), query: as(u), basic: true})
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, saga.Refused(a.fault())
	}
	var held []struct {
		Email   string `json:"email"`
		Primary bool   `json:"primary"`
	}
	if err := a.decode(&held); err != nil {
		return nil, err
	}
	var seconds []string
	for _, e := range held {
		if !e.Primary {
			seconds = append(seconds, e.Email)
		}
	}
	return seconds, nil
}

// deleteEmails removes second addresses of the user. Gitea removes one after
// the other, so only a single one that it did not find is a refusal.
func (d *Directory) deleteEmails(ctx context.Context, op string, u user, addresses []string) error {
	if len(addresses) == 0 {
		return nil
	}
	a, err := d.send(ctx, request{
		op: op, method: http.MethodDelete, path: path("user", "emails"), query: as(u), basic: true,
		body: struct {
			Emails []string `json:"emails"`
		}{addresses},
	})
	if err == nil && a.status != http.StatusNoContent {
		err = a.fault()
	}
	if err != nil && len(addresses) > 1 {
		return unknown(err)
	}
	return err
}
