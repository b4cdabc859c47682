package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// A reset token lives for five days, as the document says, unless one of many
// things happens to its account first.
func TestWhatVoidsAResetToken(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, g *guardedWorld, account app.Account){
		"a newer token": func(t *testing.T, g *guardedWorld, _ app.Account) {
			g.clock.Advance(time.Minute)
			g.resetToken(t)
		},
		"revoke --all": func(t *testing.T, g *guardedWorld, a app.Account) {
			require.NoError(t, g.service.RevokeAll(t.Context(), a.ID, func(app.Session, saga.Receipt) {}))
		},
		"suspended and resumed": func(t *testing.T, g *guardedWorld, a app.Account) {
			_, err := g.service.Suspend(t.Context(), a.ID, app.Locked)
			require.NoError(t, err)
			g.calm(t)
			_, err = g.service.Resume(t.Context(), a.ID)
			require.NoError(t, err)
		},
		"a new password": func(t *testing.T, g *guardedWorld, _ app.Account) {
			in := g.signIn(t, "alice")
			p, err := g.service.Authenticate(t.Context(), in.AccessToken)
			require.NoError(t, err)
			_, err = g.service.ChangePassword(t.Context(), p, app.PasswordChange{Old: goodPassword, New: newPassword})
			require.NoError(t, err)
		},
		"another address": func(t *testing.T, g *guardedWorld, a app.Account) {
			require.NoError(t, g.store.Accounts.ReserveEmail(t.Context(), a.ID, "new@example.com"))
			require.NoError(t, g.store.Accounts.ChangeEmail(t.Context(), a.ID, "new@example.com", g.clock.Now()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, strict)
			g.aliceProved(t)
			account, err := g.store.Accounts.ByEmail(t.Context(), aliceMail)
			require.NoError(t, err)
			token := g.resetToken(t)
			do(t, g, account)
			_, _, err = g.service.ResetByToken(t.Context(), app.TokenReset{Token: token, New: "3edcxsw2"})
			requireKind(t, app.TokenInvalid, err)
		})
	}
}

// A stranger who asks for codes, or types wrong ones, voids no token.
func TestWrongCodesVoidNoResetToken(t *testing.T) {
	g := newGuarded(t, strict)
	g.aliceProved(t)
	token := g.resetToken(t)
	g.clock.Advance(time.Minute)
	g.mail(t, app.MailTarget(aliceMail))
	_, err := g.service.VerifyForReset(t.Context(), aliceMail, "WRONG2")
	requireKind(t, app.CodeWrong, err)
	_, _, err = g.service.ResetByToken(t.Context(), app.TokenReset{Token: token, New: newPassword})
	require.NoError(t, err)
}

// resetToken is one for alice.
func (g *guardedWorld) resetToken(t *testing.T) app.Secret {
	t.Helper()
	g.mail(t, app.MailTarget(aliceMail))
	token, err := g.service.VerifyForReset(t.Context(), aliceMail, mailed)
	require.NoError(t, err)
	return token
}
