package memory

import (
	"context"
	"errors"
	"maps"
	"slices"

	"accord/app"
)

// maxListed bounds each list of app.Belongings.
const maxListed = 100

// Belongings is that of app.Directory.
func (d *Directory) Belongings(ctx context.Context, ref app.DirectoryRef) (app.Belongings, error) {
	var b app.Belongings
	err := d.marked(ctx, "Belongings", ref, func(e *directoryEntry) error {
		b = app.Belongings{
			Repositories:  atMost(e.Repositories),
			Organizations: atMost(namesOf(d.organizationsOf(e))),
			Packages:      atMost(e.Packages),
		}
		return nil
	})
	if err != nil {
		return app.Belongings{}, err
	}
	return b, nil
}

// PurgeUser is that of app.Directory.
func (d *Directory) PurgeUser(ctx context.Context, ref app.DirectoryRef) error {
	const call = "PurgeUser"
	return unlessAbsent(d.marked(ctx, call, ref, func(e *directoryEntry) error {
		if err := d.purgeable(call, e); err != nil {
			return err
		}
		d.purge(e)
		return nil
	}))
}

// MayPurge is the first half of PurgeUser, the adapter's look; absent is done.
func (d *Directory) MayPurge(ctx context.Context, ref app.DirectoryRef) error {
	const call = "MayPurge"
	return unlessAbsent(d.marked(ctx, call, ref, func(e *directoryEntry) error { return d.purgeable(call, e) }))
}

// Purge is the second half of PurgeUser, what Gitea does without a look; absent
// is done.
func (d *Directory) Purge(ctx context.Context, ref app.DirectoryRef) error {
	return unlessAbsent(d.marked(ctx, "Purge", ref, func(e *directoryEntry) error {
		d.purge(e)
		return nil
	}))
}

func (d *Directory) purgeable(call string, e *directoryEntry) error {
	if e.Adopted {
		return refused(call, app.DirectoryFailed, errAdopted)
	}
	for _, o := range d.organizationsOf(e) {
		if len(o.members) > 1 {
			return refused(call, app.LastOwner, errors.New("still in "+o.Username+" with other members"))
		}
	}
	return nil
}

// purge does what Gitea does: with the user goes every organization whose last
// owner it is, and its repositories, whoever else is a member.
func (d *Directory) purge(e *directoryEntry) {
	for _, o := range d.organizationsOf(e) {
		owners, _ := d.membersOf(o)
		delete(o.members, e.ID)
		if len(owners) == 1 && owners[0] == e.Username {
			delete(d.entries, app.FoldKey(o.Username))
		}
	}
	delete(d.entries, app.FoldKey(e.Username))
	maps.DeleteFunc(d.renamed, func(_ string, id int64) bool { return id == e.ID })
}

// GiveRepository makes the user the owner of a repository of that name, so that
// RemoveUser leaves it. An absent one is left absent.
func (d *Directory) GiveRepository(username, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.find(username); e != nil {
		e.Repositories = append(e.Repositories, name)
	}
}

// GivePackage makes the user the owner of a package of that name, TYPE/NAME. An
// absent one is left absent.
func (d *Directory) GivePackage(username, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.find(username); e != nil {
		e.Packages = append(e.Packages, name)
	}
}

// Join makes the user a member of the organization, and its owner where owner
// is true. It panics where one of them is absent: a test's mistake.
func (d *Directory) Join(organization, username string, owner bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o, e := d.find(organization), d.find(username)
	if o == nil || !o.Organization || e == nil || e.Organization {
		panic("memory: Join of an absent organization or user")
	}
	o.members[e.ID] = owner || o.members[e.ID]
}

// organizationsOf lists those that the user is a member of, by name.
func (d *Directory) organizationsOf(e *directoryEntry) []*directoryEntry {
	var all []*directoryEntry
	for _, key := range slices.Sorted(maps.Keys(d.entries)) {
		if _, member := d.entries[key].members[e.ID]; member {
			all = append(all, d.entries[key])
		}
	}
	return all
}

// membersOf names the members of an organization, sorted, and those of them who
// own it.
func (d *Directory) membersOf(o *directoryEntry) (owners, members []string) {
	for id, owner := range o.members {
		name := d.byID(id).Username
		members = append(members, name)
		if owner {
			owners = append(owners, name)
		}
	}
	slices.Sort(owners)
	slices.Sort(members)
	return owners, members
}

func namesOf(entries []*directoryEntry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Username)
	}
	return all
}

func atMost(all []string) []string { return slices.Clone(all[:min(len(all), maxListed)]) }
