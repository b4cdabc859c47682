package app_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// noticed returns the notices of that kind since there were so many mails.
func (w *world) noticed(t *testing.T, before int, kind app.NoticeKind) []app.Notice {
	t.Helper()
	w.calm(t)
	var got []app.Notice
	for _, m := range w.mailer.Sent()[before:] {
		if m.Kind == app.MailNotice && m.Notice.Kind == kind {
			got = append(got, m.Notice)
		}
	}
	return got
}

// TestEvictionsAreAnnounced: the owner is told what was removed, by whichever
// flow, and which keys stay if they can look at them.
func TestEvictionsAreAnnounced(t *testing.T) {
	tokens := map[app.CredentialKind]int{
		app.GiteaToken: 3, app.OAuth2Application: 1, app.SecondAddress: 1, app.Webhook: 1, app.ActionsRunner: 1, app.StorageAccessKey: 1,
		app.SSHKey: 1,
	}
	all := map[app.CredentialKind]int{
		app.GiteaToken: 3, app.OAuth2Application: 1, app.SecondAddress: 1, app.Webhook: 1, app.ActionsRunner: 1, app.StorageAccessKey: 1,
		app.SSHKey: 1, app.GPGKey: 1, app.DeployKey: 1,
	}
	for name, tt := range map[string]struct {
		do   func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error
		want app.Notice
	}{
		"evicted": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, _, err := p.service.Evict(ctx, p.account.ID, false)
			return err
		}, app.Notice{By: app.ByOperator, Ended: tokens, Keys: 1}},
		"evicted with keys": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, _, err := p.service.Evict(ctx, p.account.ID, true)
			return err
		}, app.Notice{By: app.ByOperator, Ended: all}},
		"suspended": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, err := p.service.Suspend(byOperator(ctx), p.account.ID, app.Locked)
			return err
		}, app.Notice{By: app.ByOperator, Ended: tokens, Closed: true}},
		"deleted": {func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, err := p.service.Delete(ctx, p.principal(), goodPassword)
			return err
		}, app.Notice{By: app.BySelf, From: browser, Ended: tokens, Closed: true}},
		"first proof": {func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error {
			require.NoError(t, p.put(ctx, app.MailTarget("alice@example.com"), clock))
			_, _, err := p.service.SignInByCode(ctx, app.Credentials{Email: "alice@example.com", Code: mailed})
			return err
		}, app.Notice{By: app.BySelf, From: browser, Ended: all}},
		"first proof by a reset": {func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error {
			require.NoError(t, p.put(ctx, app.MailTarget("alice@example.com"), clock))
			_, err := p.service.ResetPassword(ctx, app.PasswordReset{Email: "alice@example.com", Code: mailed, New: newPassword})
			return err
		}, app.Notice{By: app.BySelf, From: browser, Ended: all}},
	} {
		t.Run(name, func(t *testing.T) {
			clock := sagatest.NewClock()
			p := newPerson(t, clock)
			p.intrude(t)
			p.calm(t)
			before := len(p.mailer.Sent())
			require.NoError(t, tt.do(from(t.Context(), browser), p, clock))
			got := p.noticed(t, before, app.NoticeEvicted)
			tt.want.Kind, tt.want.At = app.NoticeEvicted, clock.Now()
			require.Len(t, got, 1)
			got[0].At = got[0].At.In(clock.Now().Location())
			require.Equal(t, tt.want, got[0])
		})
	}
}

// TestKeysThatEndBesideAFaultAreAnnounced: a fault beside them does not lose
// access keys of the storage that ended. A refusal does not keep the others.
func TestKeysThatEndBesideAFaultAreAnnounced(t *testing.T) {
	const passes = memory.Fault(0)
	for name, tt := range map[string]struct {
		call   string
		faults []memory.Fault
		left   []string
	}{
		"one is refused":             {"EndAccessKey", []memory.Fault{passes, memory.Refuse}, []string{"b"}},
		"one fails":                  {"EndAccessKey", []memory.Fault{passes, memory.FailBefore}, []string{"b", "c"}},
		"the temporary ones fail":    {"RevokeAll", []memory.Fault{memory.FailBefore}, nil},
		"the first one is refused":   {"EndAccessKey", []memory.Fault{memory.Refuse}, []string{"a"}},
		"all fail for the first try": {"EndAccessKey", []memory.Fault{memory.FailBefore}, []string{"a", "b", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			for _, key := range []string{"a", "b", "c"} {
				p.storage.AddAccessKey(p.account.StorageKey, key)
			}
			p.calm(t)
			before := len(p.mailer.Sent())
			for _, f := range tt.faults {
				p.storage.Inject(tt.call, f)
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := p.service.Suspend(ctx, p.account.ID, app.Locked)
			require.Equal(t, app.StorageFailed, app.KindOf(err))
			left, err := p.storage.AccessKeys(t.Context(), p.account.StorageKey)
			require.NoError(t, err)
			var names []string
			for _, c := range left {
				names = append(names, c.Name)
			}
			require.Equal(t, tt.left, names)
			p.calmed(t)
			got := p.noticed(t, before, app.NoticeEvicted)
			require.Len(t, got, 1)
			require.Equal(t, map[app.CredentialKind]int{app.StorageAccessKey: 3}, got[0].Ended)
		})
	}
}

// TestNothingEvictedIsNoNews, but a reset reminds the owner of keys that stay.
func TestNothingEvictedIsNoNews(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.directory.AddCredential("alice", app.GPGKey, "gpg")
	p.calm(t)
	before := len(p.mailer.Sent())
	_, _, err := p.service.Evict(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	_, err = p.service.Suspend(byOperator(t.Context()), p.account.ID, app.Locked)
	require.NoError(t, err)
	_, err = p.service.Resume(byOperator(t.Context()), p.account.ID)
	require.NoError(t, err)
	require.Empty(t, p.noticed(t, before, app.NoticeEvicted))
	require.Empty(t, p.noticed(t, before, app.NoticeKeysStay))

	_, err = p.service.SetPasswordFor(t.Context(), p.role(t, p.bob.Account, app.SuperAdministrator), p.account.UserID, newPassword)
	require.NoError(t, err)
	require.Empty(t, p.noticed(t, before, app.NoticeEvicted))
	stay := p.noticed(t, before, app.NoticeKeysStay)
	require.Len(t, stay, 1)
	require.Equal(t, 1, stay[0].Keys)
}

// TestNoticesFitTheirReader: the former address, and the owner of an account
// that is closed, cannot reset the password.
func TestNoticesFitTheirReader(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.calm(t)
	before := len(p.mailer.Sent())
	require.NoError(t, p.put(t.Context(), app.MailTarget("new@example.com"), clock))
	_, err := p.service.ChangeEmail(t.Context(), p.principal(), app.EmailChange{
		Password: goodPassword, Old: "alice@example.com", New: "new@example.com", Code: mailed,
	})
	require.NoError(t, err)
	p.calm(t)
	former := map[string]bool{}
	for _, m := range p.mailer.Sent()[before:] {
		if m.Kind == app.MailNotice {
			former[m.To] = m.Notice.Former
		}
	}
	require.Equal(t, map[string]bool{"alice@example.com": true, "new@example.com": false}, former)

	_, err = p.service.GiveRole(byOperator(t.Context()), p.account.ID, app.Administrator)
	require.NoError(t, err)
	role := p.noticed(t, before, app.NoticeRoleChanged)
	require.Len(t, role, 1)
	require.Equal(t, app.Administrator, role[0].Role)

	_, err = p.service.Delete(t.Context(), p.principal(), goodPassword)
	require.NoError(t, err)
	deleted := p.noticed(t, before, app.NoticeDeleted)
	require.Len(t, deleted, 1)
	require.True(t, deleted[0].Closed)
}

// TestAConfirmedAddressIsNoMove: it has one notice, which says that it was
// confirmed.
func TestAConfirmedAddressIsNoMove(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	email := "new@example.com"
	_, err := p.service.ModifyPerson(t.Context(), p.role(t, p.bob.Account, app.SuperAdministrator), p.account.UserID,
		app.PersonModification{Email: &email})
	require.NoError(t, err)
	p.calm(t)
	before := len(p.mailer.Sent())
	require.NoError(t, p.put(t.Context(), app.MailTarget(email), clock))
	principal := p.principal()
	principal.Account = p.now(t)
	_, err = p.service.ChangeEmail(t.Context(), principal, app.EmailChange{Password: goodPassword, Old: email, New: email, Code: mailed})
	require.NoError(t, err)
	require.Equal(t, []string{"new@example.com: e-mail confirmed by self"}, p.notices(t, before))
}
