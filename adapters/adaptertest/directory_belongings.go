package adaptertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

func (d directoryTest) belongings(t *testing.T, u app.DirectoryUser) app.Belongings {
	t.Helper()
	b, err := d.Directory.Belongings(t.Context(), ref(u))
	require.NoError(t, err)
	return b
}

// group makes an organization of those owners and further members.
func (d directoryTest) group(t *testing.T, owners []app.DirectoryUser, members ...app.DirectoryUser) string {
	t.Helper()
	name := d.account().Username
	d.Found(t, name, owners[0].Username)
	for _, u := range owners[1:] {
		d.Join(t, name, u.Username, true)
	}
	for _, u := range members {
		d.Join(t, name, u.Username, false)
	}
	return name
}

func directoryBelongings(t *testing.T, d directoryTest) {
	u, other := d.created(t), d.created(t)
	b := d.belongings(t, u)
	require.Empty(t, b.Repositories)
	require.Empty(t, b.Organizations)
	require.Empty(t, b.Packages)

	d.GiveRepository(t, u.Username, "one")
	d.GiveRepository(t, u.Username, "two")
	d.GiveRepository(t, other.Username, "theirs")
	d.GivePackage(t, u.Username, "pack")
	alone, joined := d.group(t, []app.DirectoryUser{u}), d.group(t, []app.DirectoryUser{other}, u)
	d.group(t, []app.DirectoryUser{other})
	before := d.Describe(t, u.Username)
	for _, active := range []bool{true, false} { // a shut-out user has it still
		require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), active))
		b = d.belongings(t, u)
		require.ElementsMatch(t, []string{"one", "two"}, b.Repositories)
		require.ElementsMatch(t, []string{alone, joined}, b.Organizations)
		require.ElementsMatch(t, []string{"generic/pack"}, b.Packages)
	}
	require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), true))
	require.Equal(t, before, d.Describe(t, u.Username))
}

func directoryPurge(t *testing.T, d directoryTest) {
	u, friend, third := d.created(t), d.created(t), d.created(t)
	d.GiveRepository(t, u.Username, "gone")
	d.GivePackage(t, u.Username, "gone")
	d.GiveRepository(t, friend.Username, "stays")
	d.GivePackage(t, friend.Username, "stays")
	alone := d.group(t, []app.DirectoryUser{u})
	both, joined := d.group(t, []app.DirectoryUser{u, friend}), d.group(t, []app.DirectoryUser{friend, third}, u)
	token := d.token(t, u, "accord-gone")
	theirs, beside := d.belongings(t, friend), d.Describe(t, friend.Username)
	require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), false))
	for _, name := range []string{both, joined} {
		require.NoError(t, d.Organizations.LeaveOrganization(t.Context(), ref(u), name))
	}

	for range 2 {
		require.NoError(t, d.Directory.PurgeUser(t.Context(), ref(u)))
		require.Empty(t, d.Describe(t, u.Username))
		require.Empty(t, d.Describe(t, alone), "an organization without another member goes too")
	}
	require.Empty(t, d.TokenOwner(t, token))
	require.NotEmpty(t, d.Describe(t, both))
	require.NotEmpty(t, d.Describe(t, joined))
	require.Equal(t, theirs, d.belongings(t, friend))
	require.Equal(t, beside, d.Describe(t, friend.Username))

	next := d.account()
	next.Username, next.Email = u.Username, u.Email
	_, err := d.Directory.CreateUser(t.Context(), next)
	require.NoError(t, err, "name and address are free")
	require.Empty(t, d.belongings(t, next).Packages)
	requireNotDone(t, d.Directory.PurgeUser(t.Context(), ref(u)), "the next of that name")
	require.Equal(t, next.AccountID, d.MarkOf(t, next.Username))
}

func directoryPurgeSharing(t *testing.T, d directoryTest) {
	u, friend := d.created(t), d.created(t)
	d.GiveRepository(t, u.Username, "kept")
	for _, organization := range []string{d.group(t, []app.DirectoryUser{u}, friend), d.group(t, []app.DirectoryUser{friend}, u)} {
		before, members := d.Describe(t, u.Username), d.Describe(t, organization)
		err := d.Directory.PurgeUser(t.Context(), ref(u))
		require.Equal(t, app.LastOwner, app.KindOf(err))
		require.True(t, saga.IsRefused(err))
		require.ErrorContains(t, err, organization)
		require.Equal(t, before, d.Describe(t, u.Username))
		require.Equal(t, members, d.Describe(t, organization))
		require.True(t, d.SignsIn(t, u.Username, u.Password))

		d.Join(t, organization, friend.Username, true)
		require.NoError(t, d.Organizations.LeaveOrganization(t.Context(), ref(u), organization))
	}
	require.NoError(t, d.Directory.PurgeUser(t.Context(), ref(u)))
}
