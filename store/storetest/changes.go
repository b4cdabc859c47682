package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// tombstones are the statuses of accounts that nothing is stored in any more.
var tombstones = []app.Status{app.Deleted, app.Abandoned}

func load(t *testing.T, d *database, id string) app.Account {
	t.Helper()
	a, err := d.Accounts.ByID(t.Context(), id)
	require.NoError(t, err)
	return a
}

// live reports whether the session is open.
func live(t *testing.T, d *database, s app.Session) bool {
	t.Helper()
	_, _, err := d.Sessions.Live(t.Context(), s.ID, at(0))
	if err != nil {
		requireKind(t, app.TokenInvalid, err)
	}
	return err == nil
}

func accountStillAt(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	require.NoError(t, d.Accounts.StillAt(t.Context(), a.ID, a.CredentialEpoch))
	requireKind(t, app.BadCredentials, d.Accounts.StillAt(t.Context(), a.ID, a.CredentialEpoch+1))
	requireKind(t, app.BadCredentials, d.Accounts.StillAt(t.Context(), a.ID, a.CredentialEpoch-1))
	requireKind(t, app.BadCredentials, d.Accounts.StillAt(t.Context(), accountID(9), 0))
	for _, status := range []app.Status{app.Reserved, app.Paused, app.Locked, app.Stopped, app.Leaving, app.Deleted, app.Abandoned} {
		d.setStatus(t, a.ID, status)
		requireKind(t, app.BadCredentials, d.Accounts.StillAt(t.Context(), a.ID, a.CredentialEpoch))
		if status == app.Leaving {
			require.NoError(t, d.Accounts.MayBury(t.Context(), a.ID))
			continue
		}
		requireKind(t, app.NotFound, d.Accounts.MayBury(t.Context(), a.ID))
	}
	requireKind(t, app.NotFound, d.Accounts.MayBury(t.Context(), accountID(9)))
}

// accountStillAtHolds changes the password while a transaction that looked at
// the credentials is not over: the change has to wait for its end.
func accountStillAtHolds(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	changed := make(chan error, 1)
	require.NoError(t, d.Journal.Begin(t.Context(), writing(running("saga"), func(ctx context.Context) error {
		require.NoError(t, d.Accounts.StillAt(ctx, a.ID, a.CredentialEpoch))
		go func() {
			_, err := d.Accounts.SetPassword(context.Background(), a.ID, "later", "", at(time.Hour))
			changed <- err
		}()
		// It gets ahead, if at all, in less time than this transaction's other work.
		for range 50 {
			if err := d.Accounts.StillAt(ctx, a.ID, a.CredentialEpoch); err != nil {
				return err
			}
		}
		require.Empty(t, changed)
		_, err := d.Accounts.SetProfile(ctx, a.ID, app.Profile{Nickname: "earlier"}, at(time.Minute))
		return err
	})))
	require.NoError(t, <-changed)
	got := load(t, d, a.ID)
	require.Equal(t, "earlier", got.Nickname)
	require.Equal(t, at(time.Hour), got.UpdatedAt, "the password came second")
}

func accountProfile(t *testing.T, d *database) {
	a, other := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	p := app.Profile{Nickname: "爱丽丝", AvatarURL: "https://a.example/é.png", Description: "d", Website: "https://w.example", Location: "杭州"}
	old, err := d.Accounts.SetProfile(t.Context(), a.ID, p, at(time.Hour))
	require.NoError(t, err)
	requireEqual(t, a.Profile, old)
	want := a
	want.Profile, want.UpdatedAt = p, at(time.Hour)
	requireEqual(t, want, load(t, d, a.ID))
	requireEqual(t, other, load(t, d, other.ID))

	old, err = d.Accounts.SetProfile(t.Context(), a.ID, app.Profile{}, at(2*time.Hour))
	require.NoError(t, err)
	requireEqual(t, p, old)
	require.Zero(t, load(t, d, a.ID).Profile)

	_, err = d.Accounts.SetProfile(t.Context(), accountID(9), p, at(0))
	requireKind(t, app.NotFound, err)
	for _, status := range tombstones {
		d.setStatus(t, a.ID, status)
		_, err = d.Accounts.SetProfile(t.Context(), a.ID, p, at(0))
		requireKind(t, app.NotFound, err)
		require.Zero(t, load(t, d, a.ID).Profile)
	}
}

func accountPassword(t *testing.T, d *database) {
	a, other := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	keep := opened(t, d, newSession("keep", a))
	second, third := opened(t, d, newSession("second", a)), opened(t, d, newSession("third", a))
	ended := opened(t, d, newSession("ended", a))
	require.NoError(t, d.Sessions.Close(t.Context(), ended.ID, at(0)))
	reserved := newSession("reserved", a)
	require.NoError(t, d.Sessions.Reserve(t.Context(), reserved))
	others := opened(t, d, newSession("others", other))

	closed, err := d.Accounts.SetPassword(t.Context(), a.ID, "another hash", keep.ID, at(time.Hour))
	require.NoError(t, err)
	requireEqual(t, []app.Session{second, third}, closed)
	want := a
	want.PasswordHash, want.CredentialEpoch, want.UpdatedAt = "another hash", a.CredentialEpoch+1, at(time.Hour)
	requireEqual(t, want, load(t, d, a.ID))
	kept, _, err := d.Sessions.Live(t.Context(), keep.ID, at(0))
	require.NoError(t, err)
	require.Equal(t, want.CredentialEpoch, kept.CredentialEpoch, "it goes on")
	require.False(t, live(t, d, second))
	require.False(t, live(t, d, third))
	require.True(t, live(t, d, others))
	requireKind(t, app.BadCredentials, d.Sessions.Open(t.Context(), reserved.ID, at(0)))
	require.NoError(t, d.Sessions.Reserve(t.Context(), reserved), "it is gone")

	closed, err = d.Accounts.SetPassword(t.Context(), a.ID, "a third hash", "", at(2*time.Hour))
	require.NoError(t, err)
	keep.CredentialEpoch = want.CredentialEpoch
	requireEqual(t, []app.Session{keep}, closed)
	require.False(t, live(t, d, keep))

	// Another's session is nothing to keep, nor to lift.
	closed, err = d.Accounts.SetPassword(t.Context(), a.ID, "a fourth hash", others.ID, at(2*time.Hour))
	require.NoError(t, err)
	require.Empty(t, closed)
	stayed, _, err := d.Sessions.Live(t.Context(), others.ID, at(0))
	require.NoError(t, err)
	require.Equal(t, other.CredentialEpoch, stayed.CredentialEpoch)
	requireEqual(t, other, load(t, d, other.ID))

	_, err = d.Accounts.SetPassword(t.Context(), accountID(9), "hash", "", at(0))
	requireKind(t, app.NotFound, err)
	for _, status := range tombstones {
		d.setStatus(t, a.ID, status)
		_, err = d.Accounts.SetPassword(t.Context(), a.ID, "hash", "", at(0))
		requireKind(t, app.NotFound, err)
	}
}

// accountPasswordRace opens sessions while the password changes: none that was
// signed in with the old one may stay.
func accountPasswordRace(t *testing.T, d *database) {
	replica := d.replica(t)
	outcomes := map[bool]int{}
	for i := range 60 {
		a := normal(t, d, i, fmt.Sprint("user", i))
		s := newSession(fmt.Sprint("s", i), a)
		require.NoError(t, d.Sessions.Reserve(t.Context(), s))
		var closed []app.Session
		results := race(2, func(who int) (err error) {
			if who == 0 {
				return replica.Sessions.Open(context.Background(), s.ID, at(0))
			}
			closed, err = d.Accounts.SetPassword(context.Background(), a.ID, "another hash", "", at(0))
			return err
		})
		require.NoError(t, results[1])
		if results[0] == nil {
			requireEqual(t, []app.Session{s}, closed)
		} else {
			requireKind(t, app.BadCredentials, results[0])
			require.Empty(t, closed)
		}
		require.False(t, live(t, d, s))
		outcomes[results[0] == nil]++
	}
	t.Logf("opened before the change: %d, refused after it: %d", outcomes[true], outcomes[false])
}

func accountMobile(t *testing.T, d *database) {
	a, b := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	set := func(id, country, mobile string) error {
		return d.Accounts.SetMobile(t.Context(), id, country, mobile, at(time.Hour))
	}
	for range 2 {
		require.NoError(t, set(a.ID, "86", "13800000000"))
	}
	want := a
	want.Country, want.Mobile, want.UpdatedAt = "86", "13800000000", at(time.Hour)
	requireEqual(t, want, load(t, d, a.ID))
	requireKind(t, app.MobileTaken, set(b.ID, "86", "13800000000"))
	requireEqual(t, b, load(t, d, b.ID))
	require.NoError(t, set(b.ID, "852", "13800000000"), "of another country")
	require.NoError(t, set(a.ID, "86", "13900000000"))
	require.NoError(t, set(b.ID, "86", "13800000000"), "it is free again")

	require.NoError(t, set(a.ID, "1", "2425550100"))
	requireKind(t, app.MobileTaken, set(b.ID, "1242", "5550100"))
	for _, id := range []string{a.ID, b.ID} {
		require.NoError(t, set(id, "", ""), "any number of accounts has none")
	}
	adopted := newAccount(3, "carol", "carol@example.com")
	adopted.Country, adopted.Mobile = "1", "2425550100"
	require.NoError(t, d.Accounts.Reserve(t.Context(), adopted))
	requireKind(t, app.MobileTaken, set(a.ID, "1", "2425550100"))
	adopted.ID, adopted.UserID, adopted.Username, adopted.Email = accountID(4), 4, "dave", "dave@example.com"
	requireKind(t, app.MobileTaken, d.Accounts.Reserve(t.Context(), adopted))
	require.NoError(t, d.Accounts.Abandon(t.Context(), accountID(3), at(0)))
	require.NoError(t, set(a.ID, "1", "2425550100"))

	requireKind(t, app.NotFound, set(accountID(9), "86", "13800000001"))
	for _, status := range tombstones {
		d.setStatus(t, b.ID, status)
		requireKind(t, app.NotFound, set(b.ID, "86", "13800000001"))
	}
}

func accountMobileRace(t *testing.T, d *database) {
	raceAccounts(t, d, app.MobileTaken, func(accounts app.Accounts, a app.Account, _ int) error {
		return accounts.SetMobile(context.Background(), a.ID, "86", "13800000000", at(0))
	})
	bound := 0
	for i := range racers {
		if load(t, d, accountID(i)).Mobile != "" {
			bound++
		}
	}
	require.Equal(t, 1, bound)
}

// raceAccounts lets many accounts, on two replicas, want one thing: one gets it.
func raceAccounts(t *testing.T, d *database, loser app.Kind, want func(accounts app.Accounts, a app.Account, i int) error) {
	t.Helper()
	stores := []app.Accounts{d.Accounts, d.replica(t).Accounts}
	all := make([]app.Account, racers)
	for i := range all {
		all[i] = normal(t, d, i, fmt.Sprint("user", i))
	}
	requireOneWinner(t, loser, race(racers, func(i int) error { return want(stores[i%2], all[i], i) }))
}

func requireOneWinner(t *testing.T, loser app.Kind, results []error) {
	t.Helper()
	var winners int
	for _, err := range results {
		if err == nil {
			winners++
			continue
		}
		requireKind(t, loser, err)
	}
	require.Equal(t, 1, winners, "%v", errors.Join(results...))
}

func mobileFound(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	_, err := d.Mobiles.ByMobile(t.Context(), "86", "13800138000")
	requireKind(t, app.NotFound, err)
	require.NoError(t, d.Accounts.SetMobile(t.Context(), a.ID, "86", "13800138000", at(0)))
	found, err := d.Mobiles.ByMobile(t.Context(), "86", "13800138000")
	require.NoError(t, err)
	require.Equal(t, a.ID, found.ID)
	for _, number := range [][2]string{{"", ""}, {"86", ""}, {"852", "13800138000"}, {"86", "13800138001"}} {
		_, err := d.Mobiles.ByMobile(t.Context(), number[0], number[1])
		requireKind(t, app.NotFound, err)
	}
}
