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

// LetsIn implements app.DirectoryDoor. Gitea answers 401 to a token that it does
// not know, and 403 to one of a user that it keeps out.
func (d *Directory) LetsIn(ctx context.Context, token app.Secret) (bool, error) {
	r := request{op: "try a token", method: http.MethodGet, path: path("user"), as: token}
	if token == "" {
		return false, r.failed(true, errors.New("there is no token"))
	}
	a, err := d.send(ctx, r)
	switch {
	case err != nil:
		return false, err
	case a.status == http.StatusOK:
		return true, nil
	case a.status == http.StatusUnauthorized && a.native,
		a.status == http.StatusForbidden && strings.HasPrefix(a.message, prohibited):
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
	var found []app.DirectoryToken
	err = d.eachToken(ctx, u.Login, func(t token) {
		if strings.HasPrefix(t.Name, prefix) && len(found) < maxTokens {
			found = append(found, app.DirectoryToken{Name: t.Name, CreatedAt: t.CreatedAt})
		}
	})
	if err != nil {
		return nil, saga.Refused(err)
	}
	return found, nil
}
