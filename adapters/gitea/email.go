package gitea

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"accord/app"
	"accord/saga"
)

// maxSeconds bounds how many second addresses of a user are kept at a time: it can
// have any number.
const maxSeconds = 1000

// maxAddress is more than an address can have that receives mail (RFC 5321,
// 4.5.3.1.3), in bytes.
const maxAddress = 1 << 10

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
	// Gitea does not take an address that is somebody's second one, even if it is
	// the user's own, and has no way to make that the first.
	var own, others []string
	err = d.eachSecondEmail(ctx, op, u, func(held string) bool {
		switch {
		case strings.EqualFold(held, email):
			own = append(own, held)
		case len(others) < maxSeconds:
			others = append(others, held)
		}
		return true
	})
	if err != nil {
		return err
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
	for len(others) > 0 {
		if err := d.deleteEmails(ctx, op, u, others); err != nil {
			return unknown(err)
		}
		if len(others) < maxSeconds {
			break
		}
		if others, err = d.secondEmails(ctx, op, u); err != nil {
			return unknown(err)
		}
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

// secondEmails lists the user's addresses but the first, at most maxSeconds.
func (d *Directory) secondEmails(ctx context.Context, op string, u user) (seconds []string, err error) {
	err = d.eachSecondEmail(ctx, op, u, func(held string) bool {
		seconds = append(seconds, held)
		return len(seconds) < maxSeconds
	})
	return seconds, err
}

// eachSecondEmail calls next with the user's addresses but the first, until it
// returns false. It leaves out those that are too long to receive mail. Gitea
// lists all in one answer, in the order in which they were added.
func (d *Directory) eachSecondEmail(ctx context.Context, op string, u user, next func(string) bool) error {
	r := request{op: op, method: http.MethodGet, path: path("user", "emails"), query: as(u), basic: true}
	r.stream = func(from *json.Decoder) error {
		if t, err := from.Token(); err != nil || t != json.Delim('[') {
			return cmp.Or(err, errUnreadable)
		}
		for from.More() {
			var held heldEmail
			if err := from.Decode(&held); err != nil {
				return err
			}
			if !held.Primary && len(held.Email) <= maxAddress && !next(held.Email) {
				return nil
			}
		}
		_, err := from.Token()
		return err
	}
	a, err := d.send(ctx, r)
	if err == nil && a.status != http.StatusOK {
		err = saga.Refused(a.fault())
	}
	return err
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
