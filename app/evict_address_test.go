package app_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// takeOver makes an intruder's address the first one of alice's user, as anyone who
// knows the password can on Gitea's pages.
func (p *personWorld) takeOver(addresses ...string) {
	p.directory.Change("alice", func(e *memory.Entry) { e.Emails = append([]string{intruderAddress}, addresses...) })
}

// addresses are those of alice's user in Gitea.
func (p *personWorld) addresses() []string {
	for _, e := range p.directory.Entries() {
		if e.Mark == p.account.ID {
			return e.Emails
		}
	}
	return nil
}

// Whatever throws out gives the user back the account's own address, and says
// that another one has ended.
func TestAnEvictionKeepsTheAccountsOwnAddress(t *testing.T) {
	for name, throwOut := range map[string]func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error{
		"evict": func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, _, err := p.service.Evict(ctx, p.account.ID, false)
			return err
		},
		"lock": func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, err := p.service.Suspend(byOperator(ctx), p.account.ID, app.Locked)
			return err
		},
		"revoke all": func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			return p.service.RevokeAll(ctx, p.account.ID, func(app.Session, saga.Receipt) {})
		},
		"delete": func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, err := p.service.Delete(ctx, p.principal(), goodPassword)
			return err
		},
		"change of owner": func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error {
			if err := p.put(ctx, app.MailTarget("alice@example.com"), clock); err != nil {
				return err
			}
			_, _, err := p.service.SignInByCode(ctx, app.Credentials{Email: "alice@example.com", Code: mailed})
			return err
		},
		"reset": func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error {
			if err := p.put(ctx, app.MailTarget("alice@example.com"), clock); err != nil {
				return err
			}
			_, err := p.service.ResetPassword(ctx, app.PasswordReset{Email: "alice@example.com", Code: mailed, New: newPassword})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := sagatest.NewClock()
			p := newPerson(t, clock)
			p.takeOver("alice@example.com", "third@example.com")
			found, err := p.service.Evictable(t.Context(), p.account.ID, false)
			require.NoError(t, err)
			require.Len(t, found, 2)
			p.calm(t)
			before := len(p.mailer.Sent())
			require.NoError(t, throwOut(from(t.Context(), browser), p, clock))
			require.Equal(t, []string{"alice@example.com"}, p.addresses())
			got := p.noticed(t, before, app.NoticeEvicted)
			require.Len(t, got, 1)
			require.Equal(t, map[app.CredentialKind]int{app.SecondAddress: 2}, got[0].Ended)
			require.Equal(t, p.now(t).Status != app.Normal, p.shutOut())
		})
	}
}

// An intruder's address does not stay where others have the account's own one, and
// even its placeholder.
func TestAnIntrudersAddressGivesWayToAPlaceholder(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	evict := func() []string {
		p.takeOver()
		_, _, err := p.service.Evict(t.Context(), p.account.ID, false)
		require.NoError(t, err)
		require.False(t, p.shutOut())
		require.Len(t, p.addresses(), 1)
		return p.addresses()
	}
	placeholder := p.account.ID + "@mobile.invalid"
	p.takeOver()
	p.directory.AddEmails("bob", "alice@example.com")
	require.Equal(t, []string{placeholder}, evict())
	out, _, err := p.service.Evict(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	require.Empty(t, out.Ended, "a placeholder receives nothing")

	p.takeOver()
	p.directory.AddEmails("bob", placeholder)
	require.Regexp(t, `@mobile\.invalid$`, evict()[0])
}

// A web session of Gitea's can change the address after the eviction.
func TestALaterLookKeepsTheAccountsOwnAddress(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	_, _, err := p.service.Evict(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	p.takeOver("alice@example.com")
	p.clock.Advance(evictAgain)
	n, err := p.service.EvictAgain(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []string{"alice@example.com"}, p.addresses())
}

func TestEvictFailingEveryStepAfterAnAddressTookOver(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.EvictingState] {
		p := newPerson(t, clock)
		p.takeOver("alice@example.com")
		return audited(t, p.core, clock, sagatest.World[app.EvictingState]{
			Definition: p.service.EvictFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.EvictingState{Account: p.account, Holds: true},
			Check: func(t *testing.T, committed bool) {
				if committed {
					require.Equal(t, []string{"alice@example.com"}, p.addresses())
				} else {
					require.Equal(t, []string{intruderAddress, "alice@example.com"}, p.addresses())
				}
				require.False(t, p.shutOut())
				p.alive(t, p.here)
			},
		})
	})
}

// A user who is gone in Gitea when the address is set keeps no eviction from its
// end.
func TestAnEvictionEndsIfTheUserIsGoneBeforeTheAddressIsSet(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.takeOver("alice@example.com")
	p.directory.Break(memoryFailBefore, "SetEmail")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, receipt, err := p.service.Evict(ctx, p.account.ID, false)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.True(t, p.shutOut())
	p.goneInGitea(t, false)
	p.directory.Mend()
	p.calmed(t)
	rec, err := p.store.Journal.Load(t.Context(), receipt.ID)
	require.NoError(t, err)
	require.Equal(t, saga.Committed, rec.Phase)
}

// An address that changed before the saga held the account is not put back.
func TestAnEvictionKnowsTheAddressOfNow(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	const now = "now@example.com"
	require.NoError(t, p.store.Accounts.ReserveEmail(t.Context(), p.account.ID, now))
	require.NoError(t, p.store.Accounts.ChangeEmail(t.Context(), p.account.ID, now, clock.Now()))
	require.NoError(t, p.directory.SetEmail(t.Context(), p.account.Ref(), now))
	state := app.ResettingPasswordState{Account: p.account}
	ran := 0
	for _, stage := range p.service.ResetPasswordFlow().Stages {
		for _, step := range stage {
			if step.Name == "look for credentials in Gitea" || step.Name == "evict from Gitea" {
				require.NoError(t, step.Do(t.Context(), &state))
				ran++
			}
		}
	}
	require.Equal(t, 2, ran)
	p.giteaEmailIs(t, p.account, now)
}
