package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/store"
)

func leave(t *testing.T, d *database) {
	a, other := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	first, second := opened(t, d, newSession("first", a)), opened(t, d, newSession("second", a))
	reserved := newSession("reserved", a)
	require.NoError(t, d.Sessions.Reserve(t.Context(), reserved))
	others := opened(t, d, newSession("others", other))

	closed, err := d.Accounts.Leave(t.Context(), a.ID, at(time.Hour), at(time.Second))
	require.NoError(t, err)
	requireEqual(t, []app.Session{first, second}, closed)
	want := a
	want.Status, want.CredentialEpoch, want.UpdatedAt = app.Leaving, a.CredentialEpoch+1, at(time.Second)
	want.LeavingUntil = at(time.Hour)
	requireEqual(t, want, load(t, d, a.ID))
	require.False(t, live(t, d, first))
	requireKind(t, app.BadCredentials, d.Sessions.Open(t.Context(), reserved.ID, at(0)))
	require.True(t, live(t, d, others))
	requireKind(t, app.UserTaken, d.Accounts.Reserve(t.Context(), newAccount(3, "alice", "x@example.com")))
	requireKind(t, app.EmailTaken, d.Accounts.Reserve(t.Context(), newAccount(3, "carol", a.Email)))

	_, err = d.Accounts.Leave(t.Context(), a.ID, at(24*time.Hour), at(time.Minute))
	require.NoError(t, err)
	requireEqual(t, want, load(t, d, a.ID))
	requireDeparted(t, d, at(time.Hour), 10, want)

	_, err = d.Accounts.Leave(t.Context(), accountID(9), at(0), at(0))
	requireKind(t, app.BadCredentials, err)
	for _, status := range []app.Status{app.Reserved, app.Paused, app.Locked, app.Stopped, app.Deleted, app.Abandoned} {
		d.setStatus(t, other.ID, status)
		_, err = d.Accounts.Leave(t.Context(), other.ID, at(0), at(0))
		requireKind(t, app.BadCredentials, err)
		require.Equal(t, status, load(t, d, other.ID).Status)
	}
}

func requireDeparted(t *testing.T, d *database, now time.Time, limit int, want ...app.Account) {
	t.Helper()
	got, err := d.Accounts.Departed(t.Context(), now, limit)
	require.NoError(t, err)
	require.Len(t, got, len(want))
	for i := range want {
		requireEqual(t, want[i], got[i])
	}
}

func departed(t *testing.T, d *database) {
	leaving := map[string]app.Account{}
	for i, c := range []struct {
		name  string
		until time.Duration
	}{{"second", 2 * time.Second}, {"first", time.Second}, {"third", 2*time.Second + time.Microsecond}, {"back", 0}, {"buried", 0}} {
		a := normal(t, d, i, c.name)
		_, err := d.Accounts.Leave(t.Context(), a.ID, at(c.until), at(0))
		require.NoError(t, err)
		leaving[c.name] = load(t, d, a.ID)
	}
	normal(t, d, 9, "stays")
	require.NoError(t, d.Accounts.ComeBack(t.Context(), leaving["back"].ID, at(0)))
	require.NoError(t, d.Accounts.Bury(t.Context(), leaving["buried"].ID, at(0)))
	requireDeparted(t, d, at(time.Second-time.Microsecond), 10)
	requireDeparted(t, d, at(2*time.Second), 10, leaving["first"], leaving["second"])
	requireDeparted(t, d, at(time.Hour), 10, leaving["first"], leaving["second"], leaving["third"])
	requireDeparted(t, d, at(time.Hour), 2, leaving["first"], leaving["second"])
}

// departedUnreadable has an account that cannot be opened, and one that only
// another key opens.
func departedUnreadable(t *testing.T, d *database) {
	var all []app.Account
	for i := range 3 {
		all = append(all, leaving(t, d, i))
	}
	d.exec(t, "UPDATE accounts SET storage_secret = ? WHERE id = ?", []byte("not sealed"), all[0].ID)
	requireDeparted(t, d, at(time.Hour), 1, all[1])
	requireDeparted(t, d, at(time.Hour), 10, all[1], all[2])

	other := openStore(t, store.Options{Driver: d.options.Driver, DSN: d.options.DSN, Sealer: NewSealer()})
	require.NoError(t, other.Accounts.Reserve(t.Context(), newAccount(10, "readable", "readable@example.com")))
	d.setStatus(t, accountID(10), app.Leaving)
	readable, err := other.Accounts.Departed(t.Context(), at(time.Hour), 10)
	require.NoError(t, err, "what cannot be opened holds nobody up")
	require.Len(t, readable, 1)
	require.Equal(t, accountID(10), readable[0].ID)
}

// leaving makes an account whose grace period ends n nanoseconds after the
// suite's first moment.
func leaving(t *testing.T, d *database, n int) app.Account {
	t.Helper()
	a := normal(t, d, n, fmt.Sprint("user", n))
	_, err := d.Accounts.Leave(t.Context(), a.ID, at(time.Duration(n)), at(0))
	require.NoError(t, err)
	return load(t, d, a.ID)
}

// A purge that does not get on holds nobody up.
func departedHeld(t *testing.T, d *database) {
	first, second := leaving(t, d, 1), leaving(t, d, 2)
	held := running("purge")
	held.Subject, held.Exclusive = first.ID, true
	begin(t, d.Journal, held)
	requireDeparted(t, d, at(time.Hour), 1, second)
	requireDeparted(t, d, at(time.Hour), 10, second)

	held.Phase, held.Owner = saga.Aborted, ""
	require.NoError(t, d.Journal.Append(t.Context(), held.ID, held.Epoch, writing(held, nothing)))
	requireDeparted(t, d, at(time.Hour), 10, first, second)
}

func departedPostponed(t *testing.T, d *database) {
	first, second := leaving(t, d, 1), leaving(t, d, 2)
	until, reason, err := d.Departures.Postponement(t.Context(), first.ID)
	require.NoError(t, err)
	require.Zero(t, until)
	require.Empty(t, reason)
	for range 2 {
		require.NoError(t, d.Departures.Postpone(t.Context(), first.ID, at(time.Hour), strings.Repeat("因", 300)))
	}
	until, reason, err = d.Departures.Postponement(t.Context(), first.ID)
	require.NoError(t, err)
	require.True(t, at(time.Hour).Equal(until))
	require.Equal(t, strings.Repeat("因", 200), reason)
	for now, want := range map[time.Time]int{at(time.Minute): 1, at(time.Hour): 0} {
		n, err := d.Departures.CountPostponed(t.Context(), now)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	requireDeparted(t, d, at(time.Minute), 1, second)
	requireDeparted(t, d, at(time.Hour), 10, first, second)

	require.NoError(t, d.Accounts.ComeBack(t.Context(), first.ID, at(time.Minute)))
	require.NoError(t, d.Departures.Postpone(t.Context(), second.ID, at(time.Hour), "why"))
	require.NoError(t, d.Accounts.Bury(t.Context(), second.ID, at(time.Minute)))
	require.NoError(t, d.Departures.Postpone(t.Context(), first.ID, at(time.Hour), "not leaving"))
	for _, id := range []string{first.ID, second.ID, accountID(9)} {
		until, reason, err = d.Departures.Postponement(t.Context(), id)
		require.NoError(t, err)
		require.Zero(t, until)
		require.Empty(t, reason)
	}
}

func comeBack(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	s := opened(t, d, newSession("s", a))
	_, err := d.Accounts.Leave(t.Context(), a.ID, at(time.Hour), at(0))
	require.NoError(t, err)
	want := a
	want.CredentialEpoch, want.UpdatedAt = a.CredentialEpoch+1, at(time.Minute)
	for range 2 {
		require.NoError(t, d.Accounts.ComeBack(t.Context(), a.ID, at(time.Minute)))
		requireEqual(t, want, load(t, d, a.ID))
	}
	require.False(t, live(t, d, s), "old sessions stay ended")
	require.True(t, live(t, d, opened(t, d, newSession("t", want))))
	requireKind(t, app.NotFound, d.Accounts.ComeBack(t.Context(), accountID(9), at(0)))
	for _, status := range []app.Status{app.Reserved, app.Paused, app.Locked, app.Stopped, app.Deleted, app.Abandoned} {
		d.setStatus(t, a.ID, status)
		requireKind(t, app.NotFound, d.Accounts.ComeBack(t.Context(), a.ID, at(0)))
	}
}

func bury(t *testing.T, d *database) {
	ctx := t.Context()
	a, other := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	opened(t, d, newSession("s", a))
	require.NoError(t, d.Accounts.SetMobile(ctx, a.ID, "86", "13800000000", at(0)))
	_, err := d.Accounts.SetProfile(ctx, a.ID, app.Profile{
		Nickname: "n", AvatarURL: "a", Description: "d", Website: "w", Location: "l",
	}, at(0))
	require.NoError(t, err)
	require.NoError(t, d.Accounts.VerifyEmail(ctx, a.ID, a.Email, at(0)))
	require.NoError(t, d.Accounts.ReserveEmail(ctx, a.ID, "new@example.com"))
	require.NoError(t, d.People.SetAttributes(ctx, a.ID, wholeAttributes, at(0)))
	require.Error(t, d.Accounts.Bury(ctx, a.ID, at(0)), "it has not left")
	require.Equal(t, app.Normal, load(t, d, a.ID).Status)
	require.Error(t, d.Accounts.Bury(ctx, accountID(9), at(0)))

	_, err = d.Accounts.Leave(ctx, a.ID, at(time.Hour), at(0))
	require.NoError(t, err)
	want := app.Account{
		ID: a.ID, UserID: a.UserID, Status: app.Deleted, CredentialEpoch: a.CredentialEpoch + 1,
		GiteaID: a.GiteaID, GiteaOrigin: a.GiteaOrigin, StorageKey: a.StorageKey, StorageOrigin: a.StorageOrigin,
		Role: app.User, GiteaPassword: app.SamePassword, CreatedAt: a.CreatedAt, UpdatedAt: at(time.Minute),
	}
	for i := range 2 {
		require.NoError(t, d.Accounts.Bury(ctx, a.ID, at(time.Minute+time.Duration(i))))
		requireEqual(t, want, load(t, d, a.ID))
	}
	require.Empty(t, holder(t, d, a.Email))
	_, err = d.Accounts.ByUsername(ctx, "")
	requireKind(t, app.NotFound, err)
	requireEqual(t, other, load(t, d, other.ID))

	require.ErrorIs(t, d.Accounts.Reserve(ctx, newAccount(1, "carol", "carol@example.com")), app.ErrIDTaken)
	again := normal(t, d, 3, "alice")
	require.NoError(t, d.Accounts.SetMobile(ctx, again.ID, "86", "13800000000", at(0)))
	require.NoError(t, d.Accounts.ReserveEmail(ctx, again.ID, "new@example.com"))
	require.Equal(t, again.ID, holder(t, d, a.Email))
}

// buryRows looks for what is left of a person in the rows.
func buryRows(t *testing.T, d *database) {
	a := leaving(t, d, 1)
	require.NoError(t, d.Sessions.Reserve(t.Context(), newSession("s", a)))
	require.NoError(t, d.People.SetAttributes(t.Context(), a.ID, wholeAttributes, at(0)))
	require.NoError(t, d.Accounts.Bury(t.Context(), a.ID, at(time.Minute)))
	var sessions int
	require.NoError(t, d.raw.Get(&sessions, "SELECT COUNT(*) FROM sessions"))
	require.Zero(t, sessions, "they tell where a person was")
	var told int
	require.NoError(t, d.raw.Get(&told, "SELECT COUNT(*) FROM accounts WHERE attributes IS NOT NULL"))
	require.Zero(t, told)
}

// leaveRace buries and restores accounts at the same instant: one of the two
// happens.
func leaveRace(t *testing.T, d *database) {
	replica := d.replica(t)
	for i := range 30 {
		a := normal(t, d, i, fmt.Sprint("user", i))
		_, err := d.Accounts.Leave(t.Context(), a.ID, at(0), at(0))
		require.NoError(t, err)
		results := race(2, func(who int) error {
			if who == 0 {
				return replica.Accounts.ComeBack(context.Background(), a.ID, at(0))
			}
			return d.Accounts.Bury(context.Background(), a.ID, at(0))
		})
		got := load(t, d, a.ID)
		if results[0] == nil {
			require.Error(t, results[1])
			require.Equal(t, app.Normal, got.Status)
			require.Equal(t, a.Username, got.Username)
			continue
		}
		requireKind(t, app.NotFound, results[0])
		require.NoError(t, results[1])
		require.Equal(t, app.Deleted, got.Status)
		require.Empty(t, got.Username)
	}
}
