package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// A change of address that was asked for before another one took place, and
// fails, must not give Gitea the address before that.
func TestChangeEmailAfterAnother(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	who := app.Principal{Account: p.account, Session: p.here.Session}
	change := func(email string) error {
		p.code(t, app.MailTarget(email), clock)
		_, err := p.service.ChangeEmail(t.Context(), who, app.EmailChange{
			Password: goodPassword, Old: "alice@example.com", New: email, Code: "7kq2mx",
		})
		return err
	}
	require.NoError(t, change("first@example.com"))
	p.directory.Inject("SetEmail", memory.LoseReply)
	require.Equal(t, app.Invalid, app.KindOf(change("second@example.com")))
	p.settle(t, clock)
	p.giteaEmailIs(t, p.account, "first@example.com")
	account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
	require.NoError(t, err)
	require.Equal(t, "first@example.com", account.Email)
}

// An edit that found its picture in place, which another has replaced since, has
// none to give Gitea.
func TestEditAfterAnother(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	edit := func(a app.Account, url string) error {
		_, err := p.service.Edit(t.Context(), app.Principal{Account: a}, app.Profile{Nickname: "Alice", AvatarURL: url})
		return err
	}
	require.NoError(t, edit(p.account, "http://p.test/a.png"))
	seen, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
	require.NoError(t, err)
	require.NoError(t, edit(seen, "http://p.test/b.png"))
	require.Equal(t, app.Busy, app.KindOf(edit(seen, "http://p.test/a.png")))
	now, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
	require.NoError(t, err)
	require.Equal(t, "http://p.test/b.png", now.AvatarURL)
}

// A code opens no session if the account has another address by the time that the
// session opens: a change of address raises no credential epoch.
func TestACodeToAFormerAddressSignsNobodyIn(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	require.NoError(t, p.store.Accounts.VerifyEmail(t.Context(), p.account.ID, p.account.Email, clock.Now()))
	p.code(t, app.MailTarget("alice@example.com"), clock)
	held := p.directory.Inject("CreateToken", memory.Hold)
	signedIn := make(chan error)
	go func() {
		_, _, err := p.service.SignInByCode(t.Context(), app.Credentials{Email: "alice@example.com", Code: "7kq2mx"})
		signedIn <- err
	}()
	<-held.Met()
	p.code(t, app.MailTarget("new@example.com"), clock)
	_, err := p.service.ChangeEmail(t.Context(), app.Principal{Account: p.account, Session: p.here.Session}, app.EmailChange{
		Password: goodPassword, Old: "alice@example.com", New: "new@example.com", Code: "7kq2mx",
	})
	require.NoError(t, err)
	require.NoError(t, held.Release())
	require.Equal(t, app.CodeWrong, app.KindOf(<-signedIn))
}
