package adaptertest

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/app/reconcile"
	"accord/saga"
)

// AdoptingDirectory is a directory whose users can be adopted.
type AdoptingDirectory interface {
	RepairedDirectory
	app.DirectoryAdoption
	reconcile.AdoptionDirectory
}

// AdoptionFixture is a DirectoryFixture whose directory is an AdoptingDirectory,
// and what else only the test may do to it.
type AdoptionFixture struct {
	DirectoryFixture
	// Restrict, Deactivate, Promote and SecondFactor make a user such a one.
	Restrict, Deactivate, Promote, SecondFactor func(t *testing.T, username string)
	// Login gives the user another login name.
	Login func(t *testing.T, username, loginName string)
	// DescribeButLogin is Describe without the login name, which a user without the
	// mark has no use for.
	DescribeButLogin func(t *testing.T, name string) string
	// PlacedPassword is that of the users that PlaceUser makes.
	PlacedPassword app.Secret
}

// DirectoryAdoption runs the conformance suite of app.DirectoryAdoption and
// reconcile.AdoptionDirectory. The directory may be the one that others run on.
func DirectoryAdoption(t *testing.T, fixture func(t *testing.T) AdoptionFixture) {
	tests := map[string]func(*testing.T, adoptionTest){
		"an adopted user bears the mark and is otherwise as before": adoptMark,
		"an adopted user is not removed":                            adoptKept,
		"the mark of an adopted user is told to nobody":             adoptTaken,
		"another's user is not adopted":                             adoptForeign,
		"an adopted user is found by its mark":                      adoptFound,
		"an adoption whose context has ended":                       adoptEnded,
		"a password is right or wrong":                              adoptPassword,
		"a password of one that is not let in":                      adoptPasswordShutOut,
		"a password of one who is not ours":                         adoptPasswordForeign,
		"a token is no password":                                    adoptToken,
		"a password of a renamed user":                              adoptPasswordRenamed,
		"candidates are told for what they are":                     adoptCandidates,
		"organizations are listed":                                  adoptOrganizations,
	}
	var names atomic.Int64
	names.Store(7_000_000) // apart from those of the others
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := fixture(t)
			directory, ok := f.Directory.(AdoptingDirectory)
			require.True(t, ok)
			test(t, adoptionTest{repairTest{directoryTest{f.DirectoryFixture, &names}, directory}, f, directory})
		})
	}
}

type adoptionTest struct {
	repairTest
	fixture  AdoptionFixture
	adopting AdoptingDirectory
}

// foreign places somebody who is not ours.
func (a adoptionTest) foreign(t *testing.T) (app.DirectoryView, app.DirectoryRef) {
	t.Helper()
	u := a.account()
	a.PlaceUser(t, u.Username, u.Email)
	return a.seen(t, u.Username), app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}
}

func (a adoptionTest) adopted(t *testing.T) (app.DirectoryView, app.DirectoryRef) {
	t.Helper()
	v, ref := a.foreign(t)
	require.NoError(t, a.adopting.AdoptUser(t.Context(), v.ID, ref))
	return v, ref
}

func adoptMark(t *testing.T, a adoptionTest) {
	before, ref := a.foreign(t)
	a.GiveRepository(t, ref.Username, "work")
	described := a.fixture.DescribeButLogin(t, ref.Username)
	after := before
	after.Mark, after.Adopted = ref.AccountID, true
	for range 2 {
		require.NoError(t, a.adopting.AdoptUser(t.Context(), before.ID, ref))
		require.Equal(t, after, a.seen(t, ref.Username))
	}
	require.NoError(t, a.repaired.MarkUser(t.Context(), before.ID, ref), "it has it")
	require.Equal(t, after, a.seen(t, ref.Username), "and is still adopted")
	require.True(t, a.SignsIn(t, ref.Username, a.fixture.PlacedPassword))
	for range 2 {
		require.NoError(t, a.repaired.UnmarkUser(t.Context(), before.ID, ref))
		require.Equal(t, before, a.seen(t, ref.Username))
	}
	require.True(t, a.SignsIn(t, ref.Username, a.fixture.PlacedPassword))
	require.Equal(t, described, a.fixture.DescribeButLogin(t, ref.Username))
}

func adoptKept(t *testing.T, a adoptionTest) {
	_, ref := a.adopted(t)
	before := a.Describe(t, ref.Username)
	require.True(t, saga.IsRefused(a.Directory.RemoveUser(t.Context(), ref.Username, ref.AccountID)))
	require.True(t, saga.IsRefused(a.Directory.PurgeUser(t.Context(), ref)))
	require.Equal(t, before, a.Describe(t, ref.Username))
}

func adoptTaken(t *testing.T, a adoptionTest) {
	v, ref := a.adopted(t)
	other := a.account()
	other.Username = ref.Username
	_, err := a.Directory.CreateUser(t.Context(), other)
	requireTaken(t, err, app.UserTaken, ref.Username, "")
	other = a.account()
	other.Email = v.Email
	_, err = a.Directory.CreateUser(t.Context(), other)
	requireTaken(t, err, app.EmailTaken, ref.Username, "")
}

func adoptForeign(t *testing.T, a adoptionTest) {
	ours := a.created(t)
	seen, other := a.seen(t, ours.Username), a.account()
	err := a.adopting.AdoptUser(t.Context(), seen.ID, app.DirectoryRef{AccountID: other.AccountID, Username: ours.Username})
	require.True(t, saga.IsRefused(err), "%v", err)
	require.True(t, saga.IsRefused(a.adopting.AdoptUser(t.Context(), seen.ID, app.DirectoryRef{Username: ours.Username})))
	require.Equal(t, seen, a.seen(t, ours.Username))
	foreign, _ := a.foreign(t)
	err = a.adopting.AdoptUser(t.Context(), foreign.ID, app.DirectoryRef{AccountID: other.AccountID, Username: other.Username})
	require.True(t, saga.IsRefused(err), "by number and name: %v", err)
	require.Equal(t, foreign, a.seen(t, foreign.Username))
	require.True(t, saga.IsRefused(a.adopting.AdoptUser(t.Context(), 1<<40, app.DirectoryRef{AccountID: other.AccountID, Username: other.Username})))
}

func adoptFound(t *testing.T, a adoptionTest) {
	_, ref := a.adopted(t)
	marked, err := a.repaired.UsersMarked(t.Context(), ref.AccountID)
	require.NoError(t, err)
	require.Equal(t, []app.DirectoryView{a.seen(t, ref.Username)}, marked)
	require.True(t, marked[0].Adopted)
	token, err := a.Directory.CreateToken(t.Context(), ref, "accord-one")
	require.NoError(t, err)
	require.Equal(t, ref.Username, a.TokenOwner(t, token))
	require.NoError(t, a.Directory.SetProfile(t.Context(), ref, app.DirectoryProfile{FullName: "New"}))
	require.True(t, a.seen(t, ref.Username).Adopted, "a change keeps the mark")
}

func adoptEnded(t *testing.T, a adoptionTest) {
	v, ref := a.foreign(t)
	ctx, end := context.WithCancel(t.Context())
	end()
	require.True(t, saga.IsRefused(a.adopting.AdoptUser(ctx, v.ID, ref)))
	_, err := a.adopting.CheckPassword(ctx, ref, a.fixture.PlacedPassword)
	require.Error(t, err)
	for _, err := range a.adopting.EachCandidate(ctx, unpaced) {
		require.Error(t, err)
	}
	for _, err := range a.adopting.EachOrganization(ctx, unpaced) {
		require.Error(t, err)
	}
	require.Equal(t, v, a.seen(t, ref.Username))
}

// check requires that no hindrance is told, and says whether the password is right.
func (a adoptionTest) check(t *testing.T, ref app.DirectoryRef, password app.Secret) bool {
	t.Helper()
	got, err := a.adopting.CheckPassword(t.Context(), ref, password)
	require.NoError(t, err)
	require.Empty(t, got.Hindrance)
	return got.Right
}

func adoptPassword(t *testing.T, a adoptionTest) {
	_, ref := a.adopted(t)
	before := a.Describe(t, ref.Username)
	require.True(t, a.check(t, ref, a.fixture.PlacedPassword))
	for _, wrong := range []app.Secret{"", "wrong-Password1", "x-oauth-basic", a.fixture.PlacedPassword + "x", "with blank", "\x00", "密码密码"} {
		require.False(t, a.check(t, ref, wrong), "%q", wrong.Reveal())
	}
	require.Equal(t, before, a.Describe(t, ref.Username))
	for _, odd := range []app.Secret{"päss wörd 密码1", "colon:and/others?1"} {
		require.NoError(t, a.Directory.SetPassword(t.Context(), ref, odd))
		require.True(t, a.check(t, ref, odd), "%q", odd.Reveal())
	}
}

func adoptPasswordShutOut(t *testing.T, a adoptionTest) {
	_, ref := a.adopted(t)
	require.NoError(t, a.Directory.SetActive(t.Context(), ref, false))
	got, err := a.adopting.CheckPassword(t.Context(), ref, a.fixture.PlacedPassword)
	require.NoError(t, err)
	require.False(t, got.Right)
	_, ref = a.adopted(t)
	a.fixture.SecondFactor(t, ref.Username)
	got, err = a.adopting.CheckPassword(t.Context(), ref, a.fixture.PlacedPassword)
	require.NoError(t, err)
	require.False(t, got.Right)
}

func adoptPasswordForeign(t *testing.T, a adoptionTest) {
	_, ref := a.foreign(t)
	absent := a.account()
	for _, who := range []app.DirectoryRef{ref, {Username: ref.Username}, {AccountID: absent.AccountID, Username: absent.Username}} {
		got, err := a.adopting.CheckPassword(t.Context(), who, a.fixture.PlacedPassword)
		require.NoError(t, err)
		require.False(t, got.Right)
		require.NotEmpty(t, got.Hindrance)
	}
}

// adoptToken: Gitea takes a token in place of a password. A narrow one must not
// become the whole account.
func adoptToken(t *testing.T, a adoptionTest) {
	_, ref := a.adopted(t)
	token, err := a.Directory.CreateToken(t.Context(), ref, "accord-one")
	require.NoError(t, err)
	require.False(t, a.check(t, ref, token))
	_, other := a.adopted(t)
	require.False(t, a.check(t, other, token))
}

func adoptPasswordRenamed(t *testing.T, a adoptionTest) {
	_, ref := a.adopted(t)
	a.Rename(t, ref.Username, a.account().Username)
	require.True(t, a.check(t, ref, a.fixture.PlacedPassword))
}

func adoptCandidates(t *testing.T, a adoptionTest) {
	want := map[string]app.DirectoryCandidate{}
	add := func(set func(t *testing.T, username string), flag func(*app.DirectoryCandidate)) {
		v, ref := a.foreign(t)
		if set != nil {
			set(t, ref.Username)
		}
		c := app.DirectoryCandidate{DirectoryView: v}
		flag(&c)
		want[ref.Username] = c
	}
	add(nil, func(*app.DirectoryCandidate) {})
	add(a.fixture.Restrict, func(c *app.DirectoryCandidate) { c.Restricted = true })
	add(a.fixture.Deactivate, func(c *app.DirectoryCandidate) { c.Inactive, c.Active = true, false })
	add(a.fixture.Promote, func(c *app.DirectoryCandidate) { c.Admin = true })
	add(a.fixture.SecondFactor, func(c *app.DirectoryCandidate) { c.SecondFactor = true })
	add(func(t *testing.T, name string) { a.fixture.Login(t, name, "uid=other") }, func(c *app.DirectoryCandidate) { c.OtherLogin = true })
	add(func(t *testing.T, name string) { a.fixture.Login(t, name, name) }, func(*app.DirectoryCandidate) {})
	v, ref := a.adopted(t)
	v.Mark, v.Adopted = ref.AccountID, true
	want[ref.Username] = app.DirectoryCandidate{DirectoryView: v}
	org := a.account().Username
	a.PlaceOrganization(t, org)

	last := int64(0)
	for u, err := range a.adopting.EachCandidate(t.Context(), unpaced) {
		require.NoError(t, err)
		require.Greater(t, u.ID, last)
		require.NotEqual(t, org, u.Username)
		last = u.ID
		if c, asked := want[u.Username]; asked {
			require.Equal(t, c, u)
			delete(want, u.Username)
		}
	}
	require.Empty(t, want)
	for _, err := range a.adopting.EachCandidate(t.Context(), func(context.Context) error { return context.Canceled }) {
		require.ErrorIs(t, err, context.Canceled)
	}
}

func adoptOrganizations(t *testing.T, a adoptionTest) {
	want := map[string]bool{}
	for range 60 { // more than a page
		name := a.account().Username
		a.PlaceOrganization(t, name)
		want[name] = true
	}
	_, ref := a.foreign(t)
	for name, err := range a.adopting.EachOrganization(t.Context(), unpaced) {
		require.NoError(t, err)
		require.NotEqual(t, ref.Username, name)
		delete(want, name)
	}
	require.Empty(t, want)
	org := a.account().Username
	a.PlaceOrganization(t, org)
	for name, there := range map[string]bool{ref.Username: true, org: true, a.account().Username: false, "..": false, "": false} {
		found, err := a.adopting.Exists(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, there, found, name)
	}
}
