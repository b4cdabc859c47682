package gitea

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

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

var errTooMany = errors.New("the user has more organizations than are looked into")

// named is a repository or an organization.
type named struct {
	Name string `json:"name"`
}

// names lists a user's repositories or organizations, and reports whether that
// is all of them or only the first so many.
func (d *Directory) names(ctx context.Context, op, path string, most int) ([]string, bool, error) {
	things, whole, err := list[named](ctx, d, op, path, most)
	if err != nil {
		return nil, false, err
	}
	all := make([]string, len(things))
	for i, t := range things {
		if !addressable(t.Name) || len(t.Name) > maxName {
			return nil, false, unreadable(op)
		}
		all[i] = t.Name
	}
	return all, whole, nil
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
	repositories, _, err := d.names(ctx, "list repositories", path("users", u.Login, "repos"), maxListed)
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
	last, err := d.lastOwnerOf(ctx, u, organizations)
	if err != nil {
		return app.Belongings{}, err
	}
	return app.Belongings{
		Repositories: repositories, Packages: packages,
		Organizations: organizations[:min(len(organizations), maxListed)],
		LastOwnerOf:   last[:min(len(last), maxListed)],
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
func (d *Directory) organizations(ctx context.Context, u user) ([]string, error) {
	const op = "list organizations"
	all, whole, err := d.names(ctx, op, path("users", u.Login, "orgs"), maxOrganizations)
	if err == nil && !whole {
		err = request{op: op, method: http.MethodGet}.failed(true, errTooMany)
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// lastOwnerOf picks the organizations that have other members and no other
// owner.
func (d *Directory) lastOwnerOf(ctx context.Context, u user, organizations []string) ([]string, error) {
	var found []string
	for _, name := range organizations {
		last, err := d.isLastOwner(ctx, u, name)
		if err != nil {
			return nil, err
		}
		if last {
			found = append(found, name)
		}
	}
	return found, nil
}

func (d *Directory) isLastOwner(ctx context.Context, u user, organization string) (bool, error) {
	_, members, err := first[user](ctx, d, "count members", path("orgs", organization, "members"))
	if err != nil || members < 2 {
		return false, err
	}
	type team struct {
		ID         int64  `json:"id"`
		Permission string `json:"permission"`
	}
	const op = "find the owners"
	owners, _, err := first[team](ctx, d, op, path("orgs", organization, "teams")) // the owners are always the first
	if err == nil && owners.Permission != "owner" {
		err = unreadable(op)
	}
	if err != nil {
		return false, err
	}
	owner, count, err := first[user](ctx, d, op, path("teams", strconv.FormatInt(owners.ID, 10), "members"))
	return count == 1 && owner.ID == u.ID, err
}

// list reads a list page by page, and reports whether that is all of it or only
// the first so many.
func list[T any](ctx context.Context, d *Directory, op, path string, most int) (all []T, whole bool, err error) {
	const perPage = 50
	for page := 1; len(all) < most; page++ {
		got, total, err := d.page(ctx, op, path, page, perPage)
		if err != nil {
			return nil, false, err
		}
		var things []T
		if err := got.decode(&things); err != nil {
			return nil, false, err
		}
		all = append(all, things...)
		if len(things) == 0 || len(all) >= total {
			return all[:min(len(all), most)], len(all) <= most, nil
		}
	}
	return all[:most], false, nil
}

// first reads the first of a list, the zero one if there is none, and how long
// the list is.
func first[T any](ctx context.Context, d *Directory, op, path string) (thing T, total int, err error) {
	got, total, err := d.page(ctx, op, path, 1, 1)
	if err != nil {
		return thing, 0, err
	}
	var things []T
	if err := got.decode(&things); err != nil {
		return thing, 0, err
	}
	if len(things) > 0 {
		thing = things[0]
	}
	return thing, total, nil
}

// page reads a page of a list and how long the whole list is. The password is
// used since the administrator's token need not have the scopes.
func (d *Directory) page(ctx context.Context, op, path string, page, limit int) (answer, int, error) {
	a, err := d.send(ctx, request{
		op: op, method: http.MethodGet, path: path, basic: true,
		query: url.Values{"page": {strconv.Itoa(page)}, "limit": {strconv.Itoa(limit)}},
	})
	if err != nil {
		return answer{}, 0, err
	}
	if a.status != http.StatusOK {
		return answer{}, 0, a.fault()
	}
	total, err := strconv.Atoi(a.header.Get("X-Total-Count"))
	if err != nil {
		return answer{}, 0, a.request.failed(true, errUnreadable)
	}
	return a, total, nil
}
