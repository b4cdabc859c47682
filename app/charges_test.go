package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
)

// A sign-in by code costs nothing if the change of owner before it fails.
func TestASignInWhoseChangeOfOwnerFailsIsReturned(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SignInsPerAccountHour, l.SignInsPerClientHour = 1, 1 })
	byCode := func() error {
		g.mail(t, app.MailTarget(aliceMail))
		_, err := g.byCode(app.Credentials{Email: aliceMail, Code: mailed, IP: homeIP})
		return err
	}
	g.directory.Inject("SetPassword", memory.FailBefore)
	requireKind(t, app.DirectoryFailed, byCode())
	g.settle(t, g.clock)
	require.NoError(t, byCode())
	requireKind(t, app.TooOften, byCode())
}

// A sign-in that made its user again and failed all the same returns what it was
// charged, once.
func TestASignInThatIsTriedTwiceIsReturnedOnce(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.SignInsPerAccountHour, l.SignInsPerClientHour = 2, 2 })
	in := app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}
	require.NoError(t, g.try(in))
	require.NoError(t, g.directory.RemoveUser(t.Context(), "alice", g.who(t, "alice").Account.ID))
	g.directory.Inject("CreateToken", memory.Fault(0)) // the user is gone
	g.directory.Inject("CreateToken", memory.Refuse)
	requireKind(t, app.DirectoryFailed, g.try(in))
	g.settle(t, g.clock)
	require.NotZero(t, g.who(t, "alice").Account.GiteaID)
	require.NoError(t, g.try(in))
	requireKind(t, app.TooOften, g.try(in))
}

// A change whose outcome is not known yet stays charged: it may be made.
func TestAChangeOfUnknownOutcomeStaysCharged(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.ChangesPerAccountHour = 1 })
	alice, name := g.who(t, "alice"), "Alice M"
	edit := func(ctx context.Context) error {
		_, err := g.service.EditPerson(ctx, alice, app.PersonChange{Nickname: &name})
		return err
	}
	held := g.directory.Inject("SetProfile", memory.Hold)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-held.Met()
		cancel()
	}()
	err := edit(ctx)
	require.ErrorIs(t, err, saga.ErrUndecided)
	require.NoError(t, held.Release())
	g.calm(t)
	require.Equal(t, name, g.who(t, "alice").Account.Nickname)
	retryAfter(t, app.TooOften, time.Hour, edit(t.Context()))
}

// A change that was made and goes on in the background stays charged.
func TestAChangeThatGoesOnStaysCharged(t *testing.T) {
	g := newGuarded(t, defaults)
	limits := app.DefaultLimits()
	limits.ManagedPerAccountHour = 1
	d := g.service.Deps
	d.Runner = saga.NewRunner(g.store.Journal, saga.Options{Now: d.Now, Logger: d.Logger})
	var err error
	g.service, err = app.New(d, app.Settings{SessionTTL: sessionTTL, KeepTTL: keepTTL, Guard: defaults, Limits: limits}) // no grace period
	require.NoError(t, err)
	alice := g.who(t, "alice").Account
	boss := g.role(t, g.who(t, "bob").Account, app.SuperAdministrator)
	g.directory.Inject("PurgeUser", memory.FailBefore)
	receipt, err := g.service.RemovePerson(t.Context(), boss, alice.UserID)
	requireKind(t, app.DirectoryFailed, err)
	require.Error(t, receipt.Pending)
	_, err = g.service.RemovePerson(t.Context(), boss, alice.UserID)
	retryAfter(t, app.TooOften, time.Hour, err)
}
