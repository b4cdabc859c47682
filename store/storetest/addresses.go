package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// holder is the account that ByEmail finds, empty where it finds none.
func holder(t *testing.T, d *database, email string) string {
	t.Helper()
	a, err := d.Accounts.ByEmail(t.Context(), email)
	if err != nil {
		requireKind(t, app.NotFound, err)
	}
	return a.ID
}

func emailReserve(t *testing.T, d *database) {
	ctx := t.Context()
	a, b := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	const wanted = "New@Example.com"
	require.NoError(t, d.Accounts.ReserveEmail(ctx, a.ID, wanted))
	require.Empty(t, holder(t, d, wanted), "it is reserved only")
	require.Equal(t, a.ID, holder(t, d, a.Email))
	requireEqual(t, a, load(t, d, a.ID))

	for name, err := range map[string]error{
		"one that is reserved":      d.Accounts.ReserveEmail(ctx, b.ID, "nEW@example.COM"),
		"one that is present":       d.Accounts.ReserveEmail(ctx, b.ID, "ALICE@example.com"),
		"one's own":                 d.Accounts.ReserveEmail(ctx, b.ID, "Bob@example.com"),
		"a newcomer's, reserved":    d.Accounts.Reserve(ctx, newAccount(3, "carol", "new@example.com")),
		"a newcomer's, also the id": d.Accounts.Reserve(ctx, newAccount(1, "carol", "new@example.com")),
	} {
		require.Equal(t, app.EmailTaken.String(), app.KindOf(err).String(), name)
	}
	requireKind(t, app.UserTaken, d.Accounts.Reserve(ctx, newAccount(3, "bob", wanted)))
	require.Error(t, d.Accounts.ReserveEmail(ctx, accountID(9), "nobody@example.com"), "an address is of an account")

	require.NoError(t, d.Accounts.ReleaseEmail(ctx, b.ID, wanted), "not b's: nothing is done")
	requireKind(t, app.EmailTaken, d.Accounts.ReserveEmail(ctx, b.ID, wanted))
	for range 2 {
		require.NoError(t, d.Accounts.ReleaseEmail(ctx, a.ID, "new@EXAMPLE.com"))
	}
	require.NoError(t, d.Accounts.ReserveEmail(ctx, b.ID, wanted))
	require.NoError(t, d.Accounts.ReleaseEmail(ctx, a.ID, a.Email))
	require.Equal(t, a.ID, holder(t, d, a.Email), "the present one stays")
}

// emailRefusedInside goes on with a transaction after a refusal of it.
func emailRefusedInside(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	require.NoError(t, d.Journal.Begin(t.Context(), writing(running("saga"), func(ctx context.Context) error {
		requireKind(t, app.EmailTaken, d.Accounts.Reserve(ctx, newAccount(2, "bob", "Alice@example.com")))
		requireKind(t, app.EmailTaken, d.Accounts.ReserveEmail(ctx, a.ID, "Alice@example.com"))
		return d.Accounts.ReserveEmail(ctx, a.ID, "new@example.com")
	})))
	requireKind(t, app.EmailTaken, d.Accounts.ReserveEmail(t.Context(), a.ID, "new@example.com"))
	_, err := d.Accounts.ByID(t.Context(), accountID(2))
	requireKind(t, app.NotFound, err)
	_, err = d.Accounts.ByUsername(t.Context(), "bob")
	requireKind(t, app.NotFound, err)
}

func emailChange(t *testing.T, d *database) {
	ctx := t.Context()
	a, b := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	change := func(id, email string) error { return d.Accounts.ChangeEmail(ctx, id, email, at(time.Hour)) }
	requireKind(t, app.NotFound, change(a.ID, "new@example.com"))
	requireKind(t, app.NotFound, change(accountID(9), "new@example.com"))
	require.NoError(t, d.Accounts.ReserveEmail(ctx, a.ID, "new@example.com"))
	require.NoError(t, d.Accounts.ReserveEmail(ctx, a.ID, "third@example.com"))
	requireKind(t, app.NotFound, change(b.ID, "new@example.com"))
	want := a
	want.Email, want.EmailVerified, want.UpdatedAt = "New@Example.com", true, at(time.Hour)
	for range 2 {
		require.NoError(t, change(a.ID, "New@Example.com"))
		requireEqual(t, want, load(t, d, a.ID))
		require.Equal(t, a.ID, holder(t, d, "new@example.COM"))
		require.Empty(t, holder(t, d, a.Email))
	}
	requireEqual(t, b, load(t, d, b.ID))
	require.NoError(t, d.Accounts.ReserveEmail(ctx, b.ID, a.Email), "the one before is free")
	requireKind(t, app.EmailTaken, d.Accounts.ReserveEmail(ctx, b.ID, "third@example.com"))
	requireKind(t, app.EmailTaken, d.Accounts.ReserveEmail(ctx, b.ID, "new@example.com"))
}

func emailVerify(t *testing.T, d *database) {
	a, b := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	require.False(t, a.EmailVerified)
	require.NoError(t, d.Accounts.ReserveEmail(t.Context(), a.ID, "new@example.com"))
	for _, email := range []string{"other@example.com", "new@example.com", b.Email} {
		require.NoError(t, d.Accounts.VerifyEmail(t.Context(), a.ID, email, at(time.Hour)))
		requireEqual(t, a, load(t, d, a.ID))
	}
	want := a
	want.EmailVerified, want.UpdatedAt = true, at(time.Hour)
	for range 2 {
		require.NoError(t, d.Accounts.VerifyEmail(t.Context(), a.ID, "ALICE@example.com", at(time.Hour)))
		requireEqual(t, want, load(t, d, a.ID))
	}
	requireEqual(t, b, load(t, d, b.ID))
}

// emailRace has accounts that want an address and newcomers that come with it.
func emailRace(t *testing.T, d *database) {
	raceAccounts(t, d, app.EmailTaken, func(accounts app.Accounts, a app.Account, i int) error {
		email := cases("somebody@example.com", i)
		if i%4 < 2 {
			return accounts.ReserveEmail(context.Background(), a.ID, email)
		}
		return accounts.Reserve(context.Background(), newAccount(racers+i, fmt.Sprint("newcomer", i), email))
	})
	var rows, newcomers, addresses int
	require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM addresses WHERE email_key = 'somebody@example.com'"))
	require.Equal(t, 1, rows)
	require.NoError(t, d.raw.Get(&newcomers, "SELECT COUNT(*) FROM accounts"))
	require.NoError(t, d.raw.Get(&addresses, "SELECT COUNT(*) FROM addresses WHERE present = 1"))
	require.Equal(t, newcomers, addresses, "who lost left nothing")
}
