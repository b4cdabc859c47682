package gitea

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"accord/app"
	"accord/saga"
)

var (
	_ app.DirectoryRepairs = (*Directory)(nil)

	errMarked  = errors.New("the user bears another mark")
	errAnother = errors.New("the number is another user's")
)

func (u user) view() app.DirectoryView {
	return app.DirectoryView{
		ID: u.ID, Username: u.Login, Email: u.Email, Mark: u.mark(), Adopted: u.adopted(), Profile: u.profile(), Active: u.letIn(),
		Admin: u.IsAdmin, Restricted: u.Restricted, External: u.SourceID != 0,
	}
}

// UserNumbered implements app.DirectoryRepairs.
func (d *Directory) UserNumbered(ctx context.Context, id int64) (app.DirectoryView, bool, error) {
	u, found, err := d.byNumber(ctx, id)
	if err != nil || !found {
		return app.DirectoryView{}, false, err
	}
	return u.view(), true, nil
}

func (d *Directory) byNumber(ctx context.Context, id int64) (user, bool, error) {
	if id <= 0 { // to Gitea: any user, or one of its own
		return user{}, false, nil
	}
	a, err := d.send(ctx, request{
		op: "look up user by number", method: http.MethodGet, path: path("users", "search"),
		query: url.Values{"uid": {strconv.FormatInt(id, 10)}},
	})
	switch {
	case err != nil:
		return user{}, false, err
	case a.status != http.StatusOK:
		return user{}, false, denied(a, a.fault())
	}
	var found struct {
		OK   bool   `json:"ok"`
		Data []user `json:"data"`
	}
	if err := a.decode(&found); err != nil {
		return user{}, false, err
	}
	switch {
	case !found.OK:
		return user{}, false, a.request.failed(true, errUnreadable)
	case len(found.Data) == 0:
		return user{}, false, nil
	case len(found.Data) > 1, found.Data[0].ID != id:
		return user{}, false, a.request.failed(true, errUnreadable)
	}
	return found.Data[0], true, nil
}

// UsersMarked implements app.DirectoryRepairs. Gitea finds a login_name only as
// a whole.
func (d *Directory) UsersMarked(ctx context.Context, accountID string) ([]app.DirectoryView, error) {
	if accountID == "" {
		return nil, nil
	}
	var views []app.DirectoryView
	for _, ending := range []string{"", adoptedEnding} {
		r := usersRequest(url.Values{"login_name": {markPrefix + accountID + ending}})
		users, _, err := gather(ctx, d, r, math.MaxInt, decodeUsers)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			if u.mark() == accountID {
				views = append(views, u.view())
			}
		}
	}
	slices.SortFunc(views, func(a, b app.DirectoryView) int { return cmp.Compare(a.ID, b.ID) })
	return views, nil
}

// RenameUser implements app.DirectoryRepairs. Beside the errors named there:
// Invalid, refused, where Gitea does not take the name.
func (d *Directory) RenameUser(ctx context.Context, ref app.DirectoryRef, username string) error {
	const op = "rename user"
	u, err := d.markedAnywhere(ctx, op, ref)
	if err != nil || u.Login == username {
		return err
	}
	holder, found, err := d.byName(ctx, username, false)
	switch {
	case err != nil:
		return err
	case found && holder.ID != u.ID:
		return taken(op, app.UserTaken, holding{user: holder})
	}
	a, err := d.send(ctx, request{
		op: op, method: http.MethodPost, path: path("admin", "users", u.Login, "rename"),
		body: struct {
			NewName string `json:"new_username"`
		}{username},
	})
	switch {
	case err != nil:
		return err
	case a.status == http.StatusUnprocessableEntity && strings.HasPrefix(a.message, "user already exists"):
		return taken(op, app.UserTaken, holding{user: user{Login: username}})
	case a.status == http.StatusUnprocessableEntity:
		return a.invalid()
	case a.status != http.StatusNoContent:
		return denied(a, a.fault())
	}
	return nil
}

// MarkUser implements app.DirectoryRepairs.
func (d *Directory) MarkUser(ctx context.Context, id int64, ref app.DirectoryRef) error {
	return d.setMark(ctx, "mark user", id, ref, markPrefix+ref.AccountID)
}

// UnmarkUser implements app.DirectoryRepairs. Gitea wants a login_name, so the
// user's own name takes the mark's place; to a user of Gitea's own it means
// nothing.
func (d *Directory) UnmarkUser(ctx context.Context, id int64, ref app.DirectoryRef) error {
	return d.setMark(ctx, "unmark user", id, ref, "")
}

// setMark puts a mark of the account on a user that bears none, or takes the
// account's off where to is empty.
func (d *Directory) setMark(ctx context.Context, op string, id int64, ref app.DirectoryRef, to string) error {
	u, found, err := d.byNumber(ctx, id)
	if err != nil || (!found && to == "") {
		return err
	}
	done, err := u.marking(found, ref, to)
	switch {
	case err != nil:
		return saga.Refused(&app.Error{Kind: app.DirectoryFailed, Op: "gitea: " + op, Err: err})
	case done:
		return nil
	}
	marked := u
	marked.LoginName = cmp.Or(to, u.Login)
	a, err := d.change(ctx, op, marked, change{})
	switch {
	case err != nil:
		return err
	case a.status != http.StatusOK:
		return denied(a, a.invalid())
	}
	return d.confirm(ctx, a, marked, func(user) bool { return true })
}

// marking tells whether the user has the mark already that it is to have, and
// why it may not be given that.
func (u user) marking(found bool, ref app.DirectoryRef, to string) (done bool, err error) {
	bears := u.bears(ref.AccountID)
	switch {
	case !found:
		return false, errAbsent
	case ref.AccountID == "" || !strings.EqualFold(u.Login, ref.Username):
		return false, errAnother
	case u.mark() != "" && !bears:
		return false, errMarked
	}
	return bears == (to != ""), nil
}

// denied adds app.ErrDenied to the error of an answer that turned the
// administrator away.
func denied(a answer, err error) error {
	if a.status != http.StatusUnauthorized && a.status != http.StatusForbidden {
		return err
	}
	return a.request.failed(true, errors.Join(app.ErrDenied, errors.Unwrap(unknown(err))))
}
