package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func TestAResetThatNeedsAPermit(t *testing.T) {
	g := newGuarded(t, strict)
	const email = "alice@example.com"
	reset := func(client string) error {
		_, err := g.service.ResetPassword(t.Context(), app.PasswordReset{
			Email: email, Code: mailed, New: newPassword, NeedsPermit: true, Client: client,
		})
		return err
	}
	g.mail(t, app.MailTarget(email))
	requireKind(t, app.HumanCheckRequired, g.service.PermitReset(t.Context(), email, homeIP))
	requireKind(t, app.HumanCheckRequired, reset(homeIP))
	requireKind(t, app.Invalid, g.service.PermitReset(t.Context(), "x", homeIP))
	g.human(t, homeIP, "")
	require.NoError(t, g.service.PermitReset(t.Context(), email, homeIP))
	_, err := g.service.SendMailCodeToHuman(t.Context(), "bob@example.com", app.AnyPurpose, homeIP, "en")
	requireKind(t, app.HumanCheckRequired, err)
	g.clock.Advance(time.Minute)
	_, err = g.service.SendMailCodeToHuman(t.Context(), email, app.AnyPurpose, homeIP, "en")
	require.NoError(t, err)
	_, err = g.service.SendMailCodeToHuman(t.Context(), email, app.AnyPurpose, homeIP, "en")
	requireKind(t, app.HumanCheckRequired, err)
	g.mail(t, app.MailTarget(email))
	requireKind(t, app.HumanCheckRequired, reset(awayIP))
	require.NoError(t, reset(homeIP))
	g.mail(t, app.MailTarget(email))
	requireKind(t, app.HumanCheckRequired, reset(homeIP))
	require.NoError(t, g.try(app.Credentials{Email: email, Password: newPassword}))

	g.human(t, homeIP, "")
	require.NoError(t, g.service.PermitReset(t.Context(), "nobody@example.com", homeIP), "the same without an account")
}

func TestResetToken(t *testing.T) {
	g := newGuarded(t, strict)
	const email = "alice@example.com"
	g.aliceProved(t)
	get := func() app.Secret {
		g.mail(t, app.MailTarget(email))
		token, err := g.service.VerifyForReset(t.Context(), email, mailed)
		require.NoError(t, err)
		return token
	}
	reset := func(in app.TokenReset) error {
		_, _, err := g.service.ResetByToken(t.Context(), in)
		return err
	}
	token := get()
	account, err := g.store.Accounts.ByEmail(t.Context(), email)
	require.NoError(t, err)
	require.True(t, account.EmailVerified)
	in := g.signIn(t, "alice")
	_, err = g.service.Authenticate(t.Context(), token)
	requireKind(t, app.TokenInvalid, err)
	_, err = g.service.Refresh(t.Context(), token, time.Minute)
	requireKind(t, app.TokenInvalid, err)
	requireKind(t, app.TokenMissing, reset(app.TokenReset{New: newPassword}))
	requireKind(t, app.TokenInvalid, reset(app.TokenReset{Token: in.AccessToken, New: newPassword}))
	for _, another := range []string{"bob", "bob@example.com", "13800138000"} {
		requireKind(t, app.Invalid, reset(app.TokenReset{Token: token, Username: another, New: newPassword}))
	}
	requireKind(t, app.Invalid, reset(app.TokenReset{Token: token, New: "short"}))
	g.alive(t, in)
	require.NoError(t, reset(app.TokenReset{Token: token, Username: "ALICE", New: newPassword}))
	g.dead(t, in)
	require.NoError(t, g.try(app.Credentials{Email: email, Password: newPassword}))
	requireKind(t, app.TokenInvalid, reset(app.TokenReset{Token: token, New: goodPassword}))

	token = get()
	g.clock.Advance(5*24*time.Hour - time.Second)
	other := get()
	requireKind(t, app.TokenInvalid, reset(app.TokenReset{Token: token, New: goodPassword})) // a newer one voids it
	require.NoError(t, reset(app.TokenReset{Token: other, New: goodPassword}))
	token = get()
	g.clock.Advance(5 * 24 * time.Hour)
	requireKind(t, app.TokenExpired, reset(app.TokenReset{Token: token, New: newPassword}))

	_, err = g.service.VerifyForReset(t.Context(), email, mailed)
	requireKind(t, app.CodeWrong, err)
	_, err = g.service.VerifyForReset(t.Context(), "nobody@example.com", mailed)
	requireKind(t, app.CodeWrong, err)
	g.mail(t, app.MailTarget("nobody@example.com"))
	_, err = g.service.VerifyForReset(t.Context(), "nobody@example.com", mailed)
	requireKind(t, app.NotFound, err)
}

// A reset token is no good where the address is another's by now.
func TestAResetTokenEndsWithItsAddress(t *testing.T) {
	g := newGuarded(t, strict)
	g.aliceProved(t)
	g.mail(t, app.MailTarget("alice@example.com"))
	token, err := g.service.VerifyForReset(t.Context(), "alice@example.com", mailed)
	require.NoError(t, err)
	p, err := g.service.Authenticate(t.Context(), g.signIn(t, "alice").AccessToken)
	require.NoError(t, err)
	g.mail(t, app.MailTarget("new@example.com"))
	_, err = g.service.ChangeEmail(t.Context(), p, app.EmailChange{
		Password: goodPassword, Old: "alice@example.com", New: "new@example.com", Code: mailed,
	})
	require.NoError(t, err)
	_, _, err = g.service.ResetByToken(t.Context(), app.TokenReset{Token: token, New: newPassword})
	requireKind(t, app.TokenInvalid, err)
}

func TestResetByNumber(t *testing.T) {
	g := newGuarded(t, strict)
	reset := func(mobile string) error {
		_, err := g.service.ResetPassword(t.Context(), app.PasswordReset{Country: "86", Mobile: mobile, Code: mailed, New: newPassword})
		return err
	}
	target := app.SMSTarget("86", "13800138000")
	g.mail(t, target)
	requireKind(t, app.CodeWrong, reset("13800138000"))
	account, err := g.store.Accounts.ByUsername(t.Context(), "alice")
	require.NoError(t, err)
	require.NoError(t, g.store.Accounts.SetMobile(t.Context(), account.ID, "86", "13800138000", g.clock.Now()))
	requireKind(t, app.CodeWrong, reset("13800138001"))
	require.NoError(t, reset("13800138000"))
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: newPassword}))
	account, err = g.store.Accounts.ByID(t.Context(), account.ID)
	require.NoError(t, err)
	require.False(t, account.EmailVerified, "it was not the address that was shown")
}
