package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

func TestSendNoticeFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SendingNoticeState] {
		w := newWorld(t, clock)
		return sagatest.World[app.SendingNoticeState]{
			Definition: w.service.SendNoticeFlow(), Journal: w.store.Journal, Subject: "notice",
			State: app.SendingNoticeState{
				To: "alice@example.com", Language: "en", Expires: clock.Now().Add(grace),
				Notice: app.Notice{Kind: app.NoticePasswordChanged, At: clock.Now()},
			},
			Check: func(t *testing.T, committed bool) { require.Equal(t, committed, len(w.mailer.Sent()) > 0) },
		}
	})
}

// browser is where alice's requests come from in these tests.
var browser = app.Place{Address: "192.0.2.1", Program: "Firefox", System: "Linux"}

func from(ctx context.Context, p app.Place) context.Context {
	return app.WithCaller(ctx, &app.Caller{Place: p, Language: "en"})
}

func byOperator(ctx context.Context) context.Context {
	return saga.WithOrigin(ctx, saga.Origin{Actor: app.Operator, Channel: "cli"})
}

// notices are the mails since there were so many, as "address: kind by actor".
func (w *world) notices(t *testing.T, before int) []string {
	t.Helper()
	w.calm(t)
	var got []string
	for _, m := range w.mailer.Sent()[before:] {
		if m.Kind == app.MailNotice {
			got = append(got, fmt.Sprintf("%s: %s by %s", m.To, m.Notice.Kind, m.Notice.By))
		}
	}
	slices.Sort(got)
	return got
}

// TestChangesAreAnnounced: every security-relevant change of an account is
// mailed to its owner, to the old and the new address if that changed.
func TestChangesAreAnnounced(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error
		want []string
	}{
		"password changed": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, err := p.service.ChangePassword(ctx, p.principal(), app.PasswordChange{Old: goodPassword, New: newPassword})
			return err
		}, []string{"alice@example.com: password changed by self"}},
		"password reset": {func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error {
			require.NoError(t, p.put(ctx, app.MailTarget("alice@example.com"), clock))
			_, err := p.service.ResetPassword(ctx, app.PasswordReset{Email: "alice@example.com", Code: mailed, New: newPassword})
			return err
		}, []string{"alice@example.com: password reset by self"}},
		"password set": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, err := p.service.SetPasswordFor(ctx, p.role(t, p.bob.Account, app.SuperAdministrator), p.account.UserID, newPassword)
			return err
		}, []string{"alice@example.com: password set by administrator"}},
		"address changed": {func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error {
			require.NoError(t, p.put(ctx, app.MailTarget("new@example.com"), clock))
			_, err := p.service.ChangeEmail(ctx, p.principal(), app.EmailChange{
				Password: goodPassword, Old: "alice@example.com", New: "new@example.com", Code: mailed,
			})
			return err
		}, []string{"alice@example.com: e-mail changed by self", "new@example.com: e-mail changed by self"}},
		"address set": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			email := "new@example.com"
			_, err := p.service.ModifyPerson(ctx, p.role(t, p.bob.Account, app.SuperAdministrator), p.account.UserID,
				app.PersonModification{Email: &email})
			return err
		}, []string{"alice@example.com: e-mail changed by administrator", "new@example.com: e-mail changed by administrator"}},
		"number changed": {func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error {
			require.NoError(t, p.put(ctx, app.SMSTarget("86", "13800138000"), clock))
			_, err := p.service.ChangeMobile(ctx, p.principal(), app.MobileChange{Password: goodPassword, New: "13800138000", Code: mailed})
			return err
		}, []string{"alice@example.com: mobile changed by self"}},
		"role": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			for range 2 { // the second one changes nothing
				if _, err := p.service.GiveRole(byOperator(ctx), p.account.ID, app.Administrator); err != nil {
					return err
				}
			}
			return nil
		}, []string{"alice@example.com: role changed by operator"}},
		"deleted and restored": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			if _, err := p.service.Delete(ctx, p.principal(), goodPassword); err != nil {
				return err
			}
			_, err := p.service.Restore(byOperator(ctx), p.account.ID)
			return err
		}, []string{"alice@example.com: account deleted by self", "alice@example.com: account restored by operator"}},
		"a session revoked": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, err := p.service.Revoke(byOperator(ctx), p.account.ID, p.here.Session.ID)
			return err
		}, []string{"alice@example.com: sessions ended by operator"}},
		"all sessions revoked": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			for range 2 { // the second time there is none
				if err := p.service.RevokeAll(byOperator(ctx), p.account.ID, func(app.Session, saga.Receipt) {}); err != nil {
					return err
				}
			}
			return nil
		}, []string{"alice@example.com: sessions ended by operator"}},
		"locked and unlocked": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			if _, err := p.service.Suspend(byOperator(ctx), p.account.ID, app.Locked); err != nil {
				return err
			}
			_, err := p.service.Resume(byOperator(ctx), p.account.ID)
			return err
		}, []string{"alice@example.com: account resumed by operator", "alice@example.com: account suspended by operator"}},
	} {
		t.Run(name, func(t *testing.T) {
			clock := sagatest.NewClock()
			p := newPerson(t, clock)
			p.calm(t)
			before := len(p.mailer.Sent())
			require.NoError(t, tt.do(from(t.Context(), browser), p, clock))
			require.Equal(t, tt.want, p.notices(t, before))
			for _, m := range p.mailer.Sent()[before:] {
				require.True(t, m.Kind != app.MailNotice || m.Notice.At.Equal(clock.Now()))
				if m.Notice.By == app.BySelf {
					require.Equal(t, browser, m.Notice.From)
					require.Equal(t, "en", m.Language)
				} else {
					require.Zero(t, m.Notice.From, "an administrator's place is not the owner's to know")
					require.Empty(t, m.Language)
				}
				if m.Notice.Kind == app.NoticeDeleted {
					require.Equal(t, clock.Now().Add(grace), m.Notice.Until.In(clock.Now().Location()))
				}
			}
		})
	}
}

func (p *personWorld) principal() app.Principal {
	return app.Principal{Account: p.account, Session: p.here.Session}
}

func (p *personWorld) put(ctx context.Context, target string, clock *sagatest.Clock) error {
	return p.store.Codes.Put(ctx, target, app.AnyPurpose, mailed, clock.Now().Add(codeLife), clock.Now())
}

// TestNoticesHoldNothingUp: while the mail server is away, or refuses for good,
// the account can be changed again.
func TestNoticesHoldNothingUp(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.calm(t)
	before := len(p.mailer.Sent())
	release := make(chan struct{})
	deps := p.service.Deps
	deps.Mailer = heldMailer{deps.Mailer, release}
	service := guardedBy(t, p.store, deps, deps.Hasher, app.GuardSettings{})
	for _, to := range []app.Role{app.Administrator, app.User, app.Administrator} {
		_, err := service.GiveRole(byOperator(t.Context()), p.account.ID, to)
		require.NoError(t, err)
	}
	close(release)
	require.Len(t, p.notices(t, before), 3)
}

// heldMailer sends once it is released.
type heldMailer struct {
	app.Mailer
	release chan struct{}
}

func (h heldMailer) Send(ctx context.Context, m app.Mail) error {
	select {
	case <-h.release:
		return h.Mailer.Send(ctx, m)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refusingMailer refuses every message for good.
type refusingMailer struct{ memory.Mailer }

func (*refusingMailer) Send(context.Context, app.Mail) error {
	return saga.Refused(&app.Error{Kind: app.MailFailed, Err: app.ErrUndeliverable})
}

// TestARefusalForGoodIsDone: it is logged, once, and nothing waits for it.
func TestARefusalForGoodIsDone(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.calm(t)
	var log strings.Builder
	deps := p.service.Deps
	deps.Mailer, deps.Logger = &refusingMailer{}, slog.New(slog.NewTextHandler(&log, nil))
	service := guardedBy(t, p.store, deps, deps.Hasher, app.GuardSettings{})
	_, err := service.GiveRole(byOperator(t.Context()), p.account.ID, app.Administrator)
	require.NoError(t, err)
	p.calm(t)
	require.Equal(t, 1, strings.Count(log.String(), "refused for good"), log.String())
	require.NotContains(t, log.String(), "alice@")
}

// TestNoticesAreBounded: a flood of changes fills no mailbox.
func TestNoticesAreBounded(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.calm(t)
	before := len(p.mailer.Sent())
	for i := range 25 {
		role := app.Administrator
		if i%2 == 1 {
			role = app.User
		}
		_, err := p.service.GiveRole(byOperator(t.Context()), p.account.ID, role)
		require.NoError(t, err)
	}
	require.Len(t, p.notices(t, before), 20)
	last := 0
	for _, m := range p.mailer.Sent()[before:] {
		if m.Notice.Last {
			last++
		}
	}
	require.Equal(t, 1, last)
	require.NoError(t, p.put(t.Context(), app.MailTarget("new@example.com"), clock))
	_, err := p.service.ChangeEmail(t.Context(), p.principal(), app.EmailChange{
		Password: goodPassword, Old: "alice@example.com", New: "new@example.com", Code: mailed,
	})
	require.NoError(t, err)
	require.Len(t, p.notices(t, before), 22, "the flood hides no change of address")
	clock.Advance(24 * time.Hour)
	_, err = p.service.GiveRole(byOperator(t.Context()), p.account.ID, app.User)
	require.NoError(t, err)
	_, err = p.service.GiveRole(byOperator(t.Context()), p.account.ID, app.Administrator)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(p.notices(t, before)), 23)
}

// TestStrangeSignInsAreAnnounced, once a day for each network.
func TestStrangeSignInsAreAnnounced(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.calm(t)
	before := len(p.mailer.Sent())
	enter := func(place app.Place) int {
		_, _, err := p.service.SignIn(from(t.Context(), place), app.Credentials{Username: "alice", Password: goodPassword})
		require.NoError(t, err)
		return len(p.notices(t, before))
	}
	phone := app.Place{Address: "192.0.2.9", Program: "Safari", System: "iOS"}
	abroad := app.Place{Address: "203.0.113.5", Program: "Firefox", System: "Linux"}
	require.Zero(t, enter(browser), "an account's first place")
	require.Zero(t, enter(browser))
	require.Equal(t, 1, enter(phone), "another device")
	require.Equal(t, 1, enter(app.Place{Address: "192.0.2.77", System: "Windows"}), "the second one of the network today")
	require.Equal(t, 2, enter(abroad), "another network")
	require.Equal(t, 2, enter(abroad))
	require.Equal(t, 2, enter(app.Place{}), "no address is known")
	require.Equal(t, abroad, p.mailer.Sent()[len(p.mailer.Sent())-1].Notice.From)
}

// TestOldSagasAnnounce: a state without the fields that notices brought is
// announced without them, or not at all.
func TestOldSagasAnnounce(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.calm(t)
	before := len(p.mailer.Sent())
	runner := saga.NewRunner(p.store.Journal, saga.Options{Now: p.service.Now, Logger: slog.New(slog.DiscardHandler)})
	flow, err := saga.Bind(runner, p.service.SetRoleFlow())
	require.NoError(t, err)
	_, _, err = flow.Execute(t.Context(), p.account.ID, app.GivingRoleState{AccountID: p.account.ID, Role: app.Administrator})
	require.NoError(t, err)
	require.Equal(t, []string{"alice@example.com: role changed by "}, p.notices(t, before))
}

// TestAccountsWithoutAddressHaveNoNotices.
func TestAccountsWithoutAddressHaveNoNotices(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	_, err := p.service.Register(t.Context(), app.Registration{
		NoUsername: true, Country: "86", Mobile: "13800138001", MobileVerified: true, Password: goodPassword,
	})
	require.NoError(t, err)
	p.calm(t)
	before := len(p.mailer.Sent())
	account, err := p.store.Mobiles.ByMobile(t.Context(), "86", "13800138001")
	require.NoError(t, err)
	_, err = p.service.GiveRole(byOperator(t.Context()), account.ID, app.Administrator)
	require.NoError(t, err)
	require.Empty(t, p.notices(t, before))
}
