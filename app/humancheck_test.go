package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/app/verify"
)

// TestAProofForEachChallenge: of several people behind one address, each may do
// one thing with what they solved.
func TestAProofForEachChallenge(t *testing.T) {
	for _, typed := range []string{"", "alice@example.com"} {
		g := newGuarded(t, strict)
		g.human(t, homeIP, typed)
		g.human(t, homeIP, typed)
		for range 2 {
			require.NoError(t, g.service.PermitReset(t.Context(), "alice@example.com", homeIP))
			g.clearPermit(t, "alice@example.com", homeIP)
		}
		requireKind(t, app.HumanCheckRequired, g.service.PermitReset(t.Context(), "alice@example.com", homeIP))
	}
}

// clearPermit uses up the check that a permit left behind.
func (g *guardedWorld) clearPermit(t *testing.T, email, client string) {
	t.Helper()
	ref, err := g.store.Proofs.Consume(t.Context(), g.service.HumanProof(client, email), g.clock.Now())
	require.NoError(t, err)
	require.NotZero(t, ref)
}

// TestASliderForWhatWasTyped: a check that is bound to the user name, as it was
// typed, is good for it as one bound to the address is for that.
func TestASliderForWhatWasTyped(t *testing.T) {
	for typed, in := range map[string]app.Credentials{
		" Alice ":           {Username: "alice"},
		"alice@example.com": {Email: "alice@example.com"},
	} {
		g := newGuarded(t, strict)
		in.IP, in.HumanCheck, in.Password = homeIP, true, wrongPassword
		for range 3 {
			requireKind(t, app.BadCredentials, g.try(in))
		}
		in.Password = goodPassword
		requireKind(t, app.HumanCheckRequired, g.try(in))
		g.human(t, homeIP, "bob")
		requireKind(t, app.HumanCheckRequired, g.try(in))
		g.human(t, homeIP, typed)
		require.NoError(t, g.try(in), typed)
	}
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
	_, err = g.service.SendMailCodeToHuman(t.Context(), "alice@example.com", app.AnyPurpose, homeIP, "en")
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
var patient = app.GuardSettings{Account: verify.Limit{Free: 50, LockFor: time.Hour}}

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
		_, err := g.service.SendMailCodeToHuman(t.Context(), email, app.AnyPurpose, client, "en")
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
