package gitea

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"accord/app"
	"accord/saga"
)

var _ app.DirectoryDoor = (*Directory)(nil)

// maxTokens bounds what Tokens lists.
const maxTokens = 1000

// prohibited begins what Gitea says to a user that it keeps out, as one of
// reasons.
const prohibited = "This account is prohibited from signing in"

// demand begins what Gitea says to a user who has to change the password first.
const demand = "You must change your password"

// outOfScope begins what Gitea says to a token that may not ask this. Gitea looks
// at the user first.
const outOfScope = "token does not have at least one of required scope(s)"

var errNoToken = errors.New("there is no token")

// LetsIn implements app.DirectoryDoor. Gitea answers 401 to a token that it does
// not know, and 403 to one of a user that it keeps out. Of a user who has to change
// the password first it is an error.
func (d *Directory) LetsIn(ctx context.Context, token app.Secret) (bool, error) {
	r := request{op: "try a token", method: http.MethodGet, path: path("user"), as: token}
	if token == "" {
		return false, r.failed(true, errNoToken)
	}
	a, err := d.send(ctx, r)
	forbidden := a.status == http.StatusForbidden
	switch {
	case err != nil:
		return false, err
	case a.status == http.StatusOK, forbidden && strings.HasPrefix(a.message, outOfScope):
		return true, nil
	case a.status == http.StatusUnauthorized && a.native, forbidden && strings.HasPrefix(a.message, prohibited):
		return false, nil
	}
	return false, a.fault()
}

// Tokens implements app.DirectoryDoor.
func (d *Directory) Tokens(ctx context.Context, ref app.DirectoryRef, prefix string) ([]app.DirectoryToken, error) {
	u, err := d.marked(ctx, "list tokens", ref)
	if strange(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	tokens, err := d.tokensOf(ctx, u.Login)
	if err != nil {
		return nil, saga.Refused(err)
	}
	var found []app.DirectoryToken
	for _, t := range tokens {
		if strings.HasPrefix(t.Name, prefix) && len(found) < maxTokens {
			found = append(found, app.DirectoryToken{Name: t.Name, End: t.End, CreatedAt: t.CreatedAt})
		}
	}
	return found, nil
}
