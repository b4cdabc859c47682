package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// An administrator who gives an account another address does not recover the
// account by it. Its user confirms the address from a session.
func TestAnAddressOfAnAdministratorRecoversNothing(t *testing.T) {
	for _, role := range []app.Role{app.Administrator, app.SuperAdministrator} {
		for name, prove := range proofs() {
			t.Run(name+" against "+string(role), func(t *testing.T) {
				g := newGuarded(t, strict)
				g.aliceProved(t)
				alice, err := g.store.Accounts.ByUsername(t.Context(), "alice")
				require.NoError(t, err)
				bob, err := g.store.Accounts.ByUsername(t.Context(), "bob")
				require.NoError(t, err)
				boss := g.role(t, bob, role)
				in := g.signIn(t, "alice")
				for _, email := range []string{"elsewhere@example.com", aliceMail} { // away, and back to a mailbox like before
					_, err = g.service.ModifyPerson(t.Context(), boss, alice.UserID, app.PersonModification{Email: &email})
					require.NoError(t, err)
				}
				g.mail(t, app.MailTarget(aliceMail))
				require.Error(t, prove(t, g))
				g.alive(t, in)

				p, err := g.service.Authenticate(t.Context(), in.AccessToken)
				require.NoError(t, err)
				g.mail(t, app.MailTarget(aliceMail))
				_, err = g.service.ChangeEmail(t.Context(), p, app.EmailChange{Password: goodPassword, Old: aliceMail, New: aliceMail, Code: mailed})
				require.NoError(t, err, "confirmed")
				g.mail(t, app.MailTarget(aliceMail))
				require.NoError(t, prove(t, g))
			})
		}
	}
}

// Nor does a number that an administrator bound.
func TestANumberOfAnAdministratorRecoversNothing(t *testing.T) {
	const number = "13800138000"
	g := newGuarded(t, strict)
	bob, err := g.store.Accounts.ByUsername(t.Context(), "bob")
	require.NoError(t, err)
	_, _, err = g.service.CreatePerson(t.Context(), g.role(t, bob, app.Administrator), app.Registration{
		Username: "carol", Mobile: number, MobileVerified: true, Password: goodPassword,
	})
	require.NoError(t, err)
	in := g.signIn(t, "carol")
	reset := func() error {
		g.mail(t, app.SMSTarget("86", number))
		_, err := g.service.ResetPassword(t.Context(), app.PasswordReset{Country: "86", Mobile: number, Code: mailed, New: newPassword})
		return err
	}
	requireKind(t, app.CodeWrong, reset())
	p, err := g.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	_, err = g.service.ChangeMobile(t.Context(), p, app.MobileChange{Password: goodPassword, New: number, Code: mailed})
	require.NoError(t, err, "confirmed")
	require.NoError(t, reset())
}
