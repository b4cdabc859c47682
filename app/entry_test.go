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
	require.NoError(t, g.store.Codes.Put(t.Context(), target, mailed, g.clock.Now().Add(codeLife), app.CodeLimits{}, g.clock.Now()))
}

// human solves a slider at that client's address.
func (g *guardedWorld) human(t *testing.T, client, email string) {
	t.Helper()
	c, err := g.service.Challenge(t.Context(), app.SliderChallenge, client)
	require.NoError(t, err)
	require.NoError(t, g.service.Solve(t.Context(), app.Solution{
		ID: c.ID, Kind: c.Kind, Answer: puzzleAnswer, Client: client, Email: email,
	}))
}

func (g *guardedWorld) byCode(in app.Credentials) (app.SignedIn, error) {
	signedIn, _, err := g.service.SignInByCode(context.Background(), in)
	return signedIn, err
}

func TestAChallengeIsSolvedOnceAndNearEnough(t *testing.T) {
	g := newGuarded(t, strict)
	draw := func(kind app.ChallengeKind) app.Challenge {
		c, err := g.service.Challenge(t.Context(), kind, homeIP)
		require.NoError(t, err)
		require.Empty(t, c.Answer, "the answer stays here")
		require.Equal(t, g.clock.Now().Add(5*time.Minute), c.ExpiresAt)
		return c
	}
	solve := func(c app.Challenge, kind app.ChallengeKind, answer string) error {
		return g.service.Solve(t.Context(), app.Solution{ID: c.ID, Kind: kind, Answer: answer, Client: homeIP})
	}
	for answer, near := range map[string]bool{
		"115": true, "125": true, " 120.5 ": true, "114.9": false, "125.1": false, "": false, "NaN": false, "x": false, "Inf": false,
	} {
		err := solve(draw(app.SliderChallenge), app.SliderChallenge, answer)
		if near {
			require.NoError(t, err, answer)
		} else {
			requireKind(t, app.CodeWrong, err)
		}
	}
	c := draw(app.PictureChallenge)
	requireKind(t, app.CodeWrong, solve(c, app.SliderChallenge, "120"))
	requireKind(t, app.CodeWrong, solve(c, app.PictureChallenge, "121"))
	require.NoError(t, solve(c, app.PictureChallenge, " 120"))
	requireKind(t, app.CodeWrong, solve(c, app.PictureChallenge, "120"))
	c = draw(app.PictureChallenge)
	g.clock.Advance(5 * time.Minute)
	requireKind(t, app.CodeWrong, solve(c, app.PictureChallenge, "120"))
}

// Digits are read by programs: they stand for no slider.
func TestDigitsShowNobody(t *testing.T) {
	g := newGuarded(t, strict)
	c, err := g.service.Challenge(t.Context(), app.PictureChallenge, homeIP)
	require.NoError(t, err)
	require.NoError(t, g.service.Solve(t.Context(), app.Solution{ID: c.ID, Kind: c.Kind, Answer: puzzleAnswer, Client: homeIP}))
	_, err = g.service.SendMailCodeToHuman(t.Context(), "alice@example.com", homeIP, "en")
	requireKind(t, app.HumanCheckRequired, err)
}

// Whoever guesses where the piece belongs has to stop for an hour; others at
// other addresses do not.
func TestSlidersAreNotGuessed(t *testing.T) {
	g := newGuarded(t, strict)
	solve := func(client, answer string) error {
		c, err := g.service.Challenge(t.Context(), app.SliderChallenge, client)
		require.NoError(t, err)
		return g.service.Solve(t.Context(), app.Solution{ID: c.ID, Kind: c.Kind, Answer: answer, Client: client})
	}
	for n := range 30 {
		if n == 10 {
			require.NoError(t, solve(homeIP, puzzleAnswer), "a right one is not counted")
		}
		requireKind(t, app.CodeWrong, solve(homeIP, "1"))
	}
	requireKind(t, app.TooOften, solve(homeIP, puzzleAnswer))
	require.NoError(t, solve(awayIP, puzzleAnswer))
	g.clock.Advance(time.Hour)
	require.NoError(t, solve(homeIP, puzzleAnswer))
}

func TestChallengesAreBounded(t *testing.T) {
	g := newGuarded(t, strict)
	for range 60 {
		_, err := g.service.Challenge(t.Context(), app.SliderChallenge, homeIP)
		require.NoError(t, err)
	}
	_, err := g.service.Challenge(t.Context(), app.SliderChallenge, homeIP)
	requireKind(t, app.TooOften, err)
	_, err = g.service.Challenge(t.Context(), app.SliderChallenge, awayIP)
	require.NoError(t, err)
	g.clock.Advance(time.Minute)
	_, err = g.service.Challenge(t.Context(), app.SliderChallenge, homeIP)
	require.NoError(t, err)
}

// patient is a guard that lets more tries through than a human check does.
var patient = app.GuardSettings{Account: app.FailureLimit{Free: 50, LockFor: time.Hour}}

// Three failures in a row, of passwords and codes together, ask for a person,
// whether an account has the address or not.
func TestThreeFailuresAskForAPerson(t *testing.T) {
	for _, email := range []string{"alice@example.com", "nobody@example.com"} {
		g := newGuarded(t, patient)
		in := app.Credentials{Email: email, Password: wrongPassword, Code: "WRONG2", IP: homeIP, HumanCheck: true}
		fail := func(times int) {
			t.Helper()
			for i := range times {
				if i%2 == 0 {
					requireKind(t, app.BadCredentials, g.try(in))
					continue
				}
				_, err := g.byCode(in)
				requireKind(t, app.CodeWrong, err)
			}
		}
		wanted := func(wait time.Duration) {
			t.Helper()
			_, byCode := g.byCode(in)
			for _, err := range []error{g.try(in), byCode} {
				var e *app.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, app.HumanCheckRequired.String(), e.Kind.String())
				require.Equal(t, wait, e.RetryAfter)
			}
		}
		fail(3)
		checked := g.door.checked.Load()
		g.clock.Advance(time.Minute)
		wanted(29 * time.Minute)
		require.Equal(t, checked, g.door.checked.Load(), "nothing is compared")
		g.human(t, awayIP, "")
		g.human(t, homeIP, "bob@example.com")
		wanted(29 * time.Minute)
		g.human(t, homeIP, email)
		fail(3)
		wanted(30 * time.Minute)
		g.clock.Advance(30 * time.Minute)
		fail(1)

		plain := in
		plain.HumanCheck = false
		requireKind(t, app.BadCredentials, g.try(plain))
	}
}

// However long three failures take, they are in a row where none comes half an
// hour after the one before.
func TestFailuresInARowMayTakeTheirTime(t *testing.T) {
	g := newGuarded(t, patient)
	in := app.Credentials{Email: "alice@example.com", Password: wrongPassword, IP: homeIP, HumanCheck: true}
	for range 3 {
		requireKind(t, app.BadCredentials, g.try(in))
		g.clock.Advance(29 * time.Minute)
	}
	requireKind(t, app.HumanCheckRequired, g.try(in))
	g.clock.Advance(time.Minute)
	for range 2 {
		requireKind(t, app.BadCredentials, g.try(in))
		requireKind(t, app.BadCredentials, g.try(in))
		g.clock.Advance(30 * time.Minute)
	}
}

func TestARightPasswordAfterTheHumanCheck(t *testing.T) {
	g := newGuarded(t, strict)
	wrong := app.Credentials{Email: "alice@example.com", Password: wrongPassword, IP: homeIP, HumanCheck: true}
	right := wrong
	right.Password = goodPassword
	for range 3 {
		requireKind(t, app.BadCredentials, g.try(wrong))
	}
	requireKind(t, app.HumanCheckRequired, g.try(right))
	g.human(t, homeIP, "")
	require.NoError(t, g.try(right))
	for range 3 {
		requireKind(t, app.BadCredentials, g.try(wrong))
	}
	requireKind(t, app.HumanCheckRequired, g.try(right))
}

func TestACodeForAPerson(t *testing.T) {
	g := newGuarded(t, strict)
	send := func(email, client string) error {
		_, err := g.service.SendMailCodeToHuman(t.Context(), email, client, "en")
		return err
	}
	requireKind(t, app.HumanCheckRequired, send("alice@example.com", homeIP))
	requireKind(t, app.HumanCheckRequired, send("alice@example.com", ""))
	g.human(t, homeIP, "")
	requireKind(t, app.HumanCheckRequired, send("alice@example.com", awayIP))
	require.NoError(t, send("alice@example.com", homeIP))
	require.Len(t, g.mailer.Sent(), 3, "two welcomes and a code")
	g.clock.Advance(time.Minute)
	requireKind(t, app.HumanCheckRequired, send("alice@example.com", homeIP))
	g.human(t, homeIP, "")
	require.NoError(t, send("bob@example.com", homeIP))
	g.human(t, homeIP, "")
	requireKind(t, app.TooOften, send("bob@example.com", homeIP))
	require.NoError(t, send("nobody@example.com", homeIP), "what was not sent leaves the proof")
	g.human(t, homeIP, "")
	g.clock.Advance(10 * time.Minute)
	requireKind(t, app.HumanCheckRequired, send("alice@example.com", homeIP))
}

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
	_, err := g.service.SendMailCodeToHuman(t.Context(), "bob@example.com", homeIP, "en")
	requireKind(t, app.HumanCheckRequired, err)
	g.clock.Advance(time.Minute)
	_, err = g.service.SendMailCodeToHuman(t.Context(), email, homeIP, "en")
	require.NoError(t, err)
	_, err = g.service.SendMailCodeToHuman(t.Context(), email, homeIP, "en")
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

func TestSignInByCode(t *testing.T) {
	g := newGuarded(t, strict)
	const email = "alice@example.com"
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

func TestResetToken(t *testing.T) {
	g := newGuarded(t, strict)
	const email = "alice@example.com"
	get := func() app.Secret {
		g.mail(t, app.MailTarget(email))
		token, err := g.service.VerifyForReset(t.Context(), email, mailed)
		require.NoError(t, err)
		return token
	}
	reset := func(in app.TokenReset) error {
		_, err := g.service.ResetByToken(t.Context(), in)
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
	require.NoError(t, reset(app.TokenReset{Token: token, New: goodPassword}))
	requireKind(t, app.TokenInvalid, reset(app.TokenReset{Token: other, New: newPassword}))
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
	_, err = g.service.ResetByToken(t.Context(), app.TokenReset{Token: token, New: newPassword})
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

func TestVerifiedTargets(t *testing.T) {
	w := newPerson(t, sagatest.NewClock())
	clock := sagatest.NewClock()
	g := &guardedWorld{world: w.world, clock: clock}
	proven := func(target app.Target) bool {
		ok, err := g.service.Proven(t.Context(), target)
		require.NoError(t, err)
		return ok
	}
	mail, number := app.Target{Email: "New@example.com"}, app.Target{Country: "86", Mobile: "13800138000", Client: homeIP}
	for target, key := range map[app.Target]string{
		mail: app.MailTarget("new@example.com"), number: app.SMSTarget("86", "13800138000"),
	} {
		requireKind(t, app.CodeWrong, g.service.VerifyTarget(t.Context(), target, mailed))
		g.mail(t, key)
		requireKind(t, app.CodeWrong, g.service.VerifyTarget(t.Context(), target, "WRONG2"))
		require.False(t, proven(target))
		require.NoError(t, g.service.VerifyTarget(t.Context(), target, mailed))
		require.True(t, proven(target))
		requireKind(t, app.CodeWrong, g.service.VerifyTarget(t.Context(), target, mailed))
	}
	require.True(t, proven(app.Target{Email: "new@EXAMPLE.com"}))
	require.False(t, proven(app.Target{Email: "other@example.com"}))
	require.False(t, proven(app.Target{Country: "86", Mobile: "13800138000", Client: awayIP}), "it is bound to the client")
	require.False(t, proven(app.Target{Country: "86", Mobile: "13800138000"}))
	requireKind(t, app.Invalid, g.service.VerifyTarget(t.Context(), app.Target{Email: "x"}, mailed))
	requireKind(t, app.Invalid, g.service.VerifyTarget(t.Context(), app.Target{}, mailed))

	ref, err := g.store.Proofs.Consume(t.Context(), mail.ProofName(), clock.Now())
	require.NoError(t, err)
	require.Equal(t, clock.Now().Add(15*time.Minute), ref.Ends)
	require.False(t, proven(mail))
}

func TestSendUsername(t *testing.T) {
	g := newGuarded(t, strict)
	before := len(g.mailer.Sent())
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
	_, err := g.service.SendUsername(t.Context(), "x", homeIP, "zh")
	requireKind(t, app.Invalid, err)
	sent := g.mailer.Sent()[before:]
	require.Len(t, sent, 5, "to the owner alone")
	for _, mail := range sent {
		require.Equal(t, app.Mail{Kind: app.MailUsername, To: "Alice@example.com", Language: "zh", Username: "alice"}, mail)
	}
}
