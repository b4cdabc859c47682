package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// spend asks for messages from a new network each time until one is refused, and
// returns how many were sent.
func spend(t *testing.T, kind app.Kind, ask func(client string, n int) error) int {
	t.Helper()
	for n := range 100 {
		if err := ask(stranger(n), n); err != nil {
			requireKind(t, kind, err)
			return n
		}
	}
	t.Fatal("no end of it")
	return 0
}

// Strangers of many networks cannot spend the mails of a day that are kept for
// users of accounts, and do not stop registrations.
func TestStrangersCannotSpendThePlatformsReserve(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.Mail = app.SendLimits{PerClientHour: 3, PlatformDay: 20, ReservePercent: 40} })
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
	unknown := func(client string, n int) error { return g.mailCode(client, fmt.Sprintf("someone%d@example.com", n)) }
	require.Equal(t, 12, spend(t, app.TooOften, unknown))

	// Half of the rest is for addresses of accounts, and for networks of accounts.
	require.NoError(t, g.mailCode(awayIP, "bob@example.com"))
	visitor := fromClient("192.0.2.7")
	_, err := g.store.Places.Visit(visitor, "bob", app.Place{Address: "192.0.2.1"}, g.clock.Now())
	require.NoError(t, err)
	require.NoError(t, g.mailCode("192.0.2.7", "newcomer@example.com"))
	_, err = g.service.SendUsername(fromClient(awayIP), "bob@example.com", awayIP, "en")
	require.NoError(t, err)
	g.clock.Advance(time.Minute)
	require.NoError(t, g.mailCode(stranger(201), "bob@example.com"))
	g.clock.Advance(time.Minute)
	retryAfter(t, app.TooOften, 24*time.Hour-2*time.Minute, g.mailCode(stranger(202), "bob@example.com"))
	retryAfter(t, app.TooOften, 24*time.Hour-2*time.Minute, g.mailCode("192.0.2.8", "newcomer2@example.com"))

	// The other half is for networks that the account knows.
	for range 3 {
		require.NoError(t, g.mailCode(homeIP, "alice@example.com"))
		g.clock.Advance(time.Hour)
	}
	require.NoError(t, g.mailCode(homeIP, "alice@example.com"))
	g.clock.Advance(time.Hour)
	retryAfter(t, app.TooOften, 20*time.Hour-2*time.Minute, g.mailCode(homeIP, "alice@example.com"))

	sent := len(g.mailer.Sent())
	_, err = g.service.Register(fromClient(awayIP), app.Registration{Username: "carol", Email: "carol@example.com", Password: goodPassword})
	require.NoError(t, err)
	g.settle(t, g.clock)
	require.Len(t, g.mailer.Sent(), sent, "nobody is greeted")
	g.clock.Advance(24 * time.Hour)
	require.NoError(t, unknown(stranger(300), 300))
}

// So it is with short messages.
func TestStrangersCannotSpendTheReserveOfMessages(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SMS = app.SendLimits{PerClientHour: 3, PlatformDay: 10, ReservePercent: 20} })
	alice := g.who(t, "alice").Account
	require.NoError(t, g.store.Accounts.SetMobile(t.Context(), alice.ID, "86", "13800138000", g.clock.Now()))
	unknown := func(client string, n int) error { return g.message(client, fmt.Sprintf("139001390%02d", n)) }
	require.Equal(t, 8, spend(t, app.SMSLimit, unknown))
	require.NoError(t, g.message(stranger(200), "13800138000"))
	g.clock.Advance(time.Minute)
	retryAfter(t, app.SMSLimit, 24*time.Hour-time.Minute, g.message(stranger(201), "13800138000"))
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
	require.NoError(t, g.message(homeIP, "13800138000"))
	g.clock.Advance(time.Minute)
	retryAfter(t, app.SMSLimit, 24*time.Hour-2*time.Minute, g.message(homeIP, "13800138000"))
}

// A target whose codes strangers have used up, on a day when they have used up the
// platform's mails too, still has its owner's.
func TestBothReservesTogether(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) {
		l.Mail = app.SendLimits{PerClientHour: 3, PlatformDay: 10, ReservePercent: 20}
		l.Code.PerTargetDay = 2
	})
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
	for n := range 2 {
		require.NoError(t, g.mailCode(stranger(n), "alice@example.com"))
		g.clock.Advance(time.Minute)
	}
	require.Equal(t, 6, spend(t, app.TooOften, func(client string, n int) error {
		return g.mailCode(client, fmt.Sprintf("someone%d@example.com", n))
	}))
	requireKind(t, app.TooOften, g.mailCode(stranger(200), "alice@example.com"))
	g.clock.Advance(time.Second)
	require.NoError(t, g.mailCode(homeIP, "alice@example.com"))
}
