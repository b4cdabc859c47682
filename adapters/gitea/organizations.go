package gitea

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"accord/app"
	"accord/saga"
)

var _ app.DirectoryOrganizations = (*Directory)(nil)

// maxOwners bounds the owners of one organization that are looked at, and
// maxTeams its teams.
const maxOwners, maxTeams = 1000, 1000

var errNoOwners = errors.New("the organization has no team of owners")

// ownerPermission is that of the team whose members own an organization.
const ownerPermission = "owner"

// SharedOrganizations implements app.DirectoryOrganizations.
func (d *Directory) SharedOrganizations(ctx context.Context, ref app.DirectoryRef) ([]app.Organization, error) {
	u, err := d.marked(ctx, "list shared organizations", ref)
	if errors.Is(err, errAbsent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return d.shared(ctx, u)
}

func (d *Directory) shared(ctx context.Context, u user) ([]app.Organization, error) {
	all, err := d.organizations(ctx, u)
	if err != nil {
		return nil, err
	}
	seen, err := together(ctx, all, func(ctx context.Context, o named) (*app.Organization, error) {
		members, err := d.count(ctx, "count members", path("orgs", o.Name, "members"))
		if err != nil || members < 2 {
			return nil, err
		}
		owners, err := d.owners(ctx, o.Name)
		if err != nil {
			return nil, err
		}
		shared := seenBy(u, o, owners)
		return &shared, nil
	})
	if err != nil {
		return nil, err
	}
	var shared []app.Organization
	for _, o := range seen {
		if o != nil {
			shared = append(shared, *o)
		}
	}
	return shared, nil
}

// seenBy describes an organization to one of its members.
func seenBy(u user, o named, owners []user) app.Organization {
	seen := app.Organization{ID: o.ID, Name: o.Name}
	for _, owner := range owners {
		if owner.ID == u.ID {
			seen.Owned = true
			continue
		}
		seen.Owners = append(seen.Owners, app.OrganizationOwner{Username: owner.Login, AccountID: owner.mark(), LetIn: owner.letIn()})
	}
	if !seen.Owned {
		seen.Owners = nil
	}
	return seen
}

// owners lists the members of the team whose permission is the owners'. Gitea
// lists teams by name, so the team can be anywhere in the list.
func (d *Directory) owners(ctx context.Context, organization string) ([]user, error) {
	type team struct {
		ID         int64  `json:"id"`
		Permission string `json:"permission"`
	}
	const op = "find the owners"
	r := request{op: op, method: http.MethodGet, path: path("orgs", organization, "teams"), cheap: true}
	teams, whole, err := listBy[team](ctx, d, r, maxTeams)
	if err != nil {
		return nil, err
	}
	for _, t := range teams {
		if t.Permission != ownerPermission {
			continue
		}
		r.path = path("teams", strconv.FormatInt(t.ID, 10), "members")
		members, whole, err := listBy[user](ctx, d, r, maxOwners)
		if err == nil && !whole {
			err = tooMany(op)
		}
		return members, err
	}
	if !whole {
		return nil, tooMany(op)
	}
	return nil, request{op: op, method: http.MethodGet}.failed(true, errNoOwners)
}

func tooMany(op string) error {
	return request{op: op, method: http.MethodGet}.failed(true, errTooMany)
}

// LeaveOrganization implements app.DirectoryOrganizations. Gitea refuses to
// remove the last owner, with the status of a fault of its own; who is one is
// therefore looked up before. Of two who are let go at the same moment Gitea may
// lose both, so whoever calls lets one at a time leave.
func (d *Directory) LeaveOrganization(ctx context.Context, ref app.DirectoryRef, organization string) error {
	const op = "leave organization"
	u, err := d.marked(ctx, op, ref)
	if errors.Is(err, errAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.leave(ctx, op, u, organization)
}

func (d *Directory) leave(ctx context.Context, op string, u user, organization string) error {
	a, err := d.send(ctx, request{op: op, method: http.MethodGet, path: path("orgs", organization, "members", u.Login), cheap: true})
	switch {
	case err != nil:
		return err
	case a.absent():
		return nil
	case a.status != http.StatusNoContent:
		return a.fault()
	}
	owners, err := d.owners(ctx, organization)
	if err != nil {
		return err
	}
	if len(owners) == 1 && owners[0].ID == u.ID {
		return saga.Refused(&app.Error{
			Kind: app.LastOwner, Op: "gitea: " + op, Err: errors.New("Gitea knows of no other owner of " + organization),
		})
	}
	a, err = d.send(ctx, request{op: op, method: http.MethodDelete, path: path("orgs", organization, "members", u.Login), basic: true})
	switch {
	case err != nil:
		return err
	case a.status == http.StatusNoContent, a.absent():
		return nil
	}
	return a.fault()
}
