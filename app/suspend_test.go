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

// suspended are the statuses in which an operator keeps a person out.
var suspended = []app.Status{app.Paused, app.Locked, app.Stopped}

// out requires that alice is in that status and let in nowhere, and that none of
// what was made to be refused is left.
func (p *personWorld) out(t *testing.T, status app.Status) {
	t.Helper()
	p.statusIs(t, status)
	require.False(t, p.directory.SignsIn("alice", goodPassword))
	require.False(t, p.storage.Active(p.account.StorageKey))
	for _, in := range []app.SignedIn{p.here, p.away} {
		p.dead(t, in)
	}
	_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
	require.Equal(t, app.BadCredentials, app.KindOf(err))
	p.noProbes(t)
	p.alive(t, p.bob)
}

// noProbes requires that alice has no token and no grant that is no session's.
func (p *personWorld) noProbes(t *testing.T) {
	t.Helper()
	for _, e := range p.directory.Entries() {
		for _, token := range e.Tokens {
			id, ours := app.SessionOfToken(token)
			if !ours {
				continue
			}
			_, _, err := p.store.Sessions.Live(t.Context(), id, p.here.Session.CreatedAt)
			require.NoError(t, err, "a Gitea token that is no session's")
		}
	}
	for _, id := range p.storage.LiveSessions() {
		_, _, err := p.store.Sessions.Live(t.Context(), id, p.here.Session.CreatedAt)
		require.NoError(t, err, "a grant that is no session's")
	}
}

func (p *personWorld) statusIs(t *testing.T, want app.Status) {
	t.Helper()
	account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
	require.NoError(t, err)
	require.Equal(t, want, account.Status)
}

func (p *personWorld) suspend(t *testing.T, to app.Status) {
	t.Helper()
	_, err := p.service.Suspend(t.Context(), p.account.ID, to)
	require.NoError(t, err)
}

func TestSuspendFailingEveryStep(t *testing.T) {
	for _, was := range []app.Status{app.Normal, app.Paused} {
		t.Run(string(was), func(t *testing.T) {
			sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SuspendingState] {
				p := newPerson(t, clock)
				p.intrude(t)
				if was != app.Normal {
					p.suspend(t, was)
				}
				return sagatest.World[app.SuspendingState]{
					Definition: p.service.SuspendFlow(), Journal: p.store.Journal, Subject: p.account.ID,
					State: app.SuspendingState{
						Account: p.account, To: app.Locked, Probe: app.Session{ID: "probe678901234567890123456", AccountID: p.account.ID},
					},
					Check: func(t *testing.T, committed bool) {
						switch {
						case committed:
							p.out(t, app.Locked)
							p.evicted(t, keysLeft)
						case was != app.Normal:
							p.out(t, was)
						default:
							p.statusIs(t, app.Normal)
							p.intact(t)
							p.noProbes(t)
							p.alive(t, p.here)
							p.passwordIs(t, goodPassword, newPassword)
						}
					},
				}
			})
		})
	}
}

func TestResumeFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ResumingState] {
		p := newPerson(t, clock)
		p.suspend(t, app.Locked)
		return sagatest.World[app.ResumingState]{
			Definition: p.service.ResumeFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.ResumingState{Account: p.account},
			Check: func(t *testing.T, committed bool) {
				if !committed {
					p.out(t, app.Locked)
					return
				}
				p.dead(t, p.here)
				p.passwordIs(t, goodPassword, newPassword)
			},
		}
	})
}

// From each standing to each other one; old sessions stay dead.
func TestEveryStandingToEveryOther(t *testing.T) {
	for _, from := range suspended {
		for _, to := range suspended {
			t.Run(fmt.Sprintf("%s to %s", from, to), func(t *testing.T) {
				p := newPerson(t, sagatest.NewClock())
				p.suspend(t, from)
				p.out(t, from)
				p.suspend(t, to)
				p.out(t, to)
				_, err := p.service.Resume(t.Context(), p.account.ID)
				require.NoError(t, err)
				p.dead(t, p.here)
				p.whole(t, "alice")
				_, err = p.service.Resume(t.Context(), p.account.ID)
				require.Equal(t, app.Unchanged, app.KindOf(err))
			})
		}
	}
}

func TestWhoIsNotSuspended(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	for _, to := range []app.Status{app.Normal, app.Reserved, app.Leaving, app.Deleted, app.Abandoned, ""} {
		_, err := p.service.Suspend(t.Context(), p.account.ID, to)
		require.Equal(t, app.Invalid, app.KindOf(err), "%q", to)
	}
	_, err := p.service.Suspend(t.Context(), "26010100000000", app.Locked)
	require.Equal(t, app.NotFound, app.KindOf(err))
	p.alive(t, p.here)
	p.leave(t, p.here)
	for _, do := range map[string]func() error{
		"suspend": func() error { _, err := p.service.Suspend(t.Context(), p.account.ID, app.Locked); return err },
		"resume":  func() error { _, err := p.service.Resume(t.Context(), p.account.ID); return err },
	} {
		require.Equal(t, app.NotFound, app.KindOf(do()))
	}
}

// A system that says it keeps the person out and does not is found out, and the
// person is as before.
func TestSuspendReadsBack(t *testing.T) {
	for system, kind := range map[string]app.Kind{"directory": app.DirectoryFailed, "storage": app.StorageFailed} {
		t.Run(system, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			if system == "directory" {
				p.service.DirectoryDoor = openGitea{p.directory}
			} else {
				p.service.StorageDoor = openStorage{}
			}
			_, err := p.service.Suspend(t.Context(), p.account.ID, app.Locked)
			require.Equal(t, kind, app.KindOf(err), "%v", err)
			require.ErrorContains(t, err, "still takes")
			p.statusIs(t, app.Normal)
			p.alive(t, p.here)
			p.noProbes(t)
		})
	}
}

// A system that refuses to be asked whether it refuses leaves nothing behind.
func TestSuspendCannotReadBack(t *testing.T) {
	for name, refuse := range map[string]func(p *personWorld){
		"directory": func(p *personWorld) { p.directory.Inject("LetsIn", memory.Refuse) },
		"storage":   func(p *personWorld) { p.storage.Inject("LetsIn", memory.Refuse) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			refuse(p)
			_, err := p.service.Suspend(t.Context(), p.account.ID, app.Locked)
			require.Error(t, err)
			p.statusIs(t, app.Normal)
			p.alive(t, p.here)
			p.noProbes(t)
		})
	}
}

// openGitea and openStorage let everybody in.
type (
	openGitea   struct{ *memory.Directory }
	openStorage struct{}
)

func (openGitea) LetsIn(context.Context, app.Secret) (bool, error)  { return true, nil }
func (openStorage) LetsIn(context.Context, app.Grant) (bool, error) { return true, nil }

// A person whose remote users are gone or shut out by hand can be suspended.
func TestSuspendWhereSystemsDrifted(t *testing.T) {
	for name, drift := range map[string]func(p *personWorld) error{
		"Gitea user gone": func(p *personWorld) error { return p.directory.PurgeUser(t.Context(), p.account.Ref()) },
		"storage user gone": func(p *personWorld) error {
			return p.storage.RemoveUser(t.Context(), p.account.StorageKey)
		},
		"shut out of both": func(p *personWorld) error {
			require.NoError(t, p.storage.SetActive(t.Context(), p.account.StorageKey, false))
			return p.directory.SetActive(t.Context(), p.account.Ref(), false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			require.NoError(t, drift(p))
			p.suspend(t, app.Stopped)
			p.statusIs(t, app.Stopped)
		})
	}
}

// Nothing that only the person may do is done for one who is suspended, whoever
// still holds a principal of his; and his mail box does not bring him back.
func TestTheSuspendedMayDoNothing(t *testing.T) {
	for _, status := range suspended {
		clock := sagatest.NewClock()
		p := newPerson(t, clock)
		all := actions(p, t, clock)
		p.suspend(t, status)
		before := p.directory.Entries()
		for name, action := range all {
			if operators[name] || administrators[name] || name == "sign out" {
				continue
			}
			err := action.do(t.Context(), p)
			require.Contains(t, []app.Kind{app.BadCredentials, app.CodeWrong, app.TokenInvalid}, app.KindOf(err), "%s: %v", name, err)
		}
		require.Equal(t, before, p.directory.Entries())
		p.out(t, status)
	}
}
