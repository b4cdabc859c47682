package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
)

// signIns tries to sign in so many times, and returns how many did.
func (g *guardedWorld) signIns(t *testing.T, times int, in app.Credentials) (passed int) {
	t.Helper()
	for range times {
		err := g.try(in)
		if err == nil {
			passed++
			continue
		}
		requireKind(t, app.TooOften, err)
	}
	return passed
}

// A right password signs in so often, and not without end.
func TestRightSignInsAreLimitedByAccount(t *testing.T) {
	g := newGuarded(t, defaults)
	passed := 0
	for n := range 10 { // a client of many networks
		passed += g.signIns(t, 30, app.Credentials{Username: "alice", Password: goodPassword, IP: stranger(n)})
	}
	require.Equal(t, 120, passed)
	require.NoError(t, g.try(app.Credentials{Username: "bob", Password: goodPassword, IP: stranger(1)}))
	g.clock.Advance(time.Hour)
	require.NoError(t, g.try(app.Credentials{Email: "alice@example.com", Password: goodPassword, IP: homeIP}))
}

// A refused sign-in costs no hash.
func TestASignInTooManyCostsNothing(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SignInsPerAccountHour = 3 })
	in := app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}
	require.Equal(t, 3, g.signIns(t, 3, in))
	checked := g.door.checked.Load()
	retryAfter(t, app.TooOften, time.Hour, g.try(in))
	require.Equal(t, checked, g.door.checked.Load())
}

func TestRightSignInsAreLimitedByClient(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SignInsPerClientHour = 4 })
	require.Equal(t, 2, g.signIns(t, 2, app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
	require.Equal(t, 2, g.signIns(t, 5, app.Credentials{Username: "bob", Password: goodPassword, IP: homeIP}))
	require.NoError(t, g.try(app.Credentials{Username: "bob", Password: goodPassword, IP: awayIP}))
}

// Wrong passwords spend nothing of it: strangers do not use up an account's
// sign-ins.
func TestWrongPasswordsSpendNoSignIns(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SignInsPerAccountHour, l.SignInsPerClientHour = 2, 3 })
	for range 4 {
		requireKind(t, app.BadCredentials, g.try(app.Credentials{Username: "alice", Password: wrongPassword, IP: homeIP}))
	}
	require.Equal(t, 2, g.signIns(t, 2, app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
}

// A sign-in that opened no session is not counted.
func TestSignInsThatFailAreReturned(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SignInsPerAccountHour, l.SignInsPerClientHour = 1, 1 })
	in := app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}
	g.directory.Inject("CreateToken", memory.Refuse)
	requireKind(t, app.DirectoryFailed, g.try(in))
	g.settle(t, g.clock)
	require.NoError(t, g.try(in))
	requireKind(t, app.TooOften, g.try(in))
}

// Of a sign-in whose saga never began nothing stays spent either.
func TestSignInsThatNeverBeginAreReturned(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SignInsPerAccountHour, l.SignInsPerClientHour = 1, 1 })
	stopped, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, g.service.Runner.Run(stopped))
	for range 3 {
		requireKind(t, app.Internal, g.try(app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
		g.mail(t, app.MailTarget("alice@example.com"))
		_, _, err := g.service.SignInByCode(t.Context(), app.Credentials{Email: "alice@example.com", Code: mailed, IP: homeIP})
		requireKind(t, app.Internal, err)
	}
}

// A code that the account's limit refuses spends nothing of the client's.
func TestARefusedCodeSpendsNothingOfTheClient(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SignInsPerAccountHour, l.SignInsPerClientHour = 1, 2 })
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
	for range 3 {
		g.mail(t, app.MailTarget("alice@example.com"))
		_, _, err := g.service.SignInByCode(t.Context(), app.Credentials{Email: "alice@example.com", Code: mailed, IP: homeIP})
		requireKind(t, app.TooOften, err)
	}
	require.NoError(t, g.try(app.Credentials{Username: "bob", Password: goodPassword, IP: homeIP}))
}

// A code signs in under the same limits as a password.
func TestSignInsByCodeAreLimited(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SignInsPerAccountHour = 2 })
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
	byCode := func() error {
		g.mail(t, app.MailTarget("alice@example.com"))
		_, _, err := g.service.SignInByCode(context.Background(), app.Credentials{Email: "alice@example.com", Code: mailed, IP: homeIP})
		return err
	}
	require.NoError(t, byCode())
	requireKind(t, app.TooOften, byCode())
}

// A reset gives the account its sign-ins back, which an intruder has used up.
func TestAResetGivesSignInsBack(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SignInsPerAccountHour = 2 })
	require.Equal(t, 2, g.signIns(t, 3, app.Credentials{Username: "alice", Password: goodPassword, IP: awayIP}))
	g.mail(t, app.MailTarget("alice@example.com"))
	_, err := g.service.ResetPassword(fromClient(homeIP), app.PasswordReset{Email: "alice@example.com", Code: mailed, New: newPassword})
	require.NoError(t, err)
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: newPassword, IP: homeIP}))
}
