package gitea

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"accord/app"
	"accord/saga"
)

// token is what Gitea tells of an access token; the text only when it is made.
type token struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Text string `json:"sha1"`
	End  string `json:"token_last_eight"`
	// CreatedAt is in whole seconds.
	CreatedAt time.Time `json:"created_at"`
}

type newToken struct {
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
}

var (
	errNotOurs     = errors.New("the user does not bear the mark")
	errNumericName = errors.New("a number cannot name a token: Gitea takes it for an id")
)

// CreateToken implements app.Directory. The user is looked at while the token is
// made, which costs no time; of one that does not bear the account's mark, or is
// not there, the token is deleted again without ever leaving this call. Only the
// look follows a user from an old name to the present one; then the token is made
// under that. A user who turns the name over to another between the two is not
// noticed. A token is replaced by deleting the old one first.
func (d *Directory) CreateToken(ctx context.Context, ref app.DirectoryRef, name string) (app.Secret, error) {
	const op = "create token"
	if err := nameable(op, ref.Username, name); err != nil {
		return "", err
	}
	looked := d.look(ctx, op, ref)
	username := ref.Username
	a, err := d.postToken(ctx, op, username, name)
	ours := <-looked
	if err == nil && ours.elsewhere(username) {
		username = ours.user.Login
		a, err = d.postTokenElsewhere(ctx, ref.Username, username, name, a)
	}
	made := err == nil && a.status == http.StatusCreated
	switch {
	case err != nil:
		return "", err
	case made && ours.err != nil:
		return "", d.takeBack(ctx, username, name, ours.err)
	case made:
		return a.token(name)
	case certain(a.status) && ours.err != nil:
		return "", ours.err
	case a.status != http.StatusBadRequest:
		return "", a.fault()
	}
	return d.replaceToken(ctx, username, name, a)
}

// look is what marked returned.
type look struct {
	user user
	err  error
}

// look calls marked beside what the caller does.
func (d *Directory) look(ctx context.Context, op string, ref app.DirectoryRef) <-chan look {
	looked := make(chan look, 1)
	go func() {
		u, err := d.marked(ctx, op, ref)
		looked <- look{u, err}
	}()
	return looked
}

// elsewhere reports whether our user has another name by now.
func (l look) elsewhere(name string) bool {
	return l.err == nil && !strings.EqualFold(l.user.Login, name)
}

// postTokenElsewhere makes a token for the user of that present name. The former
// name may be another's by now, for whom first made one: that is deleted again.
func (d *Directory) postTokenElsewhere(ctx context.Context, former, present, name string, first answer) (answer, error) {
	switch {
	case first.status == http.StatusCreated:
		if _, err := d.deleteToken(ctx, former, name); err != nil {
			return answer{}, unknown(err)
		}
	case !certain(first.status):
		return answer{}, first.fault()
	}
	return d.postToken(ctx, first.request.op, present, name)
}

// replaceToken deletes the token that is in the way and makes it again. Where
// none was, the first answer stands.
func (d *Directory) replaceToken(ctx context.Context, username, name string, first answer) (app.Secret, error) {
	deleted, err := d.deleteToken(ctx, username, name)
	if err != nil {
		return "", err
	}
	if !deleted {
		return "", first.fault()
	}
	a, err := d.postToken(ctx, first.request.op, username, name)
	switch {
	case err != nil:
		return "", unknown(err)
	case a.status != http.StatusCreated:
		return "", unknown(a.fault())
	}
	return a.token(name)
}

// takeBack deletes a token that was made for a user who turned out not to be
// ours, and returns why; refused only if the deletion succeeded.
func (d *Directory) takeBack(ctx context.Context, username, name string, why error) error {
	deleted, err := d.deleteToken(ctx, username, name)
	switch {
	case err != nil:
		return unknown(err)
	case !deleted: // the user has another name by now
		return unknown(why)
	}
	return why
}

func (d *Directory) postToken(ctx context.Context, op, username, name string) (answer, error) {
	return d.send(ctx, request{
		op: op, method: http.MethodPost, path: path("users", username, "tokens"),
		body: newToken{Name: name, Scopes: d.scopes}, basic: true,
	})
}

// token reads the token that was made.
func (a answer) token(name string) (app.Secret, error) {
	var t token
	if err := a.decode(&t); err != nil {
		return "", err
	}
	if t.Text == "" || t.Name != name {
		return "", a.request.failed(false, errUnreadable)
	}
	return app.Secret(t.Text), nil
}

// DeleteToken implements app.Directory. It looks the user up concurrently. If the
// user has another name, or had no such token, it deletes the token from every user
// that bears the mark, because the holder of the old name may have a token of the
// same name.
func (d *Directory) DeleteToken(ctx context.Context, ref app.DirectoryRef, name string) error {
	const op = "delete token"
	if err := nameable(op, ref.Username, name); err != nil {
		return err
	}
	looked := d.look(ctx, op, ref)
	deleted, err := d.deleteToken(ctx, ref.Username, name)
	ours := <-looked
	switch {
	case err != nil:
		return err
	case ours.err != nil && !strange(ours.err):
		return unknown(ours.err) // one may be deleted
	case deleted && ours.err == nil && !ours.elsewhere(ref.Username):
		return nil
	}
	users, err := d.UsersMarked(ctx, ref.AccountID)
	if err != nil {
		return unknown(err)
	}
	for _, u := range users {
		if _, err := d.deleteToken(ctx, u.Username, name); err != nil {
			return unknown(err)
		}
	}
	return nil
}

// deleteToken reports whether there was one.
func (d *Directory) deleteToken(ctx context.Context, username, name string) (bool, error) {
	a, err := d.sendDeletion(ctx, username, name)
	switch {
	case err != nil:
		return false, err
	case a.status == http.StatusNoContent:
		return true, nil
	case a.absent():
		return false, nil
	case a.status == http.StatusUnprocessableEntity:
		return d.deleteTwins(ctx, username, name)
	}
	return false, a.fault()
}

// deleteTwins deletes every token of the name: Gitea lets two creations that
// meet both through, and then refuses to delete by the name they share.
func (d *Directory) deleteTwins(ctx context.Context, username, name string) (bool, error) {
	ids, err := d.tokenIDs(ctx, username, name)
	if err != nil {
		return false, err
	}
	for i, id := range ids {
		a, err := d.sendDeletion(ctx, username, strconv.FormatInt(id, 10))
		if err == nil && a.status != http.StatusNoContent && !a.absent() {
			err = a.fault()
		}
		if err != nil && i > 0 {
			return false, unknown(err)
		}
		if err != nil {
			return false, err
		}
	}
	return len(ids) > 0, nil
}

func (d *Directory) sendDeletion(ctx context.Context, username, nameOrID string) (answer, error) {
	return d.send(ctx, request{
		op: "delete token", method: http.MethodDelete, path: path("users", username, "tokens", nameOrID),
		basic: true, rename: true,
	})
}

// tokenIDs lists the user's tokens of that name.
func (d *Directory) tokenIDs(ctx context.Context, username, name string) ([]int64, error) {
	tokens, err := d.tokensOf(ctx, username)
	var ids []int64
	for _, t := range tokens {
		if t.Name == name {
			ids = append(ids, t.ID)
		}
	}
	return ids, err
}

// tokensOf lists the user's tokens, the newest first.
func (d *Directory) tokensOf(ctx context.Context, username string) ([]token, error) {
	r := request{op: "list tokens", method: http.MethodGet, path: path("users", username, "tokens"), basic: true, rename: true}
	tokens, _, err := gather(ctx, d, r, math.MaxInt, func(a answer) (tokens []token, err error) {
		if a.status != http.StatusOK {
			return nil, a.fault()
		}
		err = a.decode(&tokens)
		return tokens, err
	})
	return tokens, err
}

// nameable refuses what Gitea would read as something else than a name.
func nameable(op, username, name string) error {
	_, err := strconv.ParseInt(name, 0, 64)
	if errors.Is(err, strconv.ErrSyntax) && addressable(name) && addressable(username) {
		return nil
	}
	return saga.Refused(&app.Error{Kind: app.Internal, Op: "gitea: " + op, Err: errNumericName})
}
