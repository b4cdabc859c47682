package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func accountKept(t *testing.T, d *database) {
	plain := newAccount(1, "bob", "bob@example.com")
	require.NoError(t, d.Accounts.Reserve(t.Context(), plain))

	full := app.Account{
		ID: accountID(2), UserID: 1<<62 + 1, Username: "Alice_01", Email: "Alice@Example.com", EmailVerified: true,
		Country: "86", Mobile: "13800000000", Profile: app.Profile{
			Nickname: `爱丽丝 😀 'q' "q" \ %s é`, AvatarURL: "https://example.com/á?b=1&c",
			Description: "设备 – é", Website: "https://example.com/?q=é", Location: "杭州",
		},
		EmailHeld: true, MobileHeld: true,
		Status: app.Reserved, PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", CredentialEpoch: 3,
		GiteaID: 1 << 40, GiteaOrigin: app.Adopted, StorageKey: "someone", StorageSecret: "s3cret 秘密",
		StorageOrigin: app.Adopted, Role: app.Administrator, GiteaPassword: app.TheirPassword,
		CreatedAt: at(0), UpdatedAt: at(time.Hour),
	}
	given := full
	given.Status = app.Normal
	require.NoError(t, d.Accounts.Reserve(t.Context(), given), "whatever status is given, it is reserved")

	for name, find := range map[string]func() (app.Account, error){
		"id":      func() (app.Account, error) { return d.Accounts.ByID(t.Context(), full.ID) },
		"name":    func() (app.Account, error) { return d.Accounts.ByUsername(t.Context(), "aLICE_01") },
		"address": func() (app.Account, error) { return d.Accounts.ByEmail(t.Context(), "ALICE@example.COM") },
	} {
		got, err := find()
		require.NoError(t, err, name)
		requireEqual(t, full, got)
	}
	got, err := d.Accounts.ByID(t.Context(), plain.ID)
	require.NoError(t, err)
	requireEqual(t, plain, got)

	_, err = d.Accounts.ByID(t.Context(), accountID(3))
	requireKind(t, app.NotFound, err)
	_, err = d.Accounts.ByUsername(t.Context(), "alice@example.com")
	requireKind(t, app.NotFound, err)
	_, err = d.Accounts.ByEmail(t.Context(), "alice_01")
	requireKind(t, app.NotFound, err)
	_, err = d.Accounts.ByUsername(t.Context(), "")
	requireKind(t, app.NotFound, err)
}

func accountTaken(t *testing.T, d *database) {
	require.NoError(t, d.Accounts.Reserve(t.Context(), newAccount(1, "Alice", "alice@example.com")))
	require.NoError(t, d.Accounts.Reserve(t.Context(), newAccount(2, "Bob", "bob@example.com")))
	reserve := func(n int, username, email string) error {
		return d.Accounts.Reserve(t.Context(), newAccount(n, username, email))
	}
	requireKind(t, app.UserTaken, reserve(3, "aLiCe", "other@example.com"))
	requireKind(t, app.EmailTaken, reserve(3, "carol", "ALICE@example.COM"))
	requireKind(t, app.UserTaken, reserve(3, "alice", "alice@example.com"))
	requireKind(t, app.UserTaken, reserve(3, "alice", "bob@example.com"))
	requireKind(t, app.UserTaken, reserve(1, "bob", "alice@example.com"))
	require.ErrorIs(t, reserve(1, "carol", "carol@example.com"), app.ErrIDTaken)
	sameNumber := newAccount(3, "carol", "carol@example.com")
	sameNumber.UserID = newAccount(1, "", "").UserID
	require.ErrorIs(t, d.Accounts.Reserve(t.Context(), sameNumber), app.ErrIDTaken)
	require.NoError(t, reserve(3, "carol", "carol@example.com"))
}

// accountFolding has names that some collations take for the same.
func accountFolding(t *testing.T, d *database) {
	names := []string{"alice", "alicé", "alice\u0301", "alice ", " alice", "ａｌｉｃｅ", "al_ce", "al%ce", "strasse", "straße", "ärger", "arger", "爱丽丝", "😀", "😁"}
	for i, name := range names {
		require.NoError(t, d.Accounts.Reserve(t.Context(), newAccount(i, name, fmt.Sprintf("%s@%d", name, i))), "%q", name)
	}
	for i, name := range names {
		got, err := d.Accounts.ByUsername(t.Context(), name)
		require.NoError(t, err, "%q", name)
		require.Equal(t, accountID(i), got.ID, "%q", name)
	}
	_, err := d.Accounts.ByUsername(t.Context(), "strasse ")
	requireKind(t, app.NotFound, err)
	requireKind(t, app.UserTaken, d.Accounts.Reserve(t.Context(), newAccount(99, "ÄRGER", "new@example.com")))
}

func accountActivate(t *testing.T, d *database) {
	a := newAccount(1, "alice", "alice@example.com")
	other := newAccount(2, "bob", "bob@example.com")
	require.NoError(t, d.Accounts.Reserve(t.Context(), a))
	require.NoError(t, d.Accounts.Reserve(t.Context(), other))
	w := activation()
	want := a
	want.Status, want.PasswordHash, want.GiteaID, want.UpdatedAt = app.Normal, w.PasswordHash, w.GiteaID, w.At
	want.StorageKey, want.StorageSecret = w.StorageKey, w.StorageSecret
	for range 2 {
		require.NoError(t, d.Accounts.Activate(t.Context(), a.ID, w))
		got, err := d.Accounts.ByID(t.Context(), a.ID)
		require.NoError(t, err)
		requireEqual(t, want, got)
	}
	got, err := d.Accounts.ByID(t.Context(), other.ID)
	require.NoError(t, err)
	requireEqual(t, other, got)

	requireKind(t, app.NotFound, d.Accounts.Activate(t.Context(), accountID(3), w))
	for _, status := range []app.Status{app.Paused, app.Locked, app.Stopped, app.Deleted, app.Abandoned} {
		d.setStatus(t, other.ID, status)
		requireKind(t, app.NotFound, d.Accounts.Activate(t.Context(), other.ID, w))
	}
}

func accountAbandon(t *testing.T, d *database) {
	a := newAccount(1, "alice", "alice@example.com")
	require.NoError(t, d.Accounts.Abandon(t.Context(), a.ID, at(0)), "never inserted")
	requireAbandoned := func(want bool, id string) {
		t.Helper()
		got, err := d.Accounts.Abandoned(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	requireAbandoned(false, a.ID)
	require.NoError(t, d.Accounts.Reserve(t.Context(), a))
	requireAbandoned(false, a.ID)
	for range 2 {
		require.NoError(t, d.Accounts.Abandon(t.Context(), a.ID, at(time.Second)))
		requireAbandoned(true, a.ID)
	}
	got, err := d.Accounts.ByID(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, app.Abandoned, got.Status)
	require.True(t, got.UpdatedAt.Equal(at(time.Second)))
	_, err = d.Accounts.ByUsername(t.Context(), "alice")
	requireKind(t, app.NotFound, err)
	_, err = d.Accounts.ByEmail(t.Context(), "alice@example.com")
	requireKind(t, app.NotFound, err)

	require.ErrorIs(t, d.Accounts.Reserve(t.Context(), a), app.ErrIDTaken, "an id is never used twice")
	again := normal(t, d, 2, "alice")
	require.NoError(t, d.Accounts.Abandon(t.Context(), a.ID, at(time.Hour)), "the earlier one")
	require.Error(t, d.Accounts.Abandon(t.Context(), again.ID, at(time.Hour)), "it is past being undone")
	kept, err := d.Accounts.ByUsername(t.Context(), "alice")
	require.NoError(t, err)
	requireEqual(t, again, kept)
}

func accountTimes(t *testing.T, d *database) {
	zone := time.FixedZone("east", 8*3600)
	for i, c := range []struct{ given, kept time.Time }{
		{at(0).In(zone), at(0)},
		{at(789 * time.Nanosecond), at(0)},
		{time.Time{}, time.Time{}},
		{time.Date(1969, 12, 31, 23, 59, 59, 1000, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 1000, time.UTC)},
		{time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		a := newAccount(i, fmt.Sprint("user", i), fmt.Sprint("mail", i))
		a.CreatedAt = c.given
		require.NoError(t, d.Accounts.Reserve(t.Context(), a))
		got, err := d.Accounts.ByID(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, c.kept, got.CreatedAt)
	}
}

// cases are spellings of one word, each another.
func cases(word string, i int) string {
	spelt := []byte(word)
	for k, c := range spelt {
		if i>>k&1 == 1 && 'a' <= c && c <= 'z' {
			spelt[k] = c - 'a' + 'A'
		}
	}
	return string(spelt)
}

func accountRaceName(t *testing.T, d *database) {
	accountRace(t, d, app.UserTaken, func(i int) app.Account {
		return newAccount(i, cases("somebody", i), fmt.Sprintf("%d@example.com", i))
	})
}

func accountRaceEmail(t *testing.T, d *database) {
	accountRace(t, d, app.EmailTaken, func(i int) app.Account {
		return newAccount(i, fmt.Sprint("user", i), cases("somebody@example.com", i))
	})
}

func accountRace(t *testing.T, d *database, loser app.Kind, make func(i int) app.Account) {
	stores := []app.Accounts{d.Accounts, d.replica(t).Accounts}
	results := race(racers, func(i int) error { return stores[i%2].Reserve(context.Background(), make(i)) })
	requireOneWinner(t, loser, results)
	inserted := 0
	for i := range racers {
		if _, err := d.Accounts.ByID(t.Context(), accountID(i)); err == nil {
			inserted++
		}
	}
	require.Equal(t, 1, inserted)
}
