package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

const aliceMail = "alice@example.com"

// proofs are the ways to prove an account's address with neither its password
// nor a session. Each is given the code that was mailed there.
func proofs() map[string]func(t *testing.T, g *guardedWorld) error {
	return map[string]func(t *testing.T, g *guardedWorld) error{
		"sign in by code": func(_ *testing.T, g *guardedWorld) error {
			_, err := g.byCode(app.Credentials{Email: aliceMail, Code: mailed})
			return err
		},
		"reset by code": func(t *testing.T, g *guardedWorld) error {
			_, err := g.service.ResetPassword(t.Context(), app.PasswordReset{Email: aliceMail, Code: mailed, New: newPassword})
			return err
		},
		"reset by a verified code": func(t *testing.T, g *guardedWorld) error {
			target := app.Target{Email: aliceMail, Client: homeIP}
			require.NoError(t, g.service.VerifyTarget(t.Context(), target, mailed))
			_, err := g.service.ResetPassword(t.Context(), app.PasswordReset{
				Email: aliceMail, Code: mailed, Client: homeIP, AfterVerify: true, New: newPassword,
			})
			return err
		},
		"reset token": func(t *testing.T, g *guardedWorld) error {
			_, err := g.service.VerifyForReset(t.Context(), aliceMail, mailed)
			return err
		},
	}
}

// Whoever registered a stranger's address loses the account to its owner.
func TestTheFirstProofOfAnAddressChangesTheOwner(t *testing.T) {
	const number = "13800138000"
	for name, prove := range proofs() {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, strict)
			g.number(t)
			before, err := g.store.Accounts.ByEmail(t.Context(), aliceMail)
			require.NoError(t, err)
			squatter, bob := g.signIn(t, "alice"), g.signIn(t, "bob")

			g.mail(t, app.MailTarget(aliceMail))
			require.NoError(t, prove(t, g))

			g.dead(t, squatter)
			requireKind(t, app.BadCredentials, g.try(app.Credentials{Username: "alice", Password: goodPassword}))
			require.False(t, g.directory.SignsIn("alice", goodPassword))
			after, err := g.store.Accounts.ByEmail(t.Context(), aliceMail)
			require.NoError(t, err)
			require.True(t, after.EmailVerified)
			require.Greater(t, after.CredentialEpoch, before.CredentialEpoch)
			require.Empty(t, after.Mobile, "the number would reset the password")
			g.mail(t, app.SMSTarget("86", number))
			_, err = g.service.ResetPassword(t.Context(), app.PasswordReset{Country: "86", Mobile: number, Code: mailed, New: "3edcxsw2"})
			requireKind(t, app.CodeWrong, err)
			g.alive(t, bob)

			// From now on a code is one proof among others.
			g.mail(t, app.MailTarget(aliceMail))
			_, err = g.service.ResetPassword(t.Context(), app.PasswordReset{Email: aliceMail, Code: mailed, New: newPassword})
			require.NoError(t, err)
			owner := g.signInWith(t, "alice", newPassword)
			g.mail(t, app.MailTarget(aliceMail))
			_, err = g.byCode(app.Credentials{Email: aliceMail, Code: mailed})
			require.NoError(t, err)
			g.alive(t, owner)
			require.True(t, g.directory.SignsIn("alice", newPassword))
		})
	}
}

func (w *world) signInWith(t *testing.T, username string, password app.Secret) app.SignedIn {
	t.Helper()
	in, _, err := w.service.SignIn(t.Context(), app.Credentials{Username: username, Password: password})
	require.NoError(t, err)
	return in
}

// Whoever has the password and a session proves an address as its owner.
func TestProvingAnAddressInASessionChangesNoOwner(t *testing.T) {
	g := newGuarded(t, strict)
	in := g.signIn(t, "alice")
	p, err := g.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	g.mail(t, app.MailTarget("new@example.com"))
	_, err = g.service.ChangeEmail(t.Context(), p, app.EmailChange{
		Password: goodPassword, Old: aliceMail, New: "new@example.com", Code: mailed,
	})
	require.NoError(t, err)
	g.mail(t, app.MailTarget("new@example.com"))
	_, err = g.byCode(app.Credentials{Email: "new@example.com", Code: mailed})
	require.NoError(t, err)
	g.alive(t, in)
	g.signIn(t, "alice")
}

// A role was given to whoever holds the account, not to a mailbox.
func TestAnUnprovedAddressRecoversNoAdministrator(t *testing.T) {
	for name, prove := range proofs() {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, strict)
			account, err := g.store.Accounts.ByEmail(t.Context(), aliceMail)
			require.NoError(t, err)
			g.role(t, account, app.Administrator)
			in := g.signIn(t, "alice")
			g.mail(t, app.MailTarget(aliceMail))
			require.Error(t, prove(t, g))
			g.alive(t, in)
			g.signIn(t, "alice")

			require.NoError(t, g.store.Accounts.VerifyEmail(t.Context(), account.ID, aliceMail, g.clock.Now()))
			g.mail(t, app.MailTarget(aliceMail))
			require.NoError(t, prove(t, g))
		})
	}
}

func TestChangeOwnerFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ChangingOwnerState] {
		p := newPerson(t, clock)
		p.intrude(t)
		require.NoError(t, p.store.Accounts.SetMobile(t.Context(), p.account.ID, "86", "13800138000", clock.Now()))
		ref := p.code(t, app.MailTarget(aliceMail), clock)
		return audited(t, p.core, clock, sagatest.World[app.ChangingOwnerState]{
			Definition: p.service.ChangeOwnerFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.ChangingOwnerState{Account: p.account, Code: ref, GiteaPassword: "known-to-no-1"},
			Check: func(t *testing.T, committed bool) {
				now := p.now(t)
				require.Equal(t, committed, now.EmailVerified)
				require.Equal(t, committed, now.Mobile == "")
				p.redeemed(t, ref, committed, clock)
				p.alive(t, p.bob)
				if !committed {
					p.intact(t)
					p.passwordIs(t, goodPassword, newPassword)
					p.alive(t, p.here)
					return
				}
				p.evicted(t, nil)
				p.dead(t, p.here)
				p.dead(t, p.away)
				require.True(t, p.directory.SignsIn("alice", "known-to-no-1"))
				require.Equal(t, app.RandomPassword, now.GiteaPassword)
				require.Empty(t, now.PasswordHash)
				require.Equal(t, p.account.CredentialEpoch+1, now.CredentialEpoch)
			},
		})
	})
}

// A change of owner that another proof was faster than does nothing.
func TestChangeOwnerComesTooLate(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, p *personWorld, clock *sagatest.Clock){
		"the address was proved in a session": func(t *testing.T, p *personWorld, clock *sagatest.Clock) {
			require.NoError(t, p.store.Accounts.VerifyEmail(t.Context(), p.account.ID, aliceMail, clock.Now()))
		},
		"the address is another": func(t *testing.T, p *personWorld, clock *sagatest.Clock) {
			require.NoError(t, p.store.Accounts.ReserveEmail(t.Context(), p.account.ID, "new@example.com"))
			require.NoError(t, p.store.Accounts.ChangeEmail(t.Context(), p.account.ID, "new@example.com", clock.Now()))
			require.NoError(t, p.store.People.HoldEmail(t.Context(), p.account.ID, clock.Now()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := sagatest.NewClock()
			p := newPerson(t, clock)
			ref := p.code(t, app.MailTarget(aliceMail), clock)
			stale := p.account
			change(t, p, clock)
			_, _, err := p.service.ChangeOwner(t.Context(), stale, ref)
			require.Error(t, err)
			p.alive(t, p.here)
			p.redeemed(t, ref, false, clock)
			p.passwordIs(t, goodPassword, newPassword)
		})
	}
}
