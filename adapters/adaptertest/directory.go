// Package adaptertest has one conformance suite for each port of app. The real
// adapter passes it on a real server, the fake in memory passes the same.
package adaptertest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// DirectoryFixture is a directory to be tried, and what only the test may do
// to it, behind the adapter's back.
type DirectoryFixture struct {
	Directory app.Directory
	// Organizations is the same directory's.
	Organizations app.DirectoryOrganizations
	// PlaceUser makes a foreign user with a first address and further ones.
	PlaceUser func(t *testing.T, username string, emails ...string)
	// AddEmails gives the user further addresses.
	AddEmails func(t *testing.T, username string, emails ...string)
	// PlaceOrganization makes an organization.
	PlaceOrganization func(t *testing.T, name string)
	// GiveRepository makes the user own a repository of that name.
	GiveRepository func(t *testing.T, username, name string)
	// GivePackage makes the user own a package, of the type generic.
	GivePackage func(t *testing.T, username, name string)
	// Found makes an organization whose only member is the user, its owner.
	Found func(t *testing.T, organization, username string)
	// Join makes the user a member of the organization, as an owner or not.
	Join func(t *testing.T, organization, username string, owner bool)
	// Team makes a team of the organization whose members can read.
	Team func(t *testing.T, organization, name string)
	// Rename gives the user another name.
	Rename func(t *testing.T, from, to string)
	// Describe tells all there is of a user or organization, number, addresses
	// and tokens included; empty where there is none of that name.
	Describe func(t *testing.T, name string) string
	// MarkOf is the accountId that the user bears.
	MarkOf func(t *testing.T, username string) string
	// SignsIn reports whether the user gets at the directory by that password.
	SignsIn func(t *testing.T, username string, password app.Secret) bool
	// TokenOwner names the user for whom a token is good; empty for a dead one.
	TokenOwner func(t *testing.T, token app.Secret) string
	// Outdate has the directory demand a new password of the user.
	Outdate func(t *testing.T, username string)
	// Avatar is the user's picture, in any format that is shown.
	Avatar func(t *testing.T, username string) []byte
}

// Directory runs the conformance suite of app.Directory. Each test asks for a
// fixture; they may share one directory, on which the names that begin with
// "dt" are the suite's.
func Directory(t *testing.T, fixture func(t *testing.T) DirectoryFixture) {
	tests := map[string]func(*testing.T, directoryTest){
		"a created user bears the mark and signs in":  directoryCreate,
		"creating again returns the same user":        directoryCreateAgain,
		"a name of another is taken":                  directoryNameTaken,
		"an organization's name is taken":             directoryOrganization,
		"an address of another is taken":              directoryEmailTaken,
		"a second address of another is taken":        directorySecondEmail,
		"an address is not a pattern":                 directoryEmailNoPattern,
		"the name is judged before the address":       directoryNameFirst,
		"bad input is refused":                        directoryBadInput,
		"a removed user is gone and its name free":    directoryRemove,
		"another's user is not removed":               directoryRemoveForeign,
		"an owner is not removed":                     directoryRemoveOwner,
		"a former name is absent":                     directoryRemoveRenamed,
		"a token is good until it is deleted":         directoryToken,
		"a token of the name is replaced":             directoryTokenReplaced,
		"tokens of a renamed user":                    directoryTokenRenamed,
		"nobody else's tokens are made":               directoryTokenForeign,
		"names that were swapped lead to nobody else": directoryTokenSwapped,
		"a number does not name a token":              directoryTokenNumeric,
		"a call whose context has ended does nothing": directoryEnded,
		"a profile is written and read":               directoryProfile,
		"a profile that is not taken":                 directoryProfileRefused,
		"an avatar is the picture that was given":     directoryAvatar,
		"what is no picture is refused":               directoryAvatarRefused,
		"a password is replaced":                      directoryPassword,
		"a password that is not taken":                directoryPasswordRefused,
		"an address is replaced":                      directoryEmail,
		"an address of another is not taken over":     directoryEmailOfAnother,
		"second addresses go":                         directoryEmailSeconds,
		"an address that is not taken":                directoryEmailRefused,
		"a user is shut out and let in":               directoryActive,
		"belongings are listed":                       directoryBelongings,
		"shared organizations are listed":             directoryShared,
		"owners are who Gitea says, not the first":    directoryOwners,
		"an organization is left":                     directoryLeaveOrganization,
		"the last owner does not leave":               directoryLastOwnerStays,
		"a purged user is gone with all it had":       directoryPurge,
		"who shares an organization is not purged":    directoryPurgeSharing,
		"changes go by the mark":                      directoryChangesMarked,
		"changes follow a renamed user":               directoryChangesRenamed,
		"changes reach a user whose name is taken":    directoryChangesSquatted,
		"a number leads to no other user":             directoryNumbersOfOthers,
		"tokens of a user whose name is taken":        directoryTokenSquatted,
		"a token of the same name elsewhere":          directoryTokenDecoy,
		"changes touch nothing else":                  directoryChangesApart,
		"a change whose context has ended":            directoryChangesEnded,
		"one address for many at once":                directoryOneNewEmail,
		"many accounts changed at once":               directoryManyChanges,
		"purges at once":                              directoryPurges,
		"one name at once":                            directoryOneName,
		"one address at once":                         directoryOneEmail,
		"one account at once":                         directoryOneAccount,
		"many accounts at once":                       directoryManyAccounts,
		"one token made and deleted at once":          directoryOneToken,
		"many tokens of one user at once":             directoryManyTokens,
		"removals at once":                            directoryRemovals,
	}
	var names atomic.Int64
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, directoryTest{fixture(t), &names}) })
	}
}

// directoryTest is a fixture with fresh names.
type directoryTest struct {
	DirectoryFixture
	names *atomic.Int64
}

// password is one that every directory takes.
const password app.Secret = "abcdefg7"

// account draws somebody who was never in the directory. The name has letters
// of both cases.
func (d directoryTest) account() app.DirectoryUser {
	n := d.names.Add(1)
	return app.DirectoryUser{
		AccountID: fmt.Sprintf("260101%08d", n), Username: fmt.Sprintf("dtUser%d", n),
		Email: fmt.Sprintf("dtUser%d@Example.com", n), FullName: fmt.Sprintf("User %d", n), Password: password,
	}
}

// created makes a user of a fresh account.
func (d directoryTest) created(t *testing.T) app.DirectoryUser {
	t.Helper()
	u := d.account()
	_, err := d.Directory.CreateUser(t.Context(), u)
	require.NoError(t, err)
	return u
}

// requireTaken wants a refusal that names the holder.
func requireTaken(t *testing.T, err error, kind app.Kind, username, mark string) {
	t.Helper()
	require.Equal(t, kind, app.KindOf(err), "%v", err)
	require.True(t, saga.IsRefused(err))
	var taken *app.Taken
	require.ErrorAs(t, err, &taken)
	require.Equal(t, app.Taken{Username: username, Mark: mark}, *taken)
}

// requireInvalid wants a refusal that blames one field.
func requireInvalid(t *testing.T, err error, field string) {
	t.Helper()
	var invalid *app.Error
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, app.Invalid, invalid.Kind, "%v", err)
	require.Len(t, invalid.Violations, 1)
	require.Equal(t, field, invalid.Violations[0].Field)
	require.True(t, saga.IsRefused(err))
}

func directoryCreate(t *testing.T, d directoryTest) {
	u := d.account()
	id, err := d.Directory.CreateUser(t.Context(), u)
	require.NoError(t, err)
	require.Positive(t, id)
	require.Equal(t, u.AccountID, d.MarkOf(t, u.Username))
	require.True(t, d.SignsIn(t, u.Username, u.Password))
	require.False(t, d.SignsIn(t, u.Username, "another1"))
	require.Contains(t, d.Describe(t, u.Username), u.FullName)
	require.Contains(t, d.Describe(t, u.Username), u.Email)
}

func directoryCreateAgain(t *testing.T, d directoryTest) {
	u := d.account()
	first, err := d.Directory.CreateUser(t.Context(), u)
	require.NoError(t, err)
	before := d.Describe(t, u.Username)
	for _, again := range []app.DirectoryUser{u, upper(u)} {
		id, err := d.Directory.CreateUser(t.Context(), again)
		require.NoError(t, err)
		require.Equal(t, first, id)
	}
	require.Equal(t, before, d.Describe(t, u.Username))
}

func upper(u app.DirectoryUser) app.DirectoryUser {
	u.Username, u.Email = strings.ToUpper(u.Username), strings.ToUpper(u.Email)
	return u
}

func directoryNameTaken(t *testing.T, d directoryTest) {
	ours, foreign, u := d.created(t), d.account(), d.account()
	d.PlaceUser(t, foreign.Username, foreign.Email)
	for holder, mark := range map[string]string{ours.Username: ours.AccountID, foreign.Username: ""} {
		before := d.Describe(t, holder)
		for _, name := range []string{holder, strings.ToLower(holder), strings.ToUpper(holder)} {
			u.Username = name
			_, err := d.Directory.CreateUser(t.Context(), u)
			requireTaken(t, err, app.UserTaken, holder, mark)
		}
		require.Equal(t, before, d.Describe(t, holder))
	}
}

func directoryOrganization(t *testing.T, d directoryTest) {
	u, organization := d.account(), d.account().Username
	d.PlaceOrganization(t, organization)
	before := d.Describe(t, organization)
	u.Username = strings.ToLower(organization)
	_, err := d.Directory.CreateUser(t.Context(), u)
	requireTaken(t, err, app.UserTaken, organization, "")
	require.NoError(t, d.Directory.RemoveUser(t.Context(), organization, u.AccountID))
	require.Equal(t, before, d.Describe(t, organization))
}

func directoryEmailTaken(t *testing.T, d directoryTest) {
	ours, foreign, u := d.created(t), d.account(), d.account()
	d.PlaceUser(t, foreign.Username, foreign.Email)
	for _, holder := range []app.DirectoryUser{ours, foreign} {
		before := d.Describe(t, holder.Username)
		mark := d.MarkOf(t, holder.Username)
		for _, email := range []string{holder.Email, strings.ToLower(holder.Email), strings.ToUpper(holder.Email)} {
			u.Email = email
			_, err := d.Directory.CreateUser(t.Context(), u)
			requireTaken(t, err, app.EmailTaken, holder.Username, mark)
		}
		require.Equal(t, before, d.Describe(t, holder.Username))
	}
	require.Empty(t, d.Describe(t, u.Username))
}

func directorySecondEmail(t *testing.T, d directoryTest) {
	foreign, second, u := d.account(), d.account(), d.account()
	d.PlaceUser(t, foreign.Username, foreign.Email, second.Email)
	u.Email = strings.ToLower(second.Email)
	_, err := d.Directory.CreateUser(t.Context(), u)
	requireTaken(t, err, app.EmailTaken, foreign.Username, "")
}

// An address is looked for among those that contain it, and "_" and "%" mean
// something to a search.
func directoryEmailNoPattern(t *testing.T, d directoryTest) {
	u := d.created(t)
	for i, address := range []string{"x" + u.Email, u.Email + ".org", strings.Replace(u.Email, "U", "_", 1)} {
		other := d.account()
		other.Email = address
		_, err := d.Directory.CreateUser(t.Context(), other)
		require.NoError(t, err, "address %d", i)
	}
	again := d.account()
	again.Email = u.Email
	_, err := d.Directory.CreateUser(t.Context(), again)
	requireTaken(t, err, app.EmailTaken, u.Username, u.AccountID)
}

func directoryNameFirst(t *testing.T, d directoryTest) {
	name, email, u := d.created(t), d.created(t), d.account()
	u.Username, u.Email = name.Username, email.Email
	_, err := d.Directory.CreateUser(t.Context(), u)
	requireTaken(t, err, app.UserTaken, name.Username, name.AccountID)
}

func directoryBadInput(t *testing.T, d directoryTest) {
	names := []string{
		"", ".", "..", "api", "Ghost", "dt.keys", "dt.png", "-dt", "dt-", "dt..dt", "dt dt", "dt/dt", "dté",
		"dt" + strings.Repeat("x", app.MaxUsername), "gitea-actions",
	}
	for _, name := range names {
		u := d.account()
		u.Username = name
		_, err := d.Directory.CreateUser(t.Context(), u)
		requireInvalid(t, err, "username")
	}
	for _, email := range []string{"", "dt", "dt@", "d t@example.com", "-dt@example.com"} {
		u := d.account()
		u.Email = email
		_, err := d.Directory.CreateUser(t.Context(), u)
		requireInvalid(t, err, "email")
		require.Empty(t, d.Describe(t, u.Username))
	}
	u := d.account()
	u.Password = "short1"
	_, err := d.Directory.CreateUser(t.Context(), u)
	requireInvalid(t, err, "password")
	require.Empty(t, d.Describe(t, u.Username))
	u = d.account()
	u.AccountID = ""
	_, err = d.Directory.CreateUser(t.Context(), u)
	require.True(t, saga.IsRefused(err))
	require.Empty(t, d.Describe(t, u.Username))
}

func directoryRemove(t *testing.T, d directoryTest) {
	u := d.created(t)
	for range 2 {
		require.NoError(t, d.Directory.RemoveUser(t.Context(), strings.ToLower(u.Username), u.AccountID))
		require.Empty(t, d.Describe(t, u.Username))
	}
	next := d.account()
	next.Username, next.Email = u.Username, u.Email
	_, err := d.Directory.CreateUser(t.Context(), next)
	require.NoError(t, err)
	require.NoError(t, d.Directory.RemoveUser(t.Context(), u.Username, u.AccountID))
	require.Equal(t, next.AccountID, d.MarkOf(t, u.Username))
}

func directoryRemoveForeign(t *testing.T, d directoryTest) {
	ours, foreign := d.created(t), d.account()
	d.PlaceUser(t, foreign.Username, foreign.Email)
	for _, holder := range []string{ours.Username, foreign.Username} {
		before := d.Describe(t, holder)
		for _, mark := range []string{d.account().AccountID, foreign.AccountID, ""} {
			require.NoError(t, d.Directory.RemoveUser(t.Context(), holder, mark))
		}
		require.Equal(t, before, d.Describe(t, holder))
	}
}

func directoryRemoveOwner(t *testing.T, d directoryTest) {
	for _, give := range []func(u app.DirectoryUser){
		func(u app.DirectoryUser) { d.GiveRepository(t, u.Username, "kept") },
		func(u app.DirectoryUser) { d.GivePackage(t, u.Username, "kept") },
		func(u app.DirectoryUser) { d.Found(t, d.account().Username, u.Username) },
	} {
		u := d.created(t)
		give(u)
		err := d.Directory.RemoveUser(t.Context(), u.Username, u.AccountID)
		require.Equal(t, app.DirectoryFailed, app.KindOf(err))
		require.True(t, saga.IsRefused(err))
		require.Equal(t, u.AccountID, d.MarkOf(t, u.Username))
	}
}

func directoryRemoveRenamed(t *testing.T, d directoryTest) {
	u, other := d.created(t), d.account().Username
	d.Rename(t, u.Username, other)
	require.NoError(t, d.Directory.RemoveUser(t.Context(), u.Username, u.AccountID))
	require.Equal(t, u.AccountID, d.MarkOf(t, other))
}

func directoryEnded(t *testing.T, d directoryTest) {
	ctx, cancel := contextEnded(t)
	defer cancel()
	u, other := d.created(t), d.account()
	before := d.Describe(t, u.Username)
	_, err := d.Directory.CreateUser(ctx, other)
	require.True(t, saga.IsRefused(err))
	require.Empty(t, d.Describe(t, other.Username))
	require.True(t, saga.IsRefused(d.Directory.RemoveUser(ctx, u.Username, u.AccountID)))
	_, err = d.Directory.CreateToken(ctx, ref(u), "accord-ended")
	require.True(t, saga.IsRefused(err))
	require.True(t, saga.IsRefused(d.Directory.DeleteToken(ctx, ref(u), "accord-ended")))
	require.Equal(t, before, d.Describe(t, u.Username))
}
