package gitea

import (
	"context"
	"iter"
	"maps"
	"math"
	"net/http"
	"net/url"

	"accord/app"
	"accord/app/reconcile"
)

var _ reconcile.Directory = (*Directory)(nil)

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
		r := usersRequest(filter)
		var t tally
		for page := 1; ; page++ {
			if err := pace(ctx); err != nil {
				yield(user{}, err)
				return
			}
			a, users, err := d.usersPage(ctx, r, page)
			if err != nil {
				yield(user{}, err)
				return
			}
			for _, u := range users {
				if !yield(u, nil) {
					return
				}
			}
			last, err := t.add(a, len(users))
			if total, _ := a.total(); err != nil || t.read > total {
				yield(user{}, t.incomplete(a))
				return
			}
			if last {
				return
			}
		}
	}
}

func usersRequest(filter url.Values) request {
	query := url.Values{"sort": {"id"}, "order": {"asc"}}
	maps.Copy(query, filter)
	return request{op: "list users", method: http.MethodGet, path: path("admin", "users"), query: query}
}

// usersPage asks for one page of users.
func (d *Directory) usersPage(ctx context.Context, r request, page int) (answer, []user, error) {
	a, err := d.send(ctx, r.onPage(page))
	if err != nil {
		return answer{}, nil, err
	}
	users, err := decodeUsers(a)
	return a, users, err
}

func decodeUsers(a answer) ([]user, error) {
	if a.status != http.StatusOK {
		return nil, denied(a, a.fault())
	}
	if err := a.needTotal(); err != nil {
		return nil, err
	}
	var users []user
	err := a.decode(&users)
	return users, err
}

// SessionTokens implements reconcile.Directory. Gitea lists tokens by Basic
// authentication only, but takes the administrator's token as the password, which
// saves it the password check.
func (d *Directory) SessionTokens(ctx context.Context, username string) ([]string, error) {
	r := request{op: "list tokens", method: http.MethodGet, path: path("users", username, "tokens"), cheap: true}
	tokens, _, err := gather(ctx, d, r, math.MaxInt, func(a answer) (tokens []token, err error) {
		switch {
		case a.absent(), a.status == http.StatusTemporaryRedirect: // gone, or renamed, since it was listed
			return nil, nil
		case a.status != http.StatusOK:
			return nil, denied(a, a.fault())
		}
		err = a.decode(&tokens)
		return tokens, err
	})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range tokens {
		if _, ours := app.SessionOfToken(t.Name); ours {
			names = append(names, t.Name)
		}
	}
	return names, nil
}
