package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// An operator's deletion, of one who was in that status; undone, it leaves the
// account as it was, and restored it is that again.
func TestRemoveFailingEveryStep(t *testing.T) {
	for _, was := range []app.Status{app.Normal, app.Stopped} {
		t.Run(string(was), func(t *testing.T) {
			sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.DeletingState] {
				p := newPerson(t, clock)
				if was != app.Normal {
					p.suspend(t, was)
				}
				return sagatest.World[app.DeletingState]{
					Definition: p.service.DeleteFlow(), Journal: p.store.Journal, Subject: p.account.ID,
					State: app.DeletingState{Account: p.account, Until: clock.Now().Add(grace), ByOperator: true},
					Check: func(t *testing.T, committed bool) {
						if committed {
							p.out(t, app.Leaving)
							_, err := p.service.Restore(t.Context(), p.account.ID)
							require.NoError(t, err)
						}
						if was == app.Normal {
							p.passwordIs(t, goodPassword, newPassword)
							return
						}
						p.out(t, was)
					},
				}
			})
		})
	}
}

func TestRestoreOfTheSuspendedFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.RestoringState] {
		p := newPerson(t, clock)
		p.suspend(t, app.Paused)
		_, err := p.service.Remove(t.Context(), p.account.ID, false)
		require.NoError(t, err)
		return sagatest.World[app.RestoringState]{
			Definition: p.service.RestoreFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.RestoringState{Account: p.account},
			Check: func(t *testing.T, committed bool) {
				p.out(t, map[bool]app.Status{true: app.Paused, false: app.Leaving}[committed])
			},
		}
	})
}

func TestRemove(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.directory.GiveRepository("alice", "work")
	require.True(t, p.storage.Put(p.here.Grant, p.here.Grant.Prefix+"x"))
	has, err := p.service.TakeInventory(t.Context(), p.account.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"work"}, has.Repositories)
	require.Equal(t, 1, has.Objects)
	p.alive(t, p.here)

	_, err = p.service.Remove(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	p.out(t, app.Leaving)
	_, err = p.service.Remove(t.Context(), p.account.ID, false)
	require.Equal(t, app.Unchanged, app.KindOf(err))
	n, err := p.service.EndDeparted(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "there is a grace period")
	_, err = p.service.Remove(t.Context(), p.account.ID, true)
	require.NoError(t, err, "which an operator can end")
	p.gone(t, p.account)
	_, err = p.service.Remove(t.Context(), p.account.ID, true)
	require.Equal(t, app.NotFound, app.KindOf(err))
	_, err = p.service.TakeInventory(t.Context(), p.account.ID)
	require.Equal(t, app.NotFound, app.KindOf(err))
}

func TestRemoveNow(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.suspend(t, app.Locked)
	_, err := p.service.Remove(t.Context(), p.account.ID, true)
	require.NoError(t, err)
	p.gone(t, p.account)
}

func TestRemoveSparesTheLastOwner(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.directory.Place(memory.Entry{Username: "team", Organization: true}, "")
	p.directory.Join("team", "alice", true)
	p.directory.Join("team", "bob", false)
	_, err := p.service.Remove(t.Context(), p.account.ID, true)
	require.Equal(t, app.LastOwner, app.KindOf(err))
	p.alive(t, p.here)
}

// An inventory shows beforehand that the last super-administrator stays.
func TestAnInventoryShowsTheLastAdministrator(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	last := func(id string) bool {
		has, err := p.service.TakeInventory(t.Context(), id)
		require.NoError(t, err)
		return has.LastAdministrator
	}
	require.False(t, last(p.account.ID))
	p.role(t, p.account, app.SuperAdministrator)
	require.True(t, last(p.account.ID))
	require.False(t, last(p.bob.Account.ID))
	p.role(t, p.bob.Account, app.SuperAdministrator)
	require.False(t, last(p.account.ID))
}

func TestRevoke(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	_, err := p.service.Revoke(t.Context(), p.account.ID, p.bob.Session.ID)
	require.Equal(t, app.NotFound, app.KindOf(err))
	p.alive(t, p.bob)
	_, err = p.service.Revoke(t.Context(), p.account.ID, p.here.Session.ID)
	require.NoError(t, err)
	p.dead(t, p.here)
	p.alive(t, p.away)
	_, err = p.service.Revoke(t.Context(), p.account.ID, p.here.Session.ID)
	require.Equal(t, app.NotFound, app.KindOf(err))
}

// The storage restarts while sessions are open: however a session ends, its
// storage credentials end too.
func TestSessionsEndAfterStorageRestart(t *testing.T) {
	clock := sagatest.NewClock()
	ways := map[string]func(*testing.T, *personWorld, app.SignedIn) error{
		"sign out": func(t *testing.T, p *personWorld, in app.SignedIn) error {
			principal, err := p.service.Authenticate(t.Context(), in.AccessToken)
			require.NoError(t, err)
			_, err = p.service.SignOut(t.Context(), principal)
			return err
		},
		"revoke": func(t *testing.T, p *personWorld, in app.SignedIn) error {
			_, err := p.service.Revoke(t.Context(), p.account.ID, in.Session.ID)
			return err
		},
		"revoke all": func(t *testing.T, p *personWorld, _ app.SignedIn) error {
			return p.service.RevokeAll(t.Context(), p.account.ID, func(app.Session, saga.Receipt) {})
		},
		"new password": func(t *testing.T, p *personWorld, _ app.SignedIn) error {
			principal, err := p.service.Authenticate(t.Context(), p.away.AccessToken)
			require.NoError(t, err)
			_, err = p.service.ChangePassword(t.Context(), principal, app.PasswordChange{Old: goodPassword, New: newPassword})
			return err
		},
		"expiry": func(t *testing.T, p *personWorld, _ app.SignedIn) error {
			clock.Advance(sessionTTL + time.Minute)
			_, err := p.service.EndExpired(t.Context())
			return err
		},
	}
	for name, end := range ways {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, clock)
			p.storage.Now = func() time.Time { return p.here.Session.CreatedAt } // its credentials do not run out
			p.storage.Restart()
			require.NoError(t, end(t, p, p.here))
			require.False(t, p.storage.MayUse(p.here.Grant, p.here.Grant.Prefix+"a"))
		})
	}
}

// Of many, one whose token Gitea does not let go of is told, and all end.
func TestRevokeAll(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	more := make([]app.SignedIn, 100)
	for i := range more {
		more[i] = p.signIn(t, "alice")
	}
	p.directory.Inject("DeleteToken", memory.FailBefore)
	ended, pending := 0, 0
	err := p.service.RevokeAll(t.Context(), p.account.ID, func(_ app.Session, r saga.Receipt) {
		ended++
		if r.Pending != nil {
			pending++
		}
	})
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.Equal(t, []int{102, 1}, []int{ended, pending})
	for _, in := range append(more, p.here, p.away) {
		_, err := p.service.Authenticate(t.Context(), in.AccessToken)
		require.Equal(t, app.TokenInvalid, app.KindOf(err))
	}
	p.alive(t, p.bob)
}
