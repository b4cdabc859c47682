package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// adoptionKeeps: the hash of a password that only Gitea knew is kept once, and
// only under the credentials that it was checked against.
func adoptionKeeps(t *testing.T, d *database) {
	a := newAccount(1, "alice", "alice@example.com")
	a.GiteaOrigin, a.GiteaPassword, a.PasswordHash, a.GiteaID = app.Adopted, app.TheirPassword, "", 7
	require.NoError(t, d.Accounts.Reserve(t.Context(), a))
	require.NoError(t, d.Accounts.Activate(t.Context(), a.ID, app.Activation{
		GiteaID: 7, StorageKey: a.StorageKey, StorageSecret: "s", At: at(0),
	}))
	want, other := load(t, d, a.ID), normal(t, d, 2, "bob")
	require.Equal(t, app.TheirPassword, want.GiteaPassword)
	require.Empty(t, want.PasswordHash)
	keep := func(id string, epoch int64, hash app.Secret) error {
		return d.Repairs.KeepPassword(t.Context(), id, epoch, hash, at(time.Hour))
	}
	require.NoError(t, keep(a.ID, want.CredentialEpoch+1, "$late"))
	requireEqual(t, want, load(t, d, a.ID))
	require.NoError(t, keep(a.ID, want.CredentialEpoch, "$hash"))
	want.PasswordHash, want.GiteaPassword, want.UpdatedAt = "$hash", app.SamePassword, at(time.Hour)
	requireEqual(t, want, load(t, d, a.ID))
	require.NoError(t, keep(a.ID, want.CredentialEpoch, "$other"))
	requireEqual(t, want, load(t, d, a.ID))
	require.NoError(t, keep(other.ID, other.CredentialEpoch, "$other"))
	requireEqual(t, other, load(t, d, other.ID))

	requireKind(t, app.NotFound, keep(accountID(99), 0, "$hash"))
	for _, status := range []app.Status{app.Deleted, app.Abandoned} {
		d.exec(t, "UPDATE accounts SET status = ? WHERE id = ?", string(status), a.ID)
		requireKind(t, app.NotFound, keep(a.ID, want.CredentialEpoch, "$hash"))
	}
}

// claims: names and addresses count in any case of letters, those that are kept
// beside the present one too, and those of accounts that went do not.
func claims(t *testing.T, d *database) {
	a := normal(t, d, 1, "Alice")
	require.NoError(t, d.Accounts.ReserveEmail(t.Context(), a.ID, "Next@Example.com"))
	gone := newAccount(2, "gone", "gone@example.com")
	require.NoError(t, d.Accounts.Reserve(t.Context(), gone))
	require.NoError(t, d.Accounts.Abandon(t.Context(), gone.ID, at(0)))

	names, addresses := []string{"ALICE", "gone", "nobody"}, []string{strings.ToUpper(a.Email), "next@example.com", "gone@example.com"}
	for n := range 1200 { // more than are asked for at once
		names, addresses = append(names, fmt.Sprintf("user%d", n)), append(addresses, fmt.Sprintf("user%d@example.com", n))
	}
	living(t, d, 1100, app.Locked, 1)
	got, err := d.Repairs.NamesTaken(t.Context(), names)
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"alice": true, "user1100": true}, got)
	got, err = d.Repairs.AddressesTaken(t.Context(), addresses)
	require.NoError(t, err)
	require.Equal(t, map[string]bool{app.FoldKey(a.Email): true, "next@example.com": true, "user1100@example.com": true}, got)
	got, err = d.Repairs.NamesTaken(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, got)
}
