package gitea

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"accord/app"
	"accord/saga"
)

var (
	errAbsent  = errors.New("there is no user of that name")
	errNotKept = errors.New("what Gitea was told is not what it shows")
)

// change is the body that changes one concern of a user; what is nil stays.
// Gitea demands login_name and stores what it is sent.
type change struct {
	LoginName          string  `json:"login_name"`
	Email              *string `json:"email,omitempty"`
	Password           *string `json:"password,omitempty"`
	ProhibitLogin      *bool   `json:"prohibit_login,omitempty"`
	MustChangePassword *bool   `json:"must_change_password,omitempty"`
	Activated          *bool   `json:"active,omitempty"`
	FullName           *string `json:"full_name,omitempty"`
	Description        *string `json:"description,omitempty"`
	Website            *string `json:"website,omitempty"`
	Location           *string `json:"location,omitempty"`
	Restricted         *bool   `json:"restricted,omitempty"`
}

// marked finds the user that ref names, under another name too if it was
// renamed in Gitea since. Gitea leads from the former name to the present one
// until another user or organization takes it; then the number leads. A user that
// is absent or another's is refused; the cause of the first is errAbsent.
func (d *Directory) marked(ctx context.Context, op string, ref app.DirectoryRef) (user, error) {
	u, found, err := d.byName(ctx, ref.Username, true)
	if err != nil {
		return user{}, err
	}
	if found && u.bears(ref.AccountID) {
		return u, nil
	}
	numbered, foundNumbered, err := d.byNumber(ctx, ref.GiteaID)
	switch {
	case err != nil:
		return user{}, err
	case foundNumbered && numbered.bears(ref.AccountID):
		return numbered, nil
	case found:
		err = errNotOurs
	default:
		err = errAbsent
	}
	return user{}, saga.Refused(&app.Error{Kind: app.DirectoryFailed, Op: "gitea: " + op, Err: err})
}

// markedAnywhere is marked, but a user whose name somebody else has by now, or
// nobody, is found by the mark, if it is the only one that bears it.
func (d *Directory) markedAnywhere(ctx context.Context, op string, ref app.DirectoryRef) (user, error) {
	u, err := d.marked(ctx, op, ref)
	if !strange(err) {
		return u, err
	}
	views, lookErr := d.UsersMarked(ctx, ref.AccountID)
	if lookErr != nil || len(views) != 1 {
		return user{}, cmp.Or(lookErr, err)
	}
	return d.marked(ctx, op, views[0].Ref())
}

// strange reports whether err is a refusal of marked: there is no such user, or
// it is another's.
func strange(err error) bool {
	return errors.Is(err, errAbsent) || errors.Is(err, errNotOurs)
}

// change sends one concern of u, the mark with it: Gitea writes credentials,
// address and profile one after the other, and a refusal of a later one leaves
// the earlier ones written. It writes back what it read before, so of two
// changes of one user that meet, one can be lost; whoever calls lets one at a
// time change an account.
//
// Told nothing of the profile, Gitea validates and writes the whole user, the
// address in small letters. So it is told one thing of it that stays.
func (d *Directory) change(ctx context.Context, op string, u user, c change) (answer, error) {
	c.LoginName = u.LoginName
	if c.FullName == nil {
		c.Restricted = &u.Restricted
	}
	return d.send(ctx, request{op: op, method: http.MethodPatch, path: path("admin", "users", u.Login), body: c})
}

// confirm reads back that the change was made to u, which still bears the mark.
func (d *Directory) confirm(ctx context.Context, a answer, u user, holds func(user) bool) error {
	var said user
	if err := a.decode(&said); err != nil {
		return err
	}
	now, found, err := d.byName(ctx, u.Login, false)
	switch {
	case err != nil:
		return unknown(err)
	case !found, said.ID != u.ID, now.ID != u.ID, now.LoginName != u.LoginName, !holds(now):
		return a.request.failed(false, errNotKept)
	}
	return nil
}
