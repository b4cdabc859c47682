package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

// A code serves the purpose it was asked for; one without a purpose serves all.
func TestCodesServeTheirPurpose(t *testing.T) {
	purposes := []app.Purpose{
		app.AnyPurpose, app.ForRegistration, app.ForSignIn, app.ForReset, app.ForEmailChange, app.ForMobileChange,
	}
	const alice, mobile = "alice@example.com", "13800138000"
	aliceMail, newMail, number := app.MailTarget(alice), app.MailTarget("new@example.com"), app.SMSTarget("86", mobile)
	for _, use := range []struct {
		name, target string
		serves       app.Purpose
		do           func(t *testing.T, g *guardedWorld) error
	}{
		{"register", newMail, app.ForRegistration, func(t *testing.T, g *guardedWorld) error {
			_, err := g.service.Register(t.Context(), app.Registration{
				Username: "newcomer", Email: "new@example.com", Password: goodPassword, EmailCode: mailed,
			})
			return err
		}},
		{"sign in", aliceMail, app.ForSignIn, func(_ *testing.T, g *guardedWorld) error {
			_, err := g.byCode(app.Credentials{Email: alice, Code: mailed})
			return err
		}},
		{"reset by mail", aliceMail, app.ForReset, func(t *testing.T, g *guardedWorld) error {
			_, err := g.service.ResetPassword(t.Context(), app.PasswordReset{Email: alice, Code: mailed, New: newPassword})
			return err
		}},
		{"reset by number", number, app.ForReset, func(t *testing.T, g *guardedWorld) error {
			g.number(t)
			_, err := g.service.ResetPassword(t.Context(), app.PasswordReset{Country: "86", Mobile: mobile, Code: mailed, New: newPassword})
			return err
		}},
		{"get a reset token", aliceMail, app.ForReset, func(t *testing.T, g *guardedWorld) error {
			_, err := g.service.VerifyForReset(t.Context(), alice, mailed)
			return err
		}},
		{"change the address", newMail, app.ForEmailChange, func(t *testing.T, g *guardedWorld) error {
			p, err := g.service.Authenticate(t.Context(), g.signIn(t, "alice").AccessToken)
			require.NoError(t, err)
			_, err = g.service.ChangeEmail(t.Context(), p, app.EmailChange{
				Password: goodPassword, Old: alice, New: "new@example.com", Code: mailed,
			})
			return err
		}},
		{"change the number", number, app.ForMobileChange, func(t *testing.T, g *guardedWorld) error {
			p, err := g.service.Authenticate(t.Context(), g.signIn(t, "alice").AccessToken)
			require.NoError(t, err)
			_, err = g.service.ChangeMobile(t.Context(), p, app.MobileChange{Password: goodPassword, New: mobile, Code: mailed})
			return err
		}},
	} {
		for _, asked := range purposes {
			t.Run(use.name+" by a code for "+string(asked), func(t *testing.T) {
				g := newGuarded(t, strict)
				g.mailFor(t, use.target, asked)
				err := use.do(t, g)
				if asked == app.AnyPurpose || asked == use.serves {
					require.NoError(t, err)
					return
				}
				requireKind(t, app.CodeWrong, err)
			})
		}
	}
}

// What VerifyTarget remembers is as narrow as the code.
func TestVerifiedTargetsKeepThePurpose(t *testing.T) {
	for asked, good := range map[app.Purpose]struct{ register, reset bool }{
		app.AnyPurpose: {true, true}, app.ForRegistration: {true, false}, app.ForReset: {true, true}, app.ForSignIn: {false, false},
	} {
		g := newGuarded(t, strict)
		target := app.Target{Email: "alice@example.com", Client: homeIP}
		g.mailFor(t, app.MailTarget(target.Email), asked)
		err := g.service.VerifyTarget(t.Context(), target, mailed)
		if !good.register && !good.reset {
			requireKind(t, app.CodeWrong, err)
			continue
		}
		require.NoError(t, err)
		proven, err := g.service.Proven(t.Context(), target)
		require.NoError(t, err)
		require.Equal(t, good.register, proven, asked)
		_, err = g.service.ResetPassword(t.Context(), app.PasswordReset{
			Email: target.Email, Client: homeIP, AfterVerify: true, Code: mailed, New: newPassword,
		})
		require.Equal(t, good.reset, err == nil, asked)
	}
}

// A saga that sends a code and that began before codes had a purpose still ends.
func TestCodesOfStatesWithoutPurpose(t *testing.T) {
	w := newPerson(t, sagatest.NewClock())
	_, err := w.service.SendMailCode(t.Context(), "alice@example.com", app.ForReset, "en")
	require.NoError(t, err)
	code := w.mailer.Sent()[len(w.mailer.Sent())-1].Code
	_, purpose, err := w.store.Codes.Check(t.Context(), app.MailTarget("alice@example.com"), code, sagatest.NewClock().Now(), app.ForReset)
	require.NoError(t, err)
	require.Equal(t, app.ForReset, purpose)

	var old app.SendingCodeState
	require.Equal(t, app.AnyPurpose, old.Purpose)
}

// A stranger who asks for a code of another purpose does not void the one that the
// user waits for.
func TestACodeOfAnotherPurposeStaysGood(t *testing.T) {
	g := newGuarded(t, defaults)
	sent := func(client string, purpose app.Purpose) app.Secret {
		g.clock.Advance(time.Minute)
		_, err := g.service.SendMailCode(fromClient(client), "alice@example.com", purpose, "en")
		require.NoError(t, err)
		return g.mailer.Sent()[len(g.mailer.Sent())-1].Code
	}
	reset := sent(homeIP, app.ForReset)
	signIn := sent(awayIP, app.ForSignIn)
	latest := sent(awayIP, app.ForSignIn)
	_, err := g.service.VerifyForReset(fromClient(homeIP), "alice@example.com", latest)
	requireKind(t, app.CodeWrong, err)
	_, err = g.byCode(app.Credentials{Email: "alice@example.com", Code: signIn, IP: homeIP})
	requireKind(t, app.CodeWrong, err)
	_, err = g.service.VerifyForReset(fromClient(homeIP), "alice@example.com", reset)
	require.NoError(t, err)
}
