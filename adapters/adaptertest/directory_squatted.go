package adaptertest

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// squatted makes a user of ours that was renamed, and has squat take its name.
// ref names the user with its number, present is its name by now.
func (d directoryTest) squatted(t *testing.T, squat func(name string)) (u app.DirectoryUser, ref app.DirectoryRef, present string) {
	t.Helper()
	u, present = d.account(), d.account().Username
	id, err := d.Directory.CreateUser(t.Context(), u)
	require.NoError(t, err)
	d.Rename(t, u.Username, present)
	squat(u.Username)
	return u, app.DirectoryRef{AccountID: u.AccountID, Username: u.Username, GiteaID: id}, present
}

// squats are the ways in which a name comes to be another's.
func (d directoryTest) squats(t *testing.T) map[string]func(name string) {
	return map[string]func(string){
		"an organization": func(name string) { d.PlaceOrganization(t, name) },
		"a foreign user":  func(name string) { d.PlaceUser(t, name, d.account().Email) },
		"a user of ours":  func(name string) { d.Rename(t, d.created(t).Username, name) },
	}
}

// Changes reach a renamed user even if another has taken its name.
func directoryChangesSquatted(t *testing.T, d directoryTest) {
	for who, squat := range d.squats(t) {
		u, squatted, present := d.squatted(t, squat)
		before := d.Describe(t, u.Username)
		changes := d.changes(t)
		purge := changes["purge"]
		delete(changes, "purge")
		for _, call := range append(slices.Sorted(maps.Keys(changes)), "purge") {
			do := purge
			if call != "purge" {
				do = changes[call]
			}
			requireNotDone(t, do(t.Context(), ref(u)), call+", by the name alone")
			require.NoError(t, do(t.Context(), squatted), "%s, %s", call, who)
			require.Equal(t, before, d.Describe(t, u.Username), "%s, %s", call, who)
			if call == "shut out" {
				require.False(t, d.SignsIn(t, present, "changed-1"), who)
			}
		}
		require.Empty(t, d.Describe(t, present), who)
	}
}

// A number leads to no user that does not bear the mark.
func directoryNumbersOfOthers(t *testing.T, d directoryTest) {
	u, another := d.created(t), d.account()
	id, err := d.Directory.CreateUser(t.Context(), another)
	require.NoError(t, err)
	before := d.Describe(t, another.Username)
	for call, do := range d.changes(t) {
		gone := app.DirectoryRef{AccountID: d.account().AccountID, Username: u.Username, GiteaID: id}
		requireNotDone(t, do(t.Context(), gone), call)
	}
	d.noToken(t, app.DirectoryRef{AccountID: d.account().AccountID, Username: u.Username, GiteaID: id})
	require.Equal(t, before, d.Describe(t, another.Username))
}

// Tokens are made for and taken from our user, whatever tokens the other has.
func directoryTokenSquatted(t *testing.T, d directoryTest) {
	for who, squat := range d.squats(t) {
		u, squatted, present := d.squatted(t, squat)
		before := d.Describe(t, u.Username)
		made := func(name string) app.Secret {
			token, err := d.Directory.CreateToken(t.Context(), squatted, name)
			require.NoError(t, err, who)
			require.Equal(t, present, d.TokenOwner(t, token), who)
			return token
		}
		first := made("accord-first")
		require.Equal(t, before, d.Describe(t, u.Username), who)
		require.NoError(t, d.Directory.DeleteToken(t.Context(), squatted, "accord-first"), who)
		require.Empty(t, d.TokenOwner(t, first), who)
	}
}

// A token of the squatter's that has the name of one of ours does not save ours.
func directoryTokenDecoy(t *testing.T, d directoryTest) {
	var squatter app.DirectoryUser
	_, squatted, present := d.squatted(t, func(name string) {
		squatter = d.created(t)
		d.token(t, squatter, "accord-ours")
		d.Rename(t, squatter.Username, name)
	})
	ours, err := d.Directory.CreateToken(t.Context(), squatted, "accord-ours")
	require.NoError(t, err)
	d.token(t, app.DirectoryUser{AccountID: squatter.AccountID, Username: squatted.Username}, "accord-ours")
	require.Equal(t, present, d.TokenOwner(t, ours))
	require.NoError(t, d.Directory.DeleteToken(t.Context(), squatted, "accord-ours"))
	require.Empty(t, d.TokenOwner(t, ours))
}
