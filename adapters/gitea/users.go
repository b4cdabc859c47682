package gitea

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"

	"accord/app"
	"accord/saga"
)

// user is what Gitea tells an administrator of one.
type user struct {
	ID        int64  `json:"id"`
	Login     string `json:"login"`
	LoginName string `json:"login_name"`
	Email     string `json:"email"`
	IsAdmin   bool   `json:"is_admin"`
	// SourceID is of the authentication source; zero for Gitea itself.
	SourceID int64 `json:"source_id"`
	// Activated users have been let in once, ProhibitLogin shuts them out again.
	Activated     bool   `json:"active"`
	ProhibitLogin bool   `json:"prohibit_login"`
	Restricted    bool   `json:"restricted"`
	FullName      string `json:"full_name"`
	Description   string `json:"description"`
	Website       string `json:"website"`
	Location      string `json:"location"`
}

// letIn reports whether Gitea lets the user in at all.
func (u user) letIn() bool { return u.Activated && !u.ProhibitLogin }

// mark is the accountId that the user bears; empty for a foreign one.
func (u user) mark() string {
	id, ours := strings.CutPrefix(u.LoginName, markPrefix)
	if !ours {
		return ""
	}
	return strings.TrimSuffix(id, adoptedEnding)
}

// bears reports whether the user bears the mark of that account.
func (u user) bears(accountID string) bool { return accountID != "" && u.mark() == accountID }

// adopted reports whether the mark says that the user was there before us: then
// nothing here removes it.
func (u user) adopted() bool {
	return u.mark() != "" && strings.HasSuffix(u.LoginName, adoptedEnding)
}

// newUser is the body that creates one. Visibility and restriction are left to
// the server's own defaults.
type newUser struct {
	Username           string `json:"username"`
	Email              string `json:"email"`
	FullName           string `json:"full_name"`
	Password           string `json:"password"`
	LoginName          string `json:"login_name"`
	MustChangePassword bool   `json:"must_change_password"`
	SendNotify         bool   `json:"send_notify"`
}

// CreateUser implements app.Directory. Beside the errors named there: Invalid,
// refused, where Gitea does not take the name, the address, the nickname or the
// password.
func (d *Directory) CreateUser(ctx context.Context, u app.DirectoryUser) (int64, error) {
	r := request{
		op: "create user", method: http.MethodPost, path: path("admin", "users"),
		body: newUser{
			Username: u.Username, Email: u.Email, FullName: u.FullName, Password: u.Password.Reveal(),
			LoginName: markPrefix + u.AccountID,
		},
	}
	if u.AccountID == "" {
		return 0, saga.Refused(&app.Error{Kind: app.Internal, Op: "gitea: " + r.op + " without an accountId"})
	}
	a, err := d.send(ctx, r)
	if err != nil {
		return 0, err
	}
	switch a.status {
	case http.StatusCreated:
		return a.created(u)
	case http.StatusUnprocessableEntity, http.StatusInternalServerError:
		return d.notCreated(ctx, u, a)
	case http.StatusBadRequest:
		return 0, a.invalid()
	}
	return 0, a.fault()
}

// created reads the number of a user that was made, and that the mark is on it.
func (a answer) created(wanted app.DirectoryUser) (int64, error) {
	var u user
	if err := a.decode(&u); err != nil {
		return 0, err
	}
	if u.ID <= 0 || !strings.EqualFold(u.Login, wanted.Username) || u.mark() != wanted.AccountID {
		return 0, a.request.failed(false, errUnreadable)
	}
	return u.ID, nil
}

// notCreated finds out why not. Who holds the name or the address is asked, not
// read from the message. That somebody does is proof, after a 500 as well
// (which Gitea answers when two creations meet), that ours was not made.
func (d *Directory) notCreated(ctx context.Context, u app.DirectoryUser, a answer) (int64, error) {
	named, found, err := d.byName(ctx, u.Username, false)
	holder, kind := holding{user: named}, app.UserTaken
	if err == nil && !found {
		holder, found, err = d.byEmail(ctx, u.Email)
		kind = app.EmailTaken
	}
	switch {
	case err != nil && !certain(a.status):
		return 0, unknown(err)
	case err != nil:
		return 0, err
	case found && holder.mark() == u.AccountID:
		return holder.ID, nil
	case found:
		return 0, taken(a.request.op, kind, holder)
	case !certain(a.status):
		return 0, a.fault()
	case strings.HasPrefix(a.message, "user already exists"):
		return 0, taken(a.request.op, app.UserTaken, holding{user: user{Login: u.Username}})
	case strings.HasPrefix(a.message, "e-mail already in use"):
		return 0, taken(a.request.op, app.EmailTaken, holding{})
	}
	return 0, a.invalid()
}

// holding is a user, and which of its addresses was looked for, if it was one.
type holding struct {
	user
	address heldEmail
}

// taken has the mark of a holder that we made: one that was there before is
// nothing that an undone registration may have left.
func taken(op string, kind app.Kind, holder holding) error {
	t := &app.Taken{Username: holder.Login, Mark: holder.mark()}
	if t.Mark != "" && holder.address.Email != "" && !holder.address.Primary {
		t.Second, t.SecondOf = holder.address.Email, t.Mark
	}
	if holder.adopted() {
		t.Mark = ""
	}
	return saga.Refused(&app.Error{Kind: kind, Op: "gitea: " + op, Err: t})
}

// refusals are the beginnings of what Gitea says of input it does not take.
var refusals = []struct {
	beginning string
	violation app.Violation
}{
	{"[Username]", app.Violation{Field: "username", Rule: app.Pattern}},
	{"name is ", app.Violation{Field: "username", Rule: app.Pattern}},
	{"name pattern ", app.Violation{Field: "username", Rule: app.Pattern}},
	{"[Email]", app.Violation{Field: "email", Rule: app.EmailSyntax}},
	{"e-mail ", app.Violation{Field: "email", Rule: app.EmailSyntax}},
	{"[FullName]", app.Violation{Field: "nickname", Rule: app.Length}},
	{"[Password]", app.Violation{Field: "password", Rule: app.Pattern}},
	{"Password", app.Violation{Field: "password", Rule: app.Pattern}},
	{"password ", app.Violation{Field: "password", Rule: app.Pattern}},
	{"[Description]", app.Violation{Field: "description", Rule: app.Length}},
	{"[Location]", app.Violation{Field: "location", Rule: app.Length}},
	{"[Website]: MaxSize", app.Violation{Field: "website", Rule: app.Length}},
	{"[Website]", app.Violation{Field: "website", Rule: app.Pattern}},
	{"the domain of user email ", app.Violation{Field: "email", Rule: app.EmailSyntax}},
}

// invalid is the error of input that Gitea refused, or the answer's fault where
// it is not known what was wrong, or that nothing was done.
func (a answer) invalid() error {
	for _, r := range refusals {
		if certain(a.status) && strings.HasPrefix(a.message, r.beginning) {
			return saga.Refused(&app.Error{
				Kind: app.Invalid, Op: "gitea: " + a.request.op, Violations: []app.Violation{r.violation},
			})
		}
	}
	return a.fault()
}

// RemoveUser implements app.Directory. Gitea deletes by name: were the user
// replaced by another of its name between the look and the deletion, that one
// would be deleted, a matter of milliseconds. A user that owns something is not
// removed; the refusal says so.
func (d *Directory) RemoveUser(ctx context.Context, username, accountID string) error {
	holder, found, err := d.byName(ctx, username, false)
	if err != nil || !found || !holder.bears(accountID) {
		return err
	}
	const op = "remove user"
	if holder.adopted() {
		return notRemoved(op)
	}
	a, err := d.send(ctx, request{op: op, method: http.MethodDelete, path: path("admin", "users", holder.Login)})
	if err != nil || a.status == http.StatusNoContent || a.absent() {
		return err
	}
	return a.fault()
}

// byName finds the user or organization of that name. One that had the name
// once is found only with renamed.
func (d *Directory) byName(ctx context.Context, name string, renamed bool) (user, bool, error) {
	if !addressable(name) {
		return user{}, false, nil
	}
	a, err := d.send(ctx, request{
		op: "look up user", method: http.MethodGet, path: path("users", name), rename: renamed,
	})
	switch {
	case err != nil:
		return user{}, false, err
	case a.absent(), a.status == http.StatusTemporaryRedirect && !renamed:
		return user{}, false, nil
	case a.status != http.StatusOK:
		return user{}, false, a.fault()
	}
	var u user
	if err := a.decode(&u); err != nil {
		return user{}, false, err
	}
	if u.ID <= 0 || !addressable(u.Login) || (!renamed && !strings.EqualFold(u.Login, name)) {
		return user{}, false, a.request.failed(true, errUnreadable)
	}
	return u, true, nil
}

// addressable names can stand in a path; Gitea has no others.
func addressable(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\\x00")
}

// errFound ends a listing in which an entry was looked for.
var errFound = errors.New("found")

// byEmail finds the user that holds the address, as a second one too. Gitea finds
// all addresses that contain the text, and all addresses of users whose full name
// does: a user may have any number of them, so all are read.
func (d *Directory) byEmail(ctx context.Context, address string) (holding, bool, error) {
	r := request{
		op: "look up address", method: http.MethodGet, path: path("admin", "emails", "search"), query: url.Values{"q": {address}},
	}
	var match heldEmail
	_, _, err := gather(ctx, d, r, math.MaxInt, func(a answer) (held []heldEmail, err error) {
		if a.status != http.StatusOK {
			return nil, a.fault()
		}
		if err := a.decode(&held); err != nil {
			return nil, err
		}
		for _, e := range held {
			if strings.EqualFold(e.Email, address) {
				match = e
				return nil, errFound
			}
		}
		return held, nil
	})
	switch {
	case errors.Is(err, errFound):
		u, found, err := d.byName(ctx, match.Username, false)
		return holding{u, match}, found, err
	}
	return holding{}, false, err
}

// heldEmail is an address, first or second, and whose it is.
type heldEmail struct {
	Email    string `json:"email"`
	Primary  bool   `json:"primary"`
	UserID   int64  `json:"user_id"`
	Username string `json:"username"`
}
