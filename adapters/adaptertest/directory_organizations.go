package adaptertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// shared lists the user's shared organizations by name.
func (d directoryTest) shared(t *testing.T, u app.DirectoryUser) map[string]app.Organization {
	t.Helper()
	all, err := d.Organizations.SharedOrganizations(t.Context(), ref(u))
	require.NoError(t, err)
	found := map[string]app.Organization{}
	for _, o := range all {
		require.Positive(t, o.ID)
		found[o.Name] = o
	}
	return found
}

func directoryShared(t *testing.T, d directoryTest) {
	u, friend, third := d.created(t), d.created(t), d.created(t)
	foreigner := d.account().Username
	d.PlaceUser(t, foreigner, foreigner+"@example.com")
	require.Empty(t, d.shared(t, u))
	d.group(t, []app.DirectoryUser{u})
	joined := d.group(t, []app.DirectoryUser{friend}, u)
	alone := d.group(t, []app.DirectoryUser{u}, third)
	both := d.group(t, []app.DirectoryUser{u, friend}, third)
	d.Join(t, both, foreigner, true)

	owner := app.OrganizationOwner{Username: friend.Username, AccountID: friend.AccountID, LetIn: true}
	stranger := app.OrganizationOwner{Username: foreigner, LetIn: true}
	for _, in := range []bool{true, false} {
		require.NoError(t, d.Directory.SetActive(t.Context(), ref(friend), in))
		owner.LetIn = in
		found := d.shared(t, u)
		require.Len(t, found, 3, "not the one that has no other member")
		require.False(t, found[joined].Owned)
		require.Empty(t, found[joined].Owners)
		require.True(t, found[alone].Owned)
		require.Empty(t, found[alone].Owners)
		require.True(t, found[both].Owned)
		require.ElementsMatch(t, []app.OrganizationOwner{owner, stranger}, found[both].Owners)
		require.Equal(t, found[both].ID, d.shared(t, third)[both].ID, "one number for all")
	}
	require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), false))
	require.Len(t, d.shared(t, u), 3, "a shut-out user has them still")
	require.Empty(t, d.shared(t, d.account()), "an absent user has none")
	_, err := d.Organizations.SharedOrganizations(t.Context(), app.DirectoryRef{AccountID: "26010199999999", Username: u.Username})
	require.True(t, saga.IsRefused(err))
}

// A team whose name sorts before that of the owners changes nothing.
func directoryOwners(t *testing.T, d directoryTest) {
	u, friend := d.created(t), d.created(t)
	both := d.group(t, []app.DirectoryUser{u, friend})
	for _, name := range []string{"aa", "dev", "zz"} {
		d.Team(t, both, name)
	}
	require.Equal(t, []app.OrganizationOwner{{Username: friend.Username, AccountID: friend.AccountID, LetIn: true}}, d.shared(t, u)[both].Owners)
	require.NoError(t, d.Organizations.LeaveOrganization(t.Context(), ref(u), both))
	err := d.Organizations.LeaveOrganization(t.Context(), ref(friend), both)
	require.Equal(t, app.LastOwner, app.KindOf(err))
}

func directoryLeaveOrganization(t *testing.T, d directoryTest) {
	u, friend, third := d.created(t), d.created(t), d.created(t)
	organization := d.group(t, []app.DirectoryUser{u, friend}, u, third)
	other := d.group(t, []app.DirectoryUser{u, friend})
	require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), false))
	for range 2 {
		require.NoError(t, d.Organizations.LeaveOrganization(t.Context(), ref(u), organization))
		require.NotContains(t, d.shared(t, u), organization)
	}
	require.Contains(t, d.shared(t, u), other)
	require.True(t, d.shared(t, friend)[organization].Owned)
	require.Empty(t, d.shared(t, friend)[organization].Owners)
	require.NotEmpty(t, d.shared(t, third)[organization], "the others are members still")
	require.NoError(t, d.Organizations.LeaveOrganization(t.Context(), ref(d.account()), other), "an absent user is done")
	require.NoError(t, d.Organizations.LeaveOrganization(t.Context(), ref(u), d.account().Username), "an absent organization too")
}

func directoryLastOwnerStays(t *testing.T, d directoryTest) {
	u, friend := d.created(t), d.created(t)
	organization := d.group(t, []app.DirectoryUser{u}, friend)
	before := d.Describe(t, organization)
	err := d.Organizations.LeaveOrganization(t.Context(), ref(u), organization)
	require.Equal(t, app.LastOwner, app.KindOf(err))
	require.True(t, saga.IsRefused(err))
	require.Equal(t, before, d.Describe(t, organization))
	require.True(t, d.shared(t, u)[organization].Owned)
	require.NoError(t, d.Organizations.LeaveOrganization(t.Context(), ref(friend), organization), "a member may")
	require.NotContains(t, d.shared(t, u), organization)
}
