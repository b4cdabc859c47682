package gitea

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"accord/app"
)

const (
	// maxListed bounds each list of app.Belongings.
	maxListed = 100
	// maxOrganizations bounds those that are looked into, and maxVersions those
	// of packages.
	maxOrganizations, maxVersions = 1000, 500
	// maxName is more than Gitea takes for a name of any of them, in bytes.
	maxName = 255
)

var errTooMany = errors.New("there are more than are looked into")

// named is a repository or an organization.
type named struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// named lists a user's repositories or organizations, and reports whether that
// is all of them or only the first so many.
func (d *Directory) named(ctx context.Context, op, path string, most int) ([]named, bool, error) {
	things, whole, err := list[named](ctx, d, op, path, most)
	if err != nil {
		return nil, false, err
	}
	for _, t := range things {
		if t.ID <= 0 || !addressable(t.Name) || len(t.Name) > maxName {
			return nil, false, unreadable(op)
		}
	}
	return things, whole, nil
}

// namesOf are the first so many names.
func namesOf(things []named, most int) []string {
	all := make([]string, 0, len(things))
	for _, t := range things[:min(len(things), most)] {
		all = append(all, t.Name)
	}
	return all
}

// unreadable is the error of a request that only reads.
func unreadable(op string) error {
	return request{op: op, method: http.MethodGet}.failed(true, errUnreadable)
}

// Belongings implements app.Directory. Repositories are named without their
// owner, packages as TYPE/NAME. A user of more than 1000 organizations is
// refused, since not all of them can be looked into.
func (d *Directory) Belongings(ctx context.Context, ref app.DirectoryRef) (app.Belongings, error) {
	u, err := d.marked(ctx, "take inventory", ref)
	if err != nil {
		return app.Belongings{}, err
	}
	repositories, _, err := d.named(ctx, "list repositories", path("users", u.Login, "repos"), maxListed)
	if err != nil {
		return app.Belongings{}, err
	}
	packages, err := d.packages(ctx, u)
	if err != nil {
		return app.Belongings{}, err
	}
	organizations, err := d.organizations(ctx, u)
	if err != nil {
		return app.Belongings{}, err
	}
	return app.Belongings{
		Repositories: namesOf(repositories, maxListed), Packages: packages, Organizations: namesOf(organizations, maxListed),
	}, nil
}

// packages lists the user's, of which Gitea lists every version.
func (d *Directory) packages(ctx context.Context, u user) ([]string, error) {
	type version struct {
		Type string `json:"type"`
		Name string `json:"name"`
	}
	const op = "list packages"
	versions, _, err := list[version](ctx, d, op, path("packages", u.Login), maxVersions)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, v := range versions {
		if len(v.Type)+len(v.Name) > 2*maxName {
			return nil, unreadable(op)
		}
		if name := v.Type + "/" + v.Name; len(all) < maxListed && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all, nil
}

// organizations lists all that the user is a member of.
func (d *Directory) organizations(ctx context.Context, u user) ([]named, error) {
	const op = "list organizations"
	all, whole, err := d.named(ctx, op, path("users", u.Login, "orgs"), maxOrganizations)
	if err == nil && !whole {
		err = tooMany(op)
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// list reads a list, and reports whether that is all of it or only the first so
// many. The password is used since the administrator's token need not have the
// scopes, and one for what is public lists nothing else.
func list[T any](ctx context.Context, d *Directory, op, path string, most int) ([]T, bool, error) {
	return listBy[T](ctx, d, request{op: op, method: http.MethodGet, path: path, basic: true}, most)
}

func listBy[T any](ctx context.Context, d *Directory, r request, most int) ([]T, bool, error) {
	return gather(ctx, d, r, most, func(a answer) (things []T, err error) {
		if err := a.listed(); err != nil {
			return nil, err
		}
		err = a.decode(&things)
		return things, err
	})
}

// listed refuses an answer that is no page of a list, or does not give the total.
func (a answer) listed() error {
	if a.status != http.StatusOK {
		return a.fault()
	}
	return a.needTotal()
}

// count is the length of a list.
func (d *Directory) count(ctx context.Context, op, path string) (int, error) {
	a, err := d.send(ctx, request{
		op: op, method: http.MethodGet, path: path, cheap: true, query: url.Values{"page": {"1"}, "limit": {"1"}},
	})
	if err == nil {
		err = a.listed()
	}
	if err != nil {
		return 0, err
	}
	total, _ := a.total()
	return total, nil
}
