package memory

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"accord/app"
)

var _ app.DirectoryOrganizations = (*Directory)(nil)

// SharedOrganizations is that of app.DirectoryOrganizations.
func (d *Directory) SharedOrganizations(ctx context.Context, ref app.DirectoryRef) ([]app.Organization, error) {
	var shared []app.Organization
	err := d.marked(ctx, "SharedOrganizations", ref, func(e *directoryEntry) error {
		shared = nil
		for _, o := range d.organizationsOf(e) {
			if len(o.members) > 1 {
				shared = append(shared, d.seenBy(e, o))
			}
		}
		slices.SortFunc(shared, func(a, b app.Organization) int { return cmp.Compare(a.ID, b.ID) })
		return nil
	})
	if err = unlessAbsent(err); err != nil {
		return nil, err
	}
	return shared, nil
}

// seenBy describes an organization to one of its members.
func (d *Directory) seenBy(e, o *directoryEntry) app.Organization {
	seen := app.Organization{ID: o.ID, Name: o.Username, Owned: o.members[e.ID]}
	if !seen.Owned {
		return seen
	}
	owners, _ := d.membersOf(o)
	for _, name := range owners {
		if other := d.find(name); other != e {
			seen.Owners = append(seen.Owners, app.OrganizationOwner{
				Username: name, AccountID: other.Mark, LetIn: !other.ShutOut && !other.Inactive,
			})
		}
	}
	return seen
}

// LeaveOrganization is that of app.DirectoryOrganizations.
func (d *Directory) LeaveOrganization(ctx context.Context, ref app.DirectoryRef, organization string) error {
	const call = "LeaveOrganization"
	return unlessAbsent(d.marked(ctx, call, ref, func(e *directoryEntry) error {
		o := d.find(organization)
		if o == nil || !o.Organization {
			return nil
		}
		if owners, _ := d.membersOf(o); len(owners) == 1 && owners[0] == e.Username {
			return refused(call, app.LastOwner, errors.New("no other owner of "+organization))
		}
		delete(o.members, e.ID)
		return nil
	}))
}
