package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

func TestRegisterWithAProfile(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	in := app.Registration{
		Username: "alice", Email: "alice@example.com", Password: goodPassword, Website: "http://a.test", AvatarURL: "http://p.test/a.png",
	}
	for field, spoil := range map[string]func(*app.Registration){
		"website":   func(r *app.Registration) { r.Website = "javascript:alert(1)" },
		"avatarUrl": func(r *app.Registration) { r.AvatarURL = strings.Repeat("a", 256) },
	} {
		bad := in
		spoil(&bad)
		_, err := w.service.Register(t.Context(), bad)
		var refused *app.Error
		require.ErrorAs(t, err, &refused)
		require.Equal(t, app.Invalid, refused.Kind)
		require.Equal(t, field, refused.Violations[0].Field)
	}

	w.directory.Break(memory.FailBefore, "SetAvatar")
	account, receipt, err := w.service.RegisterAccount(t.Context(), in)
	require.NoError(t, err, "Gitea's showing it is not waited for")
	require.Equal(t, app.Profile{Nickname: "alice", Website: in.Website, AvatarURL: in.AvatarURL}, account.Profile)
	w.directory.Mend()
	w.ended(t, clock, receipt)
	there, err := w.directory.Profile(t.Context(), account.Ref())
	require.NoError(t, err)
	require.Equal(t, app.DirectoryProfile{FullName: "alice", Website: in.Website}, there)
	require.Equal(t, picture(t), w.directory.Avatar("alice"))
}

// What a newcomer says is shown after the answer; an edit that came between is
// not undone by it.
func TestAnEditOvertakesANewcomersProfile(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	before, after := w.directory.Inject("SetProfile", memory.Hold), w.directory.Inject("SetAvatar", memory.Hold)
	account, receipt, err := w.service.RegisterAccount(t.Context(), app.Registration{
		Username: "alice", Email: "alice@example.com", Password: goodPassword, Website: "http://a.test", AvatarURL: "http://p.test/a.png",
	})
	require.NoError(t, err)
	websiteIs := func(want string) {
		there, err := w.directory.Profile(t.Context(), account.Ref())
		require.NoError(t, err)
		require.Equal(t, want, there.Website)
	}
	<-before.Met()
	website := "http://b.test"
	account, err = w.store.Accounts.ByID(t.Context(), account.ID)
	require.NoError(t, err)
	_, err = w.service.EditPerson(t.Context(), app.Principal{Account: account}, app.PersonChange{Website: &website})
	require.NoError(t, err)
	websiteIs(website)
	require.NoError(t, before.Release())
	<-after.Met()
	websiteIs("http://a.test")
	require.NoError(t, after.Release())
	w.ended(t, clock, receipt)
	websiteIs(website)
	require.Equal(t, picture(t), w.directory.Avatar("alice"))
}

// A newcomer who is gone before he was shown stays gone.
func TestADeletedNewcomerIsNotShown(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	w.directory.Break(memory.FailBefore, "SetProfile")
	account, receipt, err := w.service.RegisterAccount(t.Context(), app.Registration{
		Username: "alice", Email: "alice@example.com", Password: goodPassword, Website: "http://a.test",
	})
	require.NoError(t, err)
	w.leave(t, w.signIn(t, "alice"))
	clock.Advance(2 * grace)
	_, err = w.service.EndDeparted(t.Context())
	require.NoError(t, err)
	w.directory.Mend()
	w.ended(t, clock, receipt)
	w.gone(t, account)
}

// A welcome that the mail server did not take is not sent once the account is
// leaving or gone.
func TestADeletedNewcomerIsNotWelcomed(t *testing.T) {
	for _, after := range []time.Duration{0, 2 * grace} {
		clock := sagatest.NewClock()
		w := newWorld(t, clock)
		w.mailer.Break(memory.FailBefore, "Send")
		account, receipt, err := w.service.RegisterAccount(t.Context(), app.Registration{
			Username: "alice", Email: "alice@example.com", Password: goodPassword,
		})
		require.NoError(t, err)
		w.leave(t, w.signIn(t, "alice"))
		clock.Advance(after)
		_, err = w.service.EndDeparted(t.Context())
		require.NoError(t, err)
		w.mailer.Mend()
		w.ended(t, clock, receipt)
		for _, mail := range w.mailer.Sent() {
			require.NotEqual(t, app.MailWelcome, mail.Kind)
		}
		if after > 0 {
			w.gone(t, account)
		}
	}
}

// A suspended newcomer is welcomed all the same.
func TestASuspendedNewcomerIsWelcomed(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	w.mailer.Break(memory.FailBefore, "Send")
	account, receipt, err := w.service.RegisterAccount(t.Context(), app.Registration{
		Username: "alice", Email: "alice@example.com", Password: goodPassword,
	})
	require.NoError(t, err)
	_, err = w.service.Suspend(t.Context(), account.ID, app.Locked)
	require.NoError(t, err)
	w.mailer.Mend()
	w.ended(t, clock, receipt)
	kinds := map[app.MailKind]bool{}
	for _, mail := range w.mailer.Sent() {
		kinds[mail.Kind] = true
	}
	require.True(t, kinds[app.MailWelcome])
}

// ended lets recovery work until the saga has ended.
func (w *world) ended(t *testing.T, clock *sagatest.Clock, receipt saga.Receipt) {
	t.Helper()
	for {
		record, err := w.store.Journal.Load(t.Context(), receipt.ID)
		require.NoError(t, err)
		require.False(t, record.Stuck)
		if record.Phase.Ended() {
			return
		}
		w.settle(t, clock)
	}
}
