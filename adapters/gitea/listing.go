package gitea

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"accord/app"
	"accord/app/reconcile"
)

var _ reconcile.Directory = (*Directory)(nil)

// usersPerPage is the most that Gitea gives by default; a server that gives less
// is asked for more pages.
const usersPerPage = 50

var errNoTotal = errors.New("the answer does not tell how many users there are")

// EachUser implements reconcile.Directory. Pages come by number, so that users made
// meanwhile come last.
func (d *Directory) EachUser(ctx context.Context, pace reconcile.Pace) iter.Seq2[app.DirectoryView, error] {
	return func(yield func(app.DirectoryView, error) bool) {
		for u, err := range d.eachUser(ctx, pace, nil) {
			if err != nil {
				yield(app.DirectoryView{}, err)
				return
			}
			if !yield(u.view(), nil) {
				return
			}
		}
	}
}

// eachUser lists those that pass Gitea's own filter, all where it is nil.
func (d *Directory) eachUser(ctx context.Context, pace reconcile.Pace, filter url.Values) iter.Seq2[user, error] {
	return func(yield func(user, error) bool) {
		query := url.Values{"sort": {"id"}, "order": {"asc"}, "limit": {strconv.Itoa(usersPerPage)}}
		maps.Copy(query, filter)
		read, first := 0, -1
		for page := 1; ; page++ {
			if err := pace(ctx); err != nil {
				yield(user{}, err)
				return
			}
			query.Set("page", strconv.Itoa(page))
			users, total, err := d.listUsers(ctx, query)
			if err != nil {
				yield(user{}, err)
				return
			}
			if first < 0 {
				first = total
			}
			for _, u := range users {
				if !yield(u, nil) {
					return
				}
			}
			read += len(users)
			if total < first || read > total || (len(users) == 0 && read < total) {
				yield(user{}, reconcile.Incomplete("gitea: list users: %d were read, of %d at first and %d at last", read, first, total))
				return
			}
			if read == total {
				return
			}
		}
	}
}

// listUsers asks for one page of users, and how many there are.
func (d *Directory) listUsers(ctx context.Context, query url.Values) ([]user, int, error) {
	a, err := d.send(ctx, request{op: "list users", method: http.MethodGet, path: path("admin", "users"), query: query})
	switch {
	case err != nil:
		return nil, 0, err
	case a.status != http.StatusOK:
		return nil, 0, denied(a, a.fault())
	}
	total, err := strconv.Atoi(a.header.Get("X-Total-Count"))
	if err != nil {
		return nil, 0, a.request.failed(true, errNoTotal)
	}
	var users []user
	return users, total, a.decode(&users)
}

// SessionTokens implements reconcile.Directory.
func (d *Directory) SessionTokens(ctx context.Context, username string) ([]string, error) {
	const pages = 200
	var names []string
	for page := 1; page <= pages; page++ {
		a, err := d.tokensPage(ctx, username, page)
		switch {
		case err != nil:
			return nil, err
		case a.absent(), a.status == http.StatusTemporaryRedirect: // gone, or renamed, since it was listed
			return nil, nil
		case a.status != http.StatusOK:
			return nil, denied(a, a.fault())
		}
		var tokens []token
		if err := a.decode(&tokens); err != nil {
			return nil, err
		}
		for _, t := range tokens {
			if strings.HasPrefix(t.Name, app.GiteaTokenPrefix) {
				names = append(names, t.Name)
			}
		}
		if len(tokens) == 0 || len(tokens) < usersPerPage && a.header.Get("Link") == "" {
			break
		}
	}
	return names, nil
}

// tokensPage asks for one page of a user's tokens. Gitea shows them by Basic auth
// alone, but takes the administrator's token in the password's place, which
// costs it no check of a password. Where it does not, it gets the password.
func (d *Directory) tokensPage(ctx context.Context, username string, page int) (answer, error) {
	r := request{
		op: "list tokens", method: http.MethodGet, path: path("users", username, "tokens"),
		query: url.Values{"page": {strconv.Itoa(page)}, "limit": {strconv.Itoa(usersPerPage)}}, basic: true,
	}
	if d.token == "" {
		return d.send(ctx, r)
	}
	quick := r
	quick.tokenAsPassword = true
	a, err := d.send(ctx, quick)
	if err == nil && (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden) {
		return d.send(ctx, r)
	}
	return a, err
}
