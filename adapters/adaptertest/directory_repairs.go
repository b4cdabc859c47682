package adaptertest

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/app/reconcile"
	"accord/saga"
)

// RepairedDirectory is a directory that can be compared and repaired.
type RepairedDirectory interface {
	app.Directory
	app.DirectoryRepairs
	reconcile.Directory
}

// DirectoryRepairs runs the conformance suite of app.DirectoryRepairs and
// reconcile.Directory. The fixture's directory must be a RepairedDirectory; it
// may be the one that Directory runs on.
func DirectoryRepairs(t *testing.T, fixture func(t *testing.T) DirectoryFixture) {
	tests := map[string]func(*testing.T, repairTest){
		"every user is listed by number":         repairListing,
		"a listing keeps to the pace":            repairPace,
		"a user is found by number":              repairNumbered,
		"users are found by their mark":          repairMarked,
		"tokens of sessions are listed":          repairTokens,
		"second addresses are listed":            repairSeconds,
		"a user is renamed":                      repairRename,
		"a user whose name another has":          repairSwapped,
		"a token of one of two with a mark":      repairTwins,
		"a name of another is not taken over":    repairRenameTaken,
		"nobody else is renamed":                 repairRenameForeign,
		"a mark is put on and taken off":         repairMark,
		"another's mark stays":                   repairMarkForeign,
		"a mark goes by number and name":         repairMarkNamed,
		"repairs whose context has ended":        repairEnded,
		"a mark that many put on at once is one": repairMarkTogether,
	}
	var names atomic.Int64
	names.Store(5_000_000) // apart from those of Directory
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := fixture(t)
			directory, ok := f.Directory.(RepairedDirectory)
			require.True(t, ok)
			test(t, repairTest{directoryTest{f, &names}, directory})
		})
	}
}

type repairTest struct {
	directoryTest
	repaired RepairedDirectory
}

func unpaced(context.Context) error { return nil }

// seen is how the user is listed.
func (r repairTest) seen(t *testing.T, username string) app.DirectoryView {
	t.Helper()
	for u, err := range r.repaired.EachUser(t.Context(), unpaced) {
		require.NoError(t, err)
		if app.FoldKey(u.Username) == app.FoldKey(username) {
			return u
		}
	}
	require.Fail(t, "not listed", username)
	return app.DirectoryView{}
}

func repairListing(t *testing.T, r repairTest) {
	u := r.account()
	id, err := r.Directory.CreateUser(t.Context(), u)
	require.NoError(t, err)
	profile := app.DirectoryProfile{FullName: "Full", Description: "d", Website: "http://a.test", Location: "l"}
	require.NoError(t, r.Directory.SetProfile(t.Context(), app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}, profile))
	require.NoError(t, r.Directory.SetActive(t.Context(), app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}, false))
	foreign, org := r.account(), r.account()
	r.PlaceUser(t, foreign.Username, foreign.Email)
	r.PlaceOrganization(t, org.Username)
	for range 60 { // more than a page
		r.created(t)
	}

	var all []app.DirectoryView
	for u, err := range r.repaired.EachUser(t.Context(), unpaced) {
		require.NoError(t, err)
		all = append(all, u)
	}
	require.True(t, slices.IsSortedFunc(all, func(a, b app.DirectoryView) int { return int(a.ID - b.ID) }))
	at := slices.IndexFunc(all, func(v app.DirectoryView) bool { return v.ID == id })
	require.GreaterOrEqual(t, at, 0)
	require.Equal(t, app.FoldKey(u.Email), app.FoldKey(all[at].Email))
	all[at].Email = ""
	require.Equal(t, app.DirectoryView{ID: id, Username: u.Username, Mark: u.AccountID, Profile: profile}, all[at])
	require.Empty(t, r.seen(t, foreign.Username).Mark)
	require.True(t, r.seen(t, foreign.Username).Active)
	require.False(t, slices.ContainsFunc(all, func(v app.DirectoryView) bool { return v.Username == org.Username }), "an organization")
}

func repairPace(t *testing.T, r repairTest) {
	for range 60 {
		r.created(t)
	}
	asked := 0
	for _, err := range r.repaired.EachUser(t.Context(), func(context.Context) error { asked++; return nil }) {
		require.NoError(t, err)
	}
	require.Positive(t, asked)
	for _, err := range r.repaired.EachUser(t.Context(), func(context.Context) error { return context.Canceled }) {
		require.ErrorIs(t, err, context.Canceled)
	}
}

func repairNumbered(t *testing.T, r repairTest) {
	u := r.created(t)
	want := r.seen(t, u.Username)
	got, found, err := r.repaired.UserNumbered(t.Context(), want.ID)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, want, got)
	for _, id := range []int64{0, -1, 1 << 40} {
		_, found, err = r.repaired.UserNumbered(t.Context(), id)
		require.NoError(t, err)
		require.False(t, found)
	}
}

func repairMarked(t *testing.T, r repairTest) {
	u := r.created(t)
	r.created(t)
	marked, err := r.repaired.UsersMarked(t.Context(), u.AccountID)
	require.NoError(t, err)
	require.Equal(t, []app.DirectoryView{r.seen(t, u.Username)}, marked)
	for _, id := range []string{"", "99999999999999", u.AccountID[:13]} {
		marked, err = r.repaired.UsersMarked(t.Context(), id)
		require.NoError(t, err)
		require.Empty(t, marked)
	}
}

func repairTokens(t *testing.T, r repairTest) {
	u := r.created(t)
	ours := []string{"accord-a2345678901234567890123456", "accord-b2345678901234567890123456"}
	for _, name := range append(ours, "accord-ci", "laptop") {
		_, err := r.Directory.CreateToken(t.Context(), ref(u), name)
		require.NoError(t, err)
	}
	names, err := r.repaired.SessionTokens(t.Context(), u.Username)
	require.NoError(t, err)
	require.ElementsMatch(t, ours, names)
	names, err = r.repaired.SessionTokens(t.Context(), r.account().Username)
	require.NoError(t, err)
	require.Empty(t, names)
}

func repairRename(t *testing.T, r repairTest) {
	u, wanted := r.created(t), r.account()
	id := r.seen(t, u.Username).ID
	ref := app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}
	require.NoError(t, r.repaired.RenameUser(t.Context(), ref, wanted.Username))
	require.Equal(t, id, r.seen(t, wanted.Username).ID)
	require.NoError(t, r.repaired.RenameUser(t.Context(), ref, wanted.Username), "by the former name, again")
	require.NoError(t, r.repaired.RenameUser(t.Context(), app.DirectoryRef{AccountID: u.AccountID, Username: wanted.Username}, u.Username))
	require.Equal(t, id, r.seen(t, u.Username).ID)
}

// repairSwapped: who is told again, after somebody else has his former name, is
// found by the mark.
func repairSwapped(t *testing.T, r repairTest) {
	u, other, wanted := r.created(t), r.created(t), r.account().Username
	id, theirs := r.seen(t, u.Username).ID, r.seen(t, other.Username).ID
	require.NoError(t, r.repaired.RenameUser(t.Context(), ref(u), wanted))
	require.NoError(t, r.repaired.RenameUser(t.Context(), ref(other), u.Username))
	require.NoError(t, r.repaired.RenameUser(t.Context(), ref(u), wanted), "again")
	require.Equal(t, id, r.seen(t, wanted).ID)
	require.NoError(t, r.repaired.RenameUser(t.Context(), ref(u), other.Username), "by the mark")
	require.Equal(t, id, r.seen(t, other.Username).ID)
	require.Equal(t, theirs, r.seen(t, u.Username).ID)
}

// repairTwins: a token is ended whichever of the users has it that bear the mark.
func repairTwins(t *testing.T, r repairTest) {
	u, twin := r.created(t), r.account()
	token, err := r.Directory.CreateToken(t.Context(), ref(u), "accord-one")
	require.NoError(t, err)
	r.Rename(t, u.Username, r.account().Username)
	r.PlaceUser(t, u.Username, twin.Email)
	require.NoError(t, r.repaired.MarkUser(t.Context(), r.seen(t, u.Username).ID, ref(u)))
	require.NotEmpty(t, r.TokenOwner(t, token))
	require.NoError(t, r.Directory.DeleteToken(t.Context(), ref(u), "accord-one"))
	require.Empty(t, r.TokenOwner(t, token))
}

func repairRenameTaken(t *testing.T, r repairTest) {
	u, other, org := r.created(t), r.created(t), r.account()
	r.PlaceOrganization(t, org.Username)
	before := r.Describe(t, u.Username)
	ref := app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}
	requireTaken(t, r.repaired.RenameUser(t.Context(), ref, other.Username), app.UserTaken, other.Username, other.AccountID)
	requireTaken(t, r.repaired.RenameUser(t.Context(), ref, org.Username), app.UserTaken, org.Username, "")
	require.Equal(t, before, r.Describe(t, u.Username))
}

func repairRenameForeign(t *testing.T, r repairTest) {
	foreign, wanted := r.account(), r.account()
	r.PlaceUser(t, foreign.Username, foreign.Email)
	for _, id := range []string{"", wanted.AccountID} {
		err := r.repaired.RenameUser(t.Context(), app.DirectoryRef{AccountID: id, Username: foreign.Username}, wanted.Username)
		require.True(t, saga.IsRefused(err), "%v", err)
	}
	require.NotEmpty(t, r.Describe(t, foreign.Username))
}

func repairMark(t *testing.T, r repairTest) {
	u := r.account()
	r.PlaceUser(t, u.Username, u.Email)
	before := r.seen(t, u.Username)
	id := before.ID
	ref := app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}
	for range 2 {
		require.NoError(t, r.repaired.MarkUser(t.Context(), id, ref))
		require.Equal(t, u.AccountID, r.MarkOf(t, u.Username))
	}
	for range 2 {
		require.NoError(t, r.repaired.UnmarkUser(t.Context(), id, ref))
		require.Empty(t, r.MarkOf(t, u.Username))
	}
	require.Equal(t, before, r.seen(t, u.Username), "nothing else changed")
	require.NoError(t, r.repaired.UnmarkUser(t.Context(), 1<<40, ref), "an absent user has no mark")
	require.True(t, saga.IsRefused(r.repaired.MarkUser(t.Context(), 1<<40, ref)))
}

func repairMarkForeign(t *testing.T, r repairTest) {
	u, other := r.created(t), r.account()
	id := r.seen(t, u.Username).ID
	ref := app.DirectoryRef{AccountID: other.AccountID, Username: u.Username}
	require.True(t, saga.IsRefused(r.repaired.MarkUser(t.Context(), id, ref)))
	require.True(t, saga.IsRefused(r.repaired.UnmarkUser(t.Context(), id, ref)))
	require.True(t, saga.IsRefused(r.repaired.UnmarkUser(t.Context(), id, app.DirectoryRef{Username: u.Username})))
	require.Equal(t, u.AccountID, r.MarkOf(t, u.Username))
}

func repairMarkNamed(t *testing.T, r repairTest) {
	u, other := r.account(), r.account()
	r.PlaceUser(t, u.Username, u.Email)
	id := r.seen(t, u.Username).ID
	err := r.repaired.MarkUser(t.Context(), id, app.DirectoryRef{AccountID: u.AccountID, Username: other.Username})
	require.True(t, saga.IsRefused(err), "%v", err)
	require.Empty(t, r.MarkOf(t, u.Username))
}

func repairEnded(t *testing.T, r repairTest) {
	u := r.created(t)
	before := r.Describe(t, u.Username)
	ctx, end := context.WithCancel(t.Context())
	end()
	ref := app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}
	require.True(t, saga.IsRefused(r.repaired.RenameUser(ctx, ref, r.account().Username)))
	require.True(t, saga.IsRefused(r.repaired.UnmarkUser(ctx, 1, ref)))
	for _, err := range r.repaired.EachUser(ctx, unpaced) {
		require.Error(t, err)
	}
	require.Equal(t, before, r.Describe(t, u.Username))
}

func repairMarkTogether(t *testing.T, r repairTest) {
	u := r.account()
	r.PlaceUser(t, u.Username, u.Email)
	id := r.seen(t, u.Username).ID
	failed := make(chan error)
	for range 8 {
		go func() {
			failed <- r.repaired.MarkUser(t.Context(), id, app.DirectoryRef{AccountID: u.AccountID, Username: u.Username})
		}()
	}
	for range 8 {
		require.NoError(t, <-failed)
	}
	require.Equal(t, u.AccountID, r.MarkOf(t, u.Username))
}
