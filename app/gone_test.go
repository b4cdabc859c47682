package app_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// goneInGitea deletes alice's user there, as she can by herself. If taken,
// another user has the name by now.
func (p *personWorld) goneInGitea(t *testing.T, taken bool) {
	t.Helper()
	require.NoError(t, p.directory.RemoveUser(t.Context(), "alice", p.account.ID))
	if taken {
		p.directory.Place(memory.Entry{Username: "alice", Emails: []string{"other@example.com"}}, goodPassword)
	}
}

// userNamed returns the Gitea user of that name that is not ours.
func (p *personWorld) userNamed(name string) (memory.Entry, bool) {
	for _, e := range p.directory.Entries() {
		if e.Username == name && e.Mark == "" {
			return e, true
		}
	}
	return memory.Entry{}, false
}

func TestWhoIsGoneFromGiteaCanLeave(t *testing.T) {
	for _, taken := range []bool{false, true} {
		for name, leave := range map[string]func(*testing.T, *personWorld) error{
			"the person": func(t *testing.T, p *personWorld) error {
				_, err := p.service.Delete(t.Context(), app.Principal{Account: p.account, Session: p.here.Session}, goodPassword)
				return err
			},
			"an operator": func(t *testing.T, p *personWorld) error {
				_, err := p.service.TakeInventory(t.Context(), p.account.ID)
				require.NoError(t, err)
				_, err = p.service.Remove(t.Context(), p.account.ID, false)
				return err
			},
			"an operator after a lock": func(t *testing.T, p *personWorld) error {
				p.suspend(t, app.Locked)
				_, err := p.service.Remove(t.Context(), p.account.ID, false)
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				clock := sagatest.NewClock()
				p := newPerson(t, clock)
				p.goneInGitea(t, taken)
				before := p.directory.Entries()
				require.NoError(t, leave(t, p))
				clock.Advance(grace + 1)
				_, err := p.service.EndDeparted(t.Context())
				require.NoError(t, err)
				require.Equal(t, before, p.directory.Entries(), "whoever has the name by now is left alone")
				left, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
				require.NoError(t, err)
				require.Equal(t, app.Deleted, left.Status)
				if !taken {
					p.register(t, "alice", "alice@example.com")
					p.whole(t, "alice")
				}
			})
		}
	}
}

// Whoever knows the password can delete the Gitea user. That must neither keep the
// owner from throwing them out, nor leave it half-done.
func TestWhoIsGoneFromGiteaThrowsOut(t *testing.T) {
	byReset := func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error {
		require.NoError(t, p.put(ctx, app.MailTarget("alice@example.com"), clock))
		_, err := p.service.ResetPassword(ctx, app.PasswordReset{Email: "alice@example.com", Code: mailed, New: newPassword})
		return err
	}
	for name, throw := range map[string]func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error{
		"a reset that is the first proof": byReset,
		"a reset": func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error {
			require.NoError(t, p.store.Accounts.VerifyEmail(ctx, p.account.ID, "alice@example.com", clock.Now()))
			return byReset(ctx, p, clock)
		},
		"a change of password": func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, err := p.service.ChangePassword(ctx, app.Principal{Account: p.account, Session: p.away.Session}, app.PasswordChange{
				Old: goodPassword, New: newPassword,
			})
			return err
		},
		"an administrator": func(ctx context.Context, p *personWorld, _ *sagatest.Clock) error {
			_, err := p.service.SetPasswordFor(ctx, p.role(t, p.bob.Account, app.SuperAdministrator), p.account.UserID, newPassword)
			return err
		},
		"a sign-in that is the first proof": func(ctx context.Context, p *personWorld, clock *sagatest.Clock) error {
			require.NoError(t, p.put(ctx, app.MailTarget("alice@example.com"), clock))
			in, _, err := p.service.SignInByCode(ctx, app.Credentials{Email: "alice@example.com", Code: mailed})
			if _, taken := p.userNamed("alice"); taken && err != nil {
				require.Equal(t, app.DirectoryFailed, app.KindOf(err), "another has the name")
				return nil
			}
			p.alive(t, in)
			require.NoError(t, p.directory.RemoveUser(ctx, "alice", p.account.ID))
			return err
		},
	} {
		for _, taken := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, taken %v", name, taken), func(t *testing.T) {
				clock := sagatest.NewClock()
				p := newPerson(t, clock)
				p.goneInGitea(t, taken)
				before := p.directory.Entries()
				require.NoError(t, throw(t.Context(), p, clock))
				p.calm(t)
				p.dead(t, p.here)
				require.Equal(t, before, p.directory.Entries(), "whoever has the name by now is left alone")
			})
		}
	}
}

// A deletion that cannot be carried out lets nobody in who is not there.
func TestWhoIsGoneFromGiteaStaysIfTheStorageFails(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.goneInGitea(t, false)
	p.storage.Inject("SetActive", memory.Refuse)
	_, err := p.service.Delete(t.Context(), app.Principal{Account: p.account, Session: p.here.Session}, goodPassword)
	require.Equal(t, app.StorageFailed, app.KindOf(err))
	require.True(t, p.storage.Active(p.account.StorageKey))
}

// A user that lost its mark, or was given another name, is not gone.
func TestWhoLostItsMarkIsNotGone(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.directory.Change("alice", func(e *memory.Entry) { e.Mark = "" })
	_, err := p.service.Delete(t.Context(), app.Principal{Account: p.account, Session: p.here.Session}, goodPassword)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.True(t, p.directory.SignsIn("alice", goodPassword))
}
