package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// wholeAttributes has something in every field.
var wholeAttributes = app.Attributes{
	Gender: app.Female, Birthday: time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), Sign: "签名", Cover: "http://a.test/c.png",
	RealName: "1", Identity: "2", Anonym: "3", Company: "4", Occupation: "5", Address: "6", Zipcode: "7", Education: "8",
	University: "9", Major: "10", IDCardType: "11", IDCard: "12", QQ: "13", Introduce: "14", Remark: "15", Source: "16",
	InvitedBy: "17", CorpName: "18", DeptName: "19",
	CorpID: -20, DeptID: 21, Push: 22, Alert: 23,
}

// hidden are the statuses of accounts that others do not find.
var hidden = []app.Status{app.Reserved, app.Leaving, app.Deleted, app.Abandoned}

func peopleFound(t *testing.T, d *database) {
	ctx := t.Context()
	a, b := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	require.NoError(t, d.People.SetAttributes(ctx, a.ID, wholeAttributes, a.UpdatedAt))
	want := app.Person{Account: a, Attributes: wholeAttributes}
	finders := map[string]func() (app.Person, error){
		"user id":  func() (app.Person, error) { return d.People.ByUserID(ctx, a.UserID) },
		"name":     func() (app.Person, error) { return d.People.ByUsername(ctx, "ALICE") },
		"nickname": func() (app.Person, error) { return d.People.ByNickname(ctx, "alice") },
	}
	for name, find := range finders {
		got, err := find()
		require.NoError(t, err, name)
		requireEqual(t, want, got)
	}
	_, err := d.People.ByUserID(ctx, 1)
	requireKind(t, app.NotFound, err)
	_, err = d.People.ByNickname(ctx, "ALICE")
	requireKind(t, app.NotFound, err)
	_, err = d.Accounts.SetProfile(ctx, b.ID, app.Profile{Nickname: "alice"}, at(0))
	require.NoError(t, err)
	found, err := d.People.ByNickname(ctx, "alice")
	require.NoError(t, err)
	requireEqual(t, want, found)
	d.setStatus(t, a.ID, app.Leaving)
	found, err = d.People.ByNickname(ctx, "alice")
	require.NoError(t, err, "the other one is not there any more")
	require.Equal(t, b.ID, found.Account.ID)
	d.setStatus(t, a.ID, app.Normal)
	d.setStatus(t, b.ID, app.Leaving)

	for _, status := range []app.Status{app.Paused, app.Locked, app.Stopped} {
		d.setStatus(t, a.ID, status)
		_, err = d.People.ByUserID(ctx, a.UserID)
		require.NoError(t, err, status)
	}
	for _, status := range hidden {
		d.setStatus(t, a.ID, status)
		for name, find := range finders {
			_, err := find()
			require.Equal(t, app.NotFound, app.KindOf(err), "%s by %s", status, name)
		}
	}
}

func peoplePages(t *testing.T, d *database) {
	all := make([]app.Person, 5)
	for i := range all {
		all[i].Account = normal(t, d, i, fmt.Sprint("user", i))
	}
	for i, status := range hidden {
		d.setStatus(t, normal(t, d, 10+i, fmt.Sprint("hidden", i)).ID, status)
	}
	page := func(offset int) []app.Person {
		got, total, err := d.People.Page(t.Context(), app.PeopleQuery{Offset: offset, Limit: 2})
		require.NoError(t, err)
		require.Equal(t, 5, total)
		return got
	}
	requireEqual(t, all[:2], page(0))
	requireEqual(t, all[2:4], page(2))
	requireEqual(t, all[4:], page(4))
	require.Empty(t, page(6))

	last, err := d.People.LastSignIn(t.Context(), all[0].Account.ID)
	require.NoError(t, err)
	require.Zero(t, last)
	s := newSession("s", all[0].Account)
	require.NoError(t, d.Sessions.Reserve(t.Context(), s))
	require.NoError(t, d.Sessions.Open(t.Context(), s.ID, at(time.Minute)))
	last, err = d.People.LastSignIn(t.Context(), all[0].Account.ID)
	require.NoError(t, err)
	require.Equal(t, at(time.Minute), last)
}

func peopleSearch(t *testing.T, d *database) {
	alice, bob, carol := normal(t, d, 1, "alice"), normal(t, d, 2, "b_b"), normal(t, d, 3, "Carol")
	_, err := d.Accounts.SetProfile(t.Context(), bob.ID, app.Profile{Nickname: "100% 小明!"}, at(0))
	require.NoError(t, err)
	dana := normal(t, d, 4, "dana")
	// Letters that databases fold differently, or not at all.
	_, err = d.Accounts.SetProfile(t.Context(), dana.ID, app.Profile{Nickname: "Иван Ärger ẞ Ⴀ 𐐀"}, at(0))
	require.NoError(t, err)
	const address = "Größe.Ⴁ@Example.org"
	require.NoError(t, d.Accounts.ReserveEmail(t.Context(), dana.ID, address))
	require.NoError(t, d.Accounts.ChangeEmail(t.Context(), dana.ID, address, at(0)))
	emil := newAccount(5, "emil", "emil@example.net")
	emil.Nickname = "Émile"
	require.NoError(t, d.Accounts.Reserve(t.Context(), emil))
	require.NoError(t, d.Accounts.Activate(t.Context(), emil.ID, activation()))
	for keyword, want := range map[string][]app.Account{
		"иван": {dana}, "ИВАН": {dana}, "ärg": {dana}, "ÄRG": {dana}, "ß": {dana}, "ẞ": {dana}, "ⴀ": {dana}, "Ⴀ": {dana}, "𐐨": {dana},
		"GRÖSSE": nil, "gröẞe": {dana}, "ⴁ@EXAMPLE": {dana}, "dana@": nil, "éMI": {emil}, "ivan": nil, "arger": nil,
		"ALI": {alice}, "aro": {carol}, "小明": {bob}, "100%": {bob}, "%": {bob}, "_": {bob}, "!": {bob}, "b_b@": {bob},
		"EXAMPLE.com": {alice, bob, carol}, "nobody": nil, "' OR 1=1": nil, "\\": nil,
		alice.ID: {alice}, fmt.Sprint(carol.UserID): {carol}, alice.ID[:13]: nil, "99999999999999999999": nil,
	} {
		found, total, err := d.People.Page(t.Context(), app.PeopleQuery{Keyword: keyword, Limit: 10})
		require.NoError(t, err, keyword)
		require.Len(t, found, len(want), keyword)
		require.Equal(t, len(want), total, keyword)
		for i := range want {
			require.Equal(t, want[i].ID, found[i].Account.ID, keyword)
		}
	}
}

func peopleAttributes(t *testing.T, d *database) {
	ctx := t.Context()
	a, b := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	profile, attributes, err := d.People.Hold(ctx, a.ID)
	require.NoError(t, err)
	requireEqual(t, a.Profile, profile)
	requireEqual(t, app.Attributes{}, attributes)
	for range 2 {
		require.NoError(t, d.People.SetAttributes(ctx, a.ID, wholeAttributes, at(time.Hour)))
		_, attributes, err = d.People.Hold(ctx, a.ID)
		require.NoError(t, err)
		requireEqual(t, wholeAttributes, attributes)
	}
	require.Equal(t, at(time.Hour), load(t, d, a.ID).UpdatedAt)
	requireEqual(t, b, load(t, d, b.ID))
	require.NoError(t, d.People.SetAttributes(ctx, a.ID, app.Attributes{}, at(0)))
	_, attributes, err = d.People.Hold(ctx, a.ID)
	require.NoError(t, err)
	require.Zero(t, attributes)

	require.NoError(t, d.Accounts.VerifyEmail(ctx, a.ID, a.Email, at(0)))
	for range 2 {
		require.NoError(t, d.People.HoldEmail(ctx, a.ID, at(time.Hour)))
		held := load(t, d, a.ID)
		require.False(t, held.EmailVerified)
		require.True(t, held.EmailHeld)
	}
	require.NoError(t, d.Accounts.VerifyEmail(ctx, a.ID, a.Email, at(0)))
	require.False(t, load(t, d, a.ID).EmailHeld)

	requireKind(t, app.NotFound, d.People.SetAttributes(ctx, accountID(9), wholeAttributes, at(0)))
	for _, status := range tombstones {
		d.setStatus(t, a.ID, status)
		requireKind(t, app.NotFound, d.People.SetAttributes(ctx, a.ID, wholeAttributes, at(0)))
		_, _, err = d.People.Hold(ctx, a.ID)
		requireKind(t, app.NotFound, err)
	}
}
