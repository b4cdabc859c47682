package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/app/verify"
)

// defaults is a guard like that of the default configuration.
var defaults = app.GuardSettings{
	Account:    verify.Limit{Free: 5, Delay: time.Second, MaxDelay: 30 * time.Second, LockAfter: 10, LockFor: 15 * time.Minute},
	Client:     verify.Limit{Free: 50, Delay: time.Second, MaxDelay: 30 * time.Second, LockAfter: 200, LockFor: 15 * time.Minute},
	WideFactor: 4,
}

// stranger is one of many clients, each in a network of its own.
func stranger(n int) string { return fmt.Sprintf("203.%d.%d.1", n/250, n%250) }

// newWorldWith is a guarded world whose limits are the default ones but for some.
func newWorldWith(t *testing.T, change func(*app.Limits)) *guardedWorld {
	t.Helper()
	g := newGuarded(t, defaults)
	limits := app.DefaultLimits()
	change(&limits)
	g.service = limitedBy(t, g.store, g.service.Deps, defaults, limits)
	return g
}

// fromClient is the context of a request of that client.
func fromClient(client string) context.Context {
	return app.WithCaller(context.Background(), &app.Caller{Place: app.Place{Address: client}})
}

func (g *guardedWorld) mailCode(client, email string) error {
	_, err := g.service.SendMailCode(fromClient(client), email, app.ForReset, "en")
	return err
}

func (g *guardedWorld) message(client, mobile string) error {
	_, err := g.service.SendSMSCode(fromClient(client), "86", mobile, app.ForReset, client, "en")
	return err
}

// retryAfter requires that an error is of that kind and says when to try again.
func retryAfter(t *testing.T, kind app.Kind, want time.Duration, err error) {
	t.Helper()
	requireKind(t, kind, err)
	var e *app.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want, e.RetryAfter)
}

// Strangers who use up the codes of an address do not keep its user from one.
func TestStrangersCannotSpendTheReserveOfAnAddress(t *testing.T) {
	for name, trusted := range map[string]func(t *testing.T, g *guardedWorld){
		"a known network": func(t *testing.T, g *guardedWorld) {
			require.NoError(t, g.try(app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
		},
		"a human check": func(t *testing.T, g *guardedWorld) { g.human(t, homeIP, "") },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, defaults)
			trusted(t, g)
			for n := range 10 {
				require.NoError(t, g.mailCode(stranger(n), "alice@example.com"))
				g.clock.Advance(time.Minute)
			}
			if name == "a human check" { // it does not last as long as that
				trusted(t, g)
			}
			retryAfter(t, app.TooOften, 24*time.Hour-10*time.Minute, g.mailCode(stranger(11), "alice@example.com"))
			require.NoError(t, g.mailCode(homeIP, "alice@example.com"))
			requireKind(t, app.TooOften, g.mailCode(homeIP, "alice@example.com"))
			requireKind(t, app.TooOften, g.mailCode(stranger(12), "alice@example.com"))
		})
	}
}

// A stranger's wrong tries do not use up a live code.
func TestWrongTriesCountAgainstTheClientThatMakesThem(t *testing.T) {
	g := newGuarded(t, defaults)
	g.mail(t, app.MailTarget("alice@example.com"))
	reset := func(client string, code app.Secret) error {
		_, err := g.service.ResetPassword(fromClient(client), app.PasswordReset{Email: "alice@example.com", Code: code, New: newPassword})
		return err
	}
	for range 6 {
		requireKind(t, app.CodeWrong, reset(awayIP, "WRONG2"))
	}
	requireKind(t, app.CodeWrong, reset(awayIP, mailed))
	require.NoError(t, reset(homeIP, mailed))
}

func TestAllClientsTogetherCannotGuessACode(t *testing.T) {
	g := newGuarded(t, defaults)
	g.mail(t, app.MailTarget("alice@example.com"))
	for n := range 20 {
		for range 5 {
			_, err := g.service.VerifyForReset(fromClient(stranger(n*250)), "alice@example.com", "WRONG2")
			requireKind(t, app.CodeWrong, err)
		}
	}
	_, err := g.service.VerifyForReset(fromClient(homeIP), "alice@example.com", mailed)
	requireKind(t, app.CodeWrong, err)
}

// Wrong passwords of strangers do not lock out somebody whose network is known.
func TestStrangersCannotLockAKnownNetworkOut(t *testing.T) {
	g := newGuarded(t, defaults)
	in := app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}
	require.NoError(t, g.try(in))
	for n := range 40 {
		_ = g.try(app.Credentials{Username: "alice", Password: wrongPassword, IP: stranger(n)})
		g.clock.Advance(10 * time.Second)
	}
	requireKind(t, app.TooOften, g.try(app.Credentials{Username: "alice", Password: goodPassword, IP: awayIP}))
	require.NoError(t, g.try(in))

	in.Password = wrongPassword
	for range 5 {
		requireKind(t, app.BadCredentials, g.try(in))
	}
	requireKind(t, app.TooOften, g.try(in))
}

// Guesses at one account count under all of its names, and nothing shows that the
// names belong together.
func TestGuessesCountForTheAccount(t *testing.T) {
	g := newGuarded(t, defaults)
	g.number(t)
	guesses := []app.Credentials{
		{Username: "alice"}, {Email: "alice@example.com"}, {Country: "86", Mobile: "13800138000"}, {Username: "13800138000"},
	}
	answers := func(change func(*app.Credentials)) (all []string) {
		for _, in := range guesses {
			change(&in)
			in.Password, in.IP = wrongPassword, awayIP
			for range 5 {
				all = append(all, answer(g.try(in)))
			}
		}
		return all
	}
	account, err := g.store.Accounts.ByUsername(t.Context(), "alice")
	require.NoError(t, err)
	known := answers(func(*app.Credentials) {})
	require.Equal(t, 10, g.door.compared(account.PasswordHash))
	unknown := answers(func(in *app.Credentials) {
		if in.Username != "" {
			in.Username = "x" + in.Username
		}
		if in.Email != "" {
			in.Email = "x" + in.Email
		}
		if in.Mobile != "" {
			in.Mobile = "13900139000"
		}
	})
	require.Equal(t, unknown, known)
	g.clock.Advance(15 * time.Minute)
	require.NoError(t, g.try(app.Credentials{Email: "alice@example.com", Password: goodPassword, IP: awayIP}))
}

// Right sign-ins of one account that meet do not hold one another up.
func TestRightSignInsAtOnceAllPass(t *testing.T) {
	guard := defaults
	g := newGuarded(t, guard)
	kinds := g.guess(func(i int) error {
		_, _, err := g.service.SignIn(context.Background(), app.Credentials{Username: "alice", Password: goodPassword, IP: stranger(i)})
		if err != nil {
			return err
		}
		return errAsWanted
	})
	require.Equal(t, map[app.Kind]int{app.Internal: guessers}, kinds, "which stands for no error")
}

var errAsWanted = errors.New("signed in")

// Requests that a number's own limit refuses cost the platform nothing.
func TestWhatIsNotSentIsNotCharged(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SMS = app.SendLimits{PerClientHour: 3, PlatformDay: 2} })
	require.NoError(t, g.message(stranger(0), "13800138000"))
	for n := range 20 {
		retryAfter(t, app.TooOften, time.Minute, g.message(stranger(n), "13800138000"))
	}
	g.sms.Inject("Send", memory.Refuse)
	require.Error(t, g.message(stranger(1), "13900139000"))
	require.NoError(t, g.message(stranger(2), "13700137000"))
	retryAfter(t, app.SMSLimit, 24*time.Hour, g.message(stranger(3), "13600136000"))
	g.clock.Advance(24 * time.Hour)
	require.NoError(t, g.message(stranger(4), "13600136000"))
}

// Mails have the limits that short messages have, whoever they are for.
func TestMailsAreLimitedByClientAndPlatform(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.Mail = app.SendLimits{PerClientHour: 3, PlatformDay: 5} })
	code := func(client string, n int) error { return g.mailCode(client, fmt.Sprintf("someone%d@example.com", n)) }
	for n := range 3 {
		require.NoError(t, code(homeIP, n))
	}
	g.clock.Advance(time.Minute)
	retryAfter(t, app.TooOften, 59*time.Minute, code(homeIP, 3))
	_, err := g.service.SendUsername(fromClient(homeIP), "alice@example.com", homeIP, "en")
	retryAfter(t, app.TooOften, 59*time.Minute, err)
	_, err = g.service.Register(fromClient(homeIP), app.Registration{Username: "carol", Email: "carol@example.com", Password: goodPassword})
	retryAfter(t, app.TooOften, 59*time.Minute, err)
	g.human(t, homeIP, "")
	_, err = g.service.SendMailCodeToHuman(fromClient(homeIP), "bob@example.com", app.ForReset, homeIP, "en")
	requireKind(t, app.TooOften, err)
	for n := range 2 {
		require.NoError(t, code(awayIP, n))
		g.clock.Advance(time.Minute)
	}
	retryAfter(t, app.TooOften, 24*time.Hour-3*time.Minute, code(stranger(1), 9))
}

// One network around many addresses is limited too, at a looser rate.
func TestAWiderNetworkIsLimitedToo(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.Mail.PerClientHour = 2 })
	for n := range 8 {
		require.NoError(t, g.mailCode(fmt.Sprintf("2001:db8:1:%x::1", n), fmt.Sprintf("someone%d@example.com", n)))
	}
	requireKind(t, app.TooOften, g.mailCode("2001:db8:1:99::1", "bob@example.com"))
	require.NoError(t, g.mailCode("2001:db8:2::1", "bob@example.com"))
}

func TestRegistrationsAreLimitedByClient(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.RegistrationsPerClientHour = 3 })
	register := func(client, name string) error {
		_, err := g.service.Register(fromClient(client), app.Registration{
			Username: name, Email: name + "@example.com", Password: goodPassword, Language: "en",
		})
		return err
	}
	require.NoError(t, register(homeIP, "one"))
	for range 5 {
		requireKind(t, app.UserTaken, register(homeIP, "one"))
	}
	g.directory.Inject("CreateUser", memoryFailBefore)
	requireKind(t, app.DirectoryFailed, register(homeIP, "two"))
	g.settle(t, g.clock)
	require.NoError(t, register(homeIP, "two"))
	require.NoError(t, register(homeIP, "three"))
	requireKind(t, app.TooOften, register(homeIP, "four"))
	require.NoError(t, register(awayIP, "four"))
}

// A mail to an address that nobody proved to read has no text that a stranger
// chose.
func TestAWelcomeToAnUnprovedAddressNamesNobody(t *testing.T) {
	g := newGuarded(t, defaults)
	before := len(g.mailer.Sent())
	_, err := g.service.Register(fromClient(homeIP), app.Registration{
		Username: "www.evil-shop59.com", Nickname: "www.evil-shop59.com", Email: "victim@example.com", Password: goodPassword, Language: "en",
	})
	require.NoError(t, err)
	g.mail(t, app.MailTarget("carol@example.com"))
	_, err = g.service.Register(fromClient(homeIP), app.Registration{
		Username: "carol", Email: "carol@example.com", EmailCode: mailed, Password: goodPassword, Language: "en",
	})
	require.NoError(t, err)
	g.calm(t)
	require.ElementsMatch(t, []app.Mail{
		{Kind: app.MailWelcome, To: "victim@example.com", Language: "en"},
		{Kind: app.MailWelcome, To: "carol@example.com", Language: "en", Username: "carol"},
	}, g.mailer.Sent()[before:])
}

// Questions whose answer reveals who exists are limited by client.
func TestLookupsAreLimitedByClient(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.LookupsPerClientHour = 4 })
	ask := func(client string) []error {
		_, err := g.service.Register(fromClient(client), app.Registration{Username: "alice", Email: "x@example.com", Password: goodPassword})
		return []error{
			g.service.CheckNewcomer(fromClient(client), app.Registration{Email: "alice@example.com"}), err,
			g.service.CheckInviter(fromClient(client), "nobody"),
			g.service.CheckInvite(fromClient(client), "CODE"),
		}
	}
	for _, err := range ask(homeIP) {
		require.NotEqual(t, app.TooOften, app.KindOf(err), "%v", err)
	}
	for _, err := range ask(homeIP) {
		retryAfter(t, app.TooOften, time.Hour, err)
	}
	require.NotEqual(t, app.TooOften, app.KindOf(ask(awayIP)[0]))
}

// One client's refused requests do not use up the human checks of the others.
func TestOneClientCannotExhaustTheHumanChecks(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.ChallengesPerClientMinute, l.ChallengesPlatform = 3, 5 })
	draw := func(client string) error {
		_, err := g.service.Challenge(t.Context(), app.SliderChallenge, client)
		return err
	}
	for range 3 {
		require.NoError(t, draw(homeIP))
	}
	for range 20 {
		retryAfter(t, app.TooOften, time.Minute, draw(homeIP))
	}
	require.NoError(t, draw(awayIP))
	require.NoError(t, draw(awayIP))
	retryAfter(t, app.TooOften, 5*time.Minute, draw(awayIP))
}

// Looks at public profiles, by number or by name, do not list who exists.
func TestProfilesAreLimitedByClient(t *testing.T) {
	g := newGuarded(t, defaults)
	look := func(client string, n int) error {
		if n%2 == 0 {
			_, err := g.service.PersonByName(fromClient(client), fmt.Sprintf("someone%d", n))
			return err
		}
		_, err := g.service.PersonByUserID(fromClient(client), int64(n))
		return err
	}
	for n := range 600 {
		requireKind(t, app.NotFound, look(homeIP, n))
	}
	retryAfter(t, app.TooOften, time.Hour, look(homeIP, 1))
	retryAfter(t, app.TooOften, time.Hour, look(homeIP, 2))
	requireKind(t, app.NotFound, look(awayIP, 1))
}

func TestRepositoriesAreLimitedByAccount(t *testing.T) {
	g := newGuarded(t, defaults)
	principal := func(name string) app.Principal {
		account, err := g.store.Accounts.ByUsername(t.Context(), name)
		require.NoError(t, err)
		return app.Principal{Account: account}
	}
	create := func(p app.Principal, n int) error {
		_, err := g.service.CreateRepository(t.Context(), p, app.NewRepository{Name: fmt.Sprintf("work%d", n)})
		return err
	}
	alice := principal("alice")
	g.directory.Inject("CreateRepository", memory.Refuse)
	requireKind(t, app.DirectoryFailed, create(alice, 0))
	for n := range 60 {
		require.NoError(t, create(alice, n))
	}
	retryAfter(t, app.TooOften, time.Hour, create(alice, 60))
	require.NoError(t, create(principal("bob"), 0))
}

// Wrong codes of one client are limited, for however many targets they are.
func TestWrongCodesAreLimitedByClient(t *testing.T) {
	g := newGuarded(t, defaults)
	try := func(client string, n int) error {
		_, err := g.service.VerifyForReset(fromClient(client), fmt.Sprintf("someone%d@example.com", n), "WRONG2")
		return err
	}
	for n := range 50 {
		requireKind(t, app.CodeWrong, try(homeIP, n))
	}
	retryAfter(t, app.TooOften, time.Second, try(homeIP, 50))
	requireKind(t, app.CodeWrong, try(awayIP, 51))
}

func TestMessagesAreLimitedByClient(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SMS = app.SendLimits{PerClientHour: 2, PlatformDay: 9} })
	require.NoError(t, g.message(homeIP, "13800138000"))
	require.NoError(t, g.message(homeIP, "13900139000"))
	retryAfter(t, app.TooOften, time.Hour, g.message(homeIP, "13700137000"))
	require.NoError(t, g.message(awayIP, "13700137000"))
}

// The reserve of an address is bounded too.
func TestTheReserveOfAnAddressIsLimited(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.Code.PerTargetDay, l.Code.ReserveDay = 1, 2 })
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
	require.NoError(t, g.mailCode(stranger(1), "alice@example.com"))
	for range 2 {
		g.clock.Advance(time.Minute)
		require.NoError(t, g.mailCode(homeIP, "alice@example.com"))
	}
	g.clock.Advance(time.Minute)
	requireKind(t, app.TooOften, g.mailCode(homeIP, "alice@example.com"))
}
