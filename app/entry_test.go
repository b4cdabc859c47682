package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

const (
	homeIP   = "198.51.100.7"
	awayIP   = "198.51.100.8"
	mailed   = app.Secret("7KQ2MX")
	longTime = 14 * 24 * time.Hour
)

// mail puts a code for the target, as if it had been sent.
func (g *guardedWorld) mail(t *testing.T, target string) {
	t.Helper()
	g.mailFor(t, target, app.AnyPurpose)
}

func (g *guardedWorld) mailFor(t *testing.T, target string, purpose app.Purpose) {
	t.Helper()
	require.NoError(t, g.store.Codes.Put(t.Context(), target, purpose, mailed, g.clock.Now().Add(codeLife), g.clock.Now()))
}

// human solves a slider at that client's address.
func (g *guardedWorld) human(t *testing.T, client, typed string) {
	t.Helper()
	c, err := g.service.Challenge(t.Context(), app.SliderChallenge, client)
	require.NoError(t, err)
	require.NoError(t, g.service.Solve(t.Context(), app.Solution{
		ID: c.ID, Kind: c.Kind, Answer: puzzleAnswer, Client: client, Typed: typed,
	}))
}

// aliceProved marks the address of alice as proved.
func (g *guardedWorld) aliceProved(t *testing.T) {
	t.Helper()
	account, err := g.store.Accounts.ByUsername(t.Context(), "alice")
	require.NoError(t, err)
	require.NoError(t, g.store.Accounts.VerifyEmail(t.Context(), account.ID, account.Email, g.clock.Now()))
}

func (g *guardedWorld) byCode(in app.Credentials) (app.SignedIn, error) {
	signedIn, _, err := g.service.SignInByCode(context.Background(), in)
	return signedIn, err
}

func TestSignInByCode(t *testing.T) {
	g := newGuarded(t, strict)
	const email = "alice@example.com"
	g.aliceProved(t)
	in := app.Credentials{Email: "Alice@example.com", Code: " 7kq2mx", Username: "bob", IP: homeIP}
	_, err := g.byCode(in)
	requireKind(t, app.CodeWrong, err)
	g.mail(t, app.MailTarget(email))
	signedIn, err := g.byCode(in)
	require.NoError(t, err)
	require.Equal(t, "alice", signedIn.Account.Username)
	require.True(t, signedIn.Account.EmailVerified)
	require.Empty(t, signedIn.RefreshToken)
	g.alive(t, signedIn)
	account, err := g.store.Accounts.ByEmail(t.Context(), email)
	require.NoError(t, err)
	require.True(t, account.EmailVerified)
	_, err = g.byCode(in)
	requireKind(t, app.CodeWrong, err)

	in.Email = "nobody@example.com"
	g.mail(t, app.MailTarget(in.Email))
	_, err = g.byCode(in)
	requireKind(t, app.CodeWrong, err)

	p, err := g.service.Authenticate(t.Context(), signedIn.AccessToken)
	require.NoError(t, err)
	_, err = g.service.Delete(t.Context(), p, goodPassword)
	require.NoError(t, err)
	in.Email = email
	g.mail(t, app.MailTarget(email))
	_, err = g.byCode(in)
	var barred *app.NotAllowed
	require.ErrorAs(t, err, &barred)
	requireKind(t, app.BadCredentials, err)
}

func TestASessionIsAsLongAsItsDialectSays(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.register(t, "alice", "alice@example.com")
	now := sagatest.NewClock().Now()
	for _, tt := range []struct {
		in            app.Credentials
		session, lent time.Duration
	}{
		{app.Credentials{}, sessionTTL, sessionTTL},
		{app.Credentials{Keep: true}, keepTTL, keepTTL},
		{app.Credentials{TTL: 5 * 24 * time.Hour, Keep: true}, 5 * 24 * time.Hour, 5 * 24 * time.Hour},
		{app.Credentials{TTL: longTime}, longTime, longTime},
		{app.Credentials{TTL: 2 * longTime}, 2 * longTime, longTime},
	} {
		tt.in.Username, tt.in.Password = "alice", goodPassword
		in, _, err := w.service.SignIn(t.Context(), tt.in)
		require.NoError(t, err)
		require.Equal(t, now.Add(tt.session), in.Session.ExpiresAt)
		require.Equal(t, now.Add(tt.lent), in.Grant.Expiration, "it says how long it is really good for")
	}
}

func TestTokenPair(t *testing.T) {
	const short = 5 * time.Minute
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	w.register(t, "alice", "alice@example.com")
	in, _, err := w.service.SignIn(t.Context(), app.Credentials{
		Username: "alice", Password: goodPassword, TTL: longTime, AccessTTL: short,
	})
	require.NoError(t, err)
	w.alive(t, in)
	authenticate := func(token app.Secret) error {
		_, err := w.service.Authenticate(t.Context(), token)
		return err
	}
	refresh := func(token app.Secret) error {
		_, err := w.service.Refresh(t.Context(), token, short)
		return err
	}
	requireKind(t, app.TokenInvalid, authenticate(in.RefreshToken))
	requireKind(t, app.TokenInvalid, refresh(in.AccessToken))
	requireKind(t, app.TokenInvalid, refresh(in.ShortToken))
	requireKind(t, app.TokenMissing, refresh(""))
	for token, good := range map[app.Secret]bool{in.AccessToken: true, in.ShortToken: true, in.RefreshToken: false, "": false} {
		_, _, ok, err := w.service.Introspect(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, good, ok, "only access tokens are vouched for")
	}
	clock.Advance(short)
	requireKind(t, app.TokenExpired, authenticate(in.ShortToken))
	require.NoError(t, authenticate(in.AccessToken))
	access, err := w.service.Refresh(t.Context(), in.RefreshToken, short)
	require.NoError(t, err)
	require.NoError(t, authenticate(access))
	clock.Advance(longTime - short - time.Minute)
	last, err := w.service.Refresh(t.Context(), in.RefreshToken, short)
	require.NoError(t, err)
	claims, _, ok, err := w.service.Introspect(t.Context(), last)
	require.NoError(t, err)
	require.True(t, ok)
	require.True(t, in.Session.ExpiresAt.Equal(claims.ExpiresAt), "no longer than the session")
	clock.Advance(time.Minute)
	requireKind(t, app.TokenExpired, authenticate(last))
	requireKind(t, app.TokenExpired, authenticate(in.AccessToken))
	requireKind(t, app.TokenExpired, refresh(in.RefreshToken))

	in, _, err = w.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword, AccessTTL: short})
	require.NoError(t, err)
	p, err := w.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	_, err = w.service.SignOut(t.Context(), p)
	require.NoError(t, err)
	requireKind(t, app.TokenInvalid, refresh(in.RefreshToken))
}

func TestSendUsername(t *testing.T) {
	g := newGuarded(t, strict)
	before := len(g.mailer.Sent())
	_, err := g.service.SendUsername(t.Context(), "bob@example.com", homeIP, "zh")
	require.NoError(t, err)
	g.calm(t)
	require.Len(t, g.mailer.Sent(), before, "bob never proved to read the address, so others may have chosen the name")
	alice, err := g.store.Accounts.ByUsername(t.Context(), "alice")
	require.NoError(t, err)
	require.NoError(t, g.store.Accounts.VerifyEmail(t.Context(), alice.ID, alice.Email, g.clock.Now()))
	for _, email := range []string{"Alice@example.com", "nobody@example.com"} {
		send := func() error {
			_, err := g.service.SendUsername(t.Context(), email, homeIP, "zh")
			g.calm(t) // before the clock moves: whoever loses his lease to it is taken over, and mails twice
			return err
		}
		require.NoError(t, send())
		requireKind(t, app.TooOften, send())
		for range 4 {
			g.clock.Advance(time.Minute)
			require.NoError(t, send())
		}
		g.clock.Advance(time.Minute)
		requireKind(t, app.TooOften, send())
	}
	_, err = g.service.SendUsername(t.Context(), "x", homeIP, "zh")
	requireKind(t, app.Invalid, err)
	sent := g.mailer.Sent()[before:]
	require.Len(t, sent, 5, "to the owner alone")
	for _, mail := range sent {
		require.Equal(t, app.Mail{Kind: app.MailUsername, To: "Alice@example.com", Language: "zh", Username: "alice"}, mail)
	}
}
