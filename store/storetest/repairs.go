package storetest

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/app/reconcile"
	"accord/saga"
)

// living makes an account of that status, with a user of that number in Gitea.
func living(t *testing.T, d *database, n int, status app.Status, giteaID int64) app.Facts {
	t.Helper()
	a := newAccount(n, fmt.Sprintf("user%d", n), fmt.Sprintf("user%d@example.com", n))
	a.Profile = app.Profile{Nickname: "N", AvatarURL: "u", Description: "d", Website: "w", Location: "l"}
	require.NoError(t, d.Accounts.Reserve(t.Context(), a))
	d.exec(t, "UPDATE accounts SET status = ?, gitea_id = ? WHERE id = ?", string(status), giteaID, a.ID)
	return load(t, d, a.ID).Facts()
}

func all(t *testing.T, accounts iter.Seq2[app.Facts, error]) []app.Facts {
	t.Helper()
	var found []app.Facts
	for a, err := range accounts {
		require.NoError(t, err)
		found = append(found, a)
	}
	return found
}

func repairLists(t *testing.T, d *database) {
	second, first := living(t, d, 1, app.Normal, 9), living(t, d, 2, app.Leaving, 7)
	reserved := living(t, d, 3, app.Reserved, 0)
	twin := living(t, d, 4, app.Locked, 9)
	living(t, d, 5, app.Deleted, 8)
	living(t, d, 6, app.Abandoned, 0)
	requireEqual(t, []app.Facts{reserved, first, second, twin}, all(t, d.Repairs.ByGiteaID(t.Context())))
	requireEqual(t, []app.Facts{second, first, reserved, twin}, all(t, d.Repairs.ByID(t.Context())))
	require.Equal(t, app.DirectoryProfile{FullName: "N", Description: "d", Website: "w", Location: "l"}, second.Profile)
	n, err := d.Repairs.Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4, n)
	found, err := d.Repairs.Find(t.Context(), []string{second.AccountID, accountID(5), accountID(99)})
	require.NoError(t, err)
	require.Len(t, found, 2)
	requireEqual(t, second, found[second.AccountID])
	require.Equal(t, app.Deleted, found[accountID(5)].Status)
	found, err = d.Repairs.Find(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, found)
}

// repairPages: more accounts than a page holds, most of them of one number.
func repairPages(t *testing.T, d *database) {
	const many = 2300
	require.NoError(t, d.Accounts.Reserve(t.Context(), newAccount(0, "user0", "user0@example.com")))
	columns := `user_id, username, email, email_verified, country, mobile, nickname, avatar_url, description, website, location,
		status, leaving_until, password_hash, credential_epoch, gitea_origin, storage_key, storage_origin, created_at, updated_at`
	tx, err := d.raw.BeginTxx(t.Context(), nil)
	require.NoError(t, err)
	for n := 1; n < many; n++ {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO accounts (id, gitea_id, `+columns+`)
			SELECT ?, ?, user_id + ?, `+columns[len("user_id, "):]+` FROM accounts WHERE id = ?`,
			accountID(n), n%2*n, n, accountID(0))
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())
	var ids []string
	for _, a := range all(t, d.Repairs.ByID(t.Context())) {
		ids = append(ids, a.AccountID)
	}
	require.Len(t, ids, many)
	require.IsIncreasing(t, ids)
	last := app.Facts{GiteaID: -1}
	count := 0
	for _, a := range all(t, d.Repairs.ByGiteaID(t.Context())) {
		require.True(t, a.GiteaID > last.GiteaID || a.GiteaID == last.GiteaID && a.AccountID > last.AccountID)
		last, count = a, count+1
	}
	require.Equal(t, many, count)
	found, err := d.Repairs.Find(t.Context(), ids)
	require.NoError(t, err)
	require.Len(t, found, many)
	for _, err := range d.Repairs.ByID(t.Context()) {
		require.NoError(t, err)
		break // who has enough leaves nothing open
	}
}

func repairPending(t *testing.T, d *database) {
	alice := living(t, d, 1, app.Normal, 1)
	for n, r := range []saga.Record{
		{ID: "old", Subject: alice.AccountID, Phase: saga.Committed},
		{ID: "stuck", Subject: alice.AccountID, Stuck: true, Phase: saga.Unwinding},
		{ID: "code", Subject: "code", Phase: saga.Running},
		{ID: "recent", Subject: accountID(2), Phase: saga.Aborted},
	} {
		record := running(r.ID)
		record.Subject, record.Phase, record.Stuck = r.Subject, r.Phase, r.Stuck
		record.CreatedAt, record.UpdatedAt = at(time.Duration(n)*time.Second), at(time.Duration(n)*time.Second)
		begin(t, d.Journal, record)
	}
	pending, total, err := d.Repairs.Pending(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 2, total)
	require.Equal(t, []reconcile.PendingSaga{
		{ID: "stuck", Flow: "flow", Phase: "unwinding", AccountID: alice.AccountID, Username: "user1", Stuck: true},
		{ID: "code", Flow: "flow", Phase: "running", AccountID: "code"},
	}, pending)
	pending, total, err = d.Repairs.Pending(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, 2, total)
	require.Len(t, pending, 1)

	for since, want := range map[time.Duration]map[string]bool{
		3 * time.Second: {alice.AccountID: true, accountID(2): true}, 4 * time.Second: {alice.AccountID: true},
	} {
		busy, err := d.Repairs.Busy(t.Context(), []string{alice.AccountID, accountID(2), accountID(3)}, at(since))
		require.NoError(t, err)
		require.Equal(t, want, busy)
	}
}

func repairSessions(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	open, closed, reserved := opened(t, d, newSession("open", a)), opened(t, d, newSession("closed", a)), newSession("reserved", a)
	require.NoError(t, d.Sessions.Close(t.Context(), closed.ID, at(time.Second)))
	require.NoError(t, d.Sessions.Reserve(t.Context(), reserved))
	got, err := d.Repairs.OpenSessions(t.Context(), []string{open.ID, closed.ID, reserved.ID, "none"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{open.ID: a.ID, reserved.ID: a.ID}, got)
}

func repairWrites(t *testing.T, d *database) {
	want, other := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	for range 2 {
		require.NoError(t, d.Repairs.SetDirectoryUser(t.Context(), want.ID, 77, app.RandomPassword, at(time.Hour)))
		require.NoError(t, d.Repairs.SetStorageSecret(t.Context(), want.ID, "a new secret", at(time.Hour)))
	}
	want.GiteaID, want.GiteaPassword, want.StorageSecret, want.UpdatedAt = 77, app.RandomPassword, "a new secret", at(time.Hour)
	requireEqual(t, want, load(t, d, want.ID))
	for number, noted := range map[int64][]string{77: {want.ID}, other.GiteaID: {other.ID}, 78: nil} {
		ids, err := d.Repairs.OfDirectoryUser(t.Context(), number)
		require.NoError(t, err)
		require.Equal(t, noted, ids)
	}

	require.NoError(t, d.Repairs.DirectoryHealed(t.Context(), want.ID, want.CredentialEpoch+1, at(time.Hour)))
	requireEqual(t, want, load(t, d, want.ID))
	require.NoError(t, d.Repairs.DirectoryHealed(t.Context(), want.ID, want.CredentialEpoch, at(time.Hour)))
	want.GiteaPassword = app.SamePassword
	requireEqual(t, want, load(t, d, want.ID))

	d.exec(t, "UPDATE accounts SET gitea_origin = ? WHERE id = ?", string(app.Adopted), want.ID)
	for range 2 {
		require.NoError(t, d.Repairs.DirectoryUserMade(t.Context(), want.ID, 79, at(time.Hour)))
	}
	want.GiteaID, want.GiteaPassword, want.GiteaOrigin = 79, app.RandomPassword, app.Created
	requireEqual(t, want, load(t, d, want.ID))

	// A password that is set is Gitea's too.
	require.NoError(t, d.Repairs.SetDirectoryUser(t.Context(), want.ID, 77, app.RandomPassword, at(time.Hour)))
	_, err := d.Accounts.SetPassword(t.Context(), want.ID, "$hash", "", at(time.Hour))
	require.NoError(t, err)
	require.Equal(t, app.SamePassword, load(t, d, want.ID).GiteaPassword)
	requireEqual(t, other, load(t, d, other.ID))

	mirrored, err := d.Repairs.Mirrored(t.Context(), []string{want.ID, other.ID, "none"})
	require.NoError(t, err)
	require.Equal(t, map[string]bool{want.ID: true, other.ID: true}, mirrored)
	for range 2 {
		require.NoError(t, d.Repairs.DirectorySealed(t.Context(), want.ID, at(time.Hour)))
		require.Equal(t, app.RandomPassword, load(t, d, want.ID).GiteaPassword)
	}
	mirrored, err = d.Repairs.Mirrored(t.Context(), []string{want.ID, other.ID})
	require.NoError(t, err)
	require.Equal(t, map[string]bool{other.ID: true}, mirrored)
	requireEqual(t, other, load(t, d, other.ID))

	for _, status := range []app.Status{app.Deleted, app.Abandoned} {
		d.exec(t, "UPDATE accounts SET status = ? WHERE id = ?", string(status), want.ID)
		requireKind(t, app.NotFound, d.Repairs.SetDirectoryUser(t.Context(), want.ID, 1, app.SamePassword, at(0)))
		requireKind(t, app.NotFound, d.Repairs.DirectoryUserMade(t.Context(), want.ID, 1, at(0)))
		requireKind(t, app.NotFound, d.Repairs.SetStorageSecret(t.Context(), want.ID, "s", at(0)))
		requireKind(t, app.NotFound, d.Repairs.DirectoryHealed(t.Context(), want.ID, 0, at(0)))
		requireKind(t, app.NotFound, d.Repairs.DirectorySealed(t.Context(), want.ID, at(0)))
		ids, err := d.Repairs.OfDirectoryUser(t.Context(), 77)
		require.NoError(t, err)
		require.Empty(t, ids)
	}
}

// repairInside: what is written down in a saga's transaction goes with it.
func repairInside(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	err := d.Journal.Begin(t.Context(), writing(running("one"), func(ctx context.Context) error {
		require.NoError(t, d.Repairs.SetDirectoryUser(ctx, a.ID, 77, app.RandomPassword, at(time.Hour)))
		return errOfTest
	}))
	require.ErrorIs(t, err, errOfTest)
	requireEqual(t, a, load(t, d, a.ID))
}
