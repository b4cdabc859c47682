package app_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
)

const (
	memoryDelay      = memory.Delay
	memoryFailBefore = memory.FailBefore
)

var memoryForeigner = memory.Entry{Username: "Foreigner", Emails: []string{"foreigner@example.com"}}

// whole requires that the account is there on all three systems and works.
func (w *world) whole(t *testing.T, username string) {
	t.Helper()
	account, err := w.store.Accounts.ByUsername(t.Context(), username)
	require.NoError(t, err)
	require.Equal(t, app.Normal, account.Status)
	entries := w.directory.Entries()
	at := slices.IndexFunc(entries, func(e memory.Entry) bool { return e.Mark == account.ID })
	require.GreaterOrEqual(t, at, 0, "Gitea has it")
	require.Equal(t, account.Username, entries[at].Username)
	require.Equal(t, []string{account.Email}, entries[at].Emails)
	require.Equal(t, account.GiteaID, entries[at].ID)
	require.True(t, w.directory.SignsIn(account.Username, goodPassword))
	require.Contains(t, w.storage.Users(), account.StorageKey)
	w.alive(t, w.signIn(t, username))
}

// absent requires that name and address are free.
func (w *world) absent(t *testing.T, username, email string) {
	t.Helper()
	_, err := w.store.Accounts.ByUsername(t.Context(), username)
	require.Equal(t, app.NotFound, app.KindOf(err))
	_, err = w.store.Accounts.ByEmail(t.Context(), email)
	require.Equal(t, app.NotFound, app.KindOf(err))
}

// sessionIs requires that the session is open with both remote tokens, or that
// nothing of it is left.
func (w *world) sessionIs(t *testing.T, s app.Session, open bool) {
	t.Helper()
	_, _, err := w.store.Sessions.Live(t.Context(), s.ID, s.CreatedAt)
	var tokens []string
	for _, e := range w.directory.Entries() {
		tokens = append(tokens, e.Tokens...)
	}
	if open {
		require.NoError(t, err)
		require.Contains(t, tokens, s.GiteaTokenName())
		require.Contains(t, w.storage.LiveSessions(), s.ID)
		return
	}
	require.Equal(t, app.TokenInvalid, app.KindOf(err))
	require.NotContains(t, tokens, s.GiteaTokenName())
	require.NotContains(t, w.storage.LiveSessions(), s.ID)
}

// giteaEmailIs requires that the address is the account's only one in Gitea.
func (w *world) giteaEmailIs(t *testing.T, a app.Account, email string) {
	t.Helper()
	for _, e := range w.directory.Entries() {
		if e.Mark == a.ID {
			require.Equal(t, []string{email}, e.Emails)
			return
		}
	}
	require.Fail(t, "Gitea does not have the account")
}

// leave deletes the account that is signed in, as its person would.
func (w *world) leave(t *testing.T, in app.SignedIn) {
	t.Helper()
	p, err := w.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	_, err = w.service.Delete(t.Context(), p, goodPassword)
	require.NoError(t, err)
}

// gone requires that nothing of the account is left but its tombstone, and that
// its name and address are free.
func (w *world) gone(t *testing.T, a app.Account) {
	t.Helper()
	tomb, err := w.store.Accounts.ByID(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, app.Deleted, tomb.Status)
	require.Empty(t, tomb.Username+tomb.Email+tomb.Mobile+tomb.Nickname+tomb.PasswordHash.Reveal()+tomb.StorageSecret.Reveal())
	for _, e := range w.directory.Entries() {
		require.NotEqual(t, a.ID, e.Mark)
	}
	require.NotContains(t, w.storage.Users(), a.StorageKey)
	w.absent(t, a.Username, a.Email)
	w.whole(t, w.register(t, a.Username, a.Email).Username)
}
