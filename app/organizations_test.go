package app_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// team gives alice and bob an organization in which carol, a foreigner, is a
// member; owners are the named ones.
func (p *personWorld) team(t *testing.T, owners ...string) int64 {
	t.Helper()
	p.directory.Place(memory.Entry{Username: "carol", Emails: []string{"carol@example.com"}}, "foreign1")
	id := p.directory.Place(memory.Entry{Username: "team", Organization: true, Repositories: []string{"of-carol"}}, "")
	for _, name := range []string{"alice", "bob", "carol"} {
		p.directory.Join("team", name, false)
	}
	for _, name := range owners {
		p.directory.Join("team", name, true)
	}
	return id
}

// kept requires that the organization is there with carol's repository, and who
// owns it.
func (p *personWorld) kept(t *testing.T, owners ...string) {
	t.Helper()
	for _, e := range p.directory.Entries() {
		if e.Organization {
			require.Equal(t, owners, e.Owners)
			require.Contains(t, e.Members, "carol")
			require.Equal(t, []string{"of-carol"}, e.Repositories)
			return
		}
	}
	require.Fail(t, "the organization is gone")
}

func (p *personWorld) delete(t *testing.T, in app.SignedIn) error {
	t.Helper()
	who, err := p.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	_, err = p.service.Delete(t.Context(), who, goodPassword)
	return err
}

// Two owners who go at once: one goes, and the other stays as they were.
func TestOwnersWhoDeleteThemselvesAtOnce(t *testing.T) {
	for range 5 {
		p := newPerson(t, sagatest.NewClock())
		p.team(t, "alice", "bob")
		ins, errs := []app.SignedIn{p.here, p.bob}, make([]error, 2)
		var wg sync.WaitGroup
		for i, in := range ins {
			wg.Go(func() { errs[i] = p.delete(t, in) })
		}
		wg.Wait()
		stays := 0
		if errs[0] == nil {
			stays = 1
		}
		require.NoError(t, errs[1-stays])
		require.Equal(t, app.LastOwner, app.KindOf(errs[stays]), "%v", errs[stays])
		p.kept(t, "alice", "bob")
		p.dead(t, ins[1-stays])
		p.alive(t, ins[stays])
		p.whole(t, []string{"alice", "bob"}[stays])
	}
}

// An owner counts if they can sign in.
func TestOwnersWhoCannotSignInDoNotCount(t *testing.T) {
	bob := func(t *testing.T, p *personWorld) app.Account {
		t.Helper()
		a, err := p.store.Accounts.ByUsername(t.Context(), "bob")
		require.NoError(t, err)
		return a
	}
	for name, out := range map[string]func(*testing.T, *personWorld){
		"leaving": func(t *testing.T, p *personWorld) { require.NoError(t, p.delete(t, p.bob)) },
		"shut out in Gitea": func(_ *testing.T, p *personWorld) {
			p.directory.Change("bob", func(e *memory.Entry) { e.ShutOut = true })
		},
		"inactive in Gitea": func(_ *testing.T, p *personWorld) {
			p.directory.Change("bob", func(e *memory.Entry) { e.Inactive = true })
		},
		"no owner any more": func(_ *testing.T, p *personWorld) { p.directory.Change("bob", func(*memory.Entry) {}) },
		"suspended":         func(t *testing.T, p *personWorld) { p.suspendBob(t, bob(t, p).ID) },
		"suspended, not yet in Gitea": func(t *testing.T, p *personWorld) {
			p.suspendBob(t, bob(t, p).ID)
			p.directory.Change("bob", func(e *memory.Entry) { e.ShutOut = false })
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			if name == "no owner any more" {
				p.team(t, "alice")
			} else {
				p.team(t, "alice", "bob")
			}
			out(t, p)
			require.Equal(t, app.LastOwner, app.KindOf(p.delete(t, p.here)))
			p.alive(t, p.here)
			p.alive(t, p.away)
			p.passwordIs(t, goodPassword, newPassword)
			has, err := p.service.TakeInventory(t.Context(), p.account.ID)
			require.NoError(t, err)
			require.Equal(t, []string{"team"}, has.LastOwnerOf)
			_, err = p.service.Remove(t.Context(), p.account.ID, true)
			require.Equal(t, app.LastOwner, app.KindOf(err))
			p.alive(t, p.here)
		})
	}
}

func (p *personWorld) suspendBob(t *testing.T, id string) {
	t.Helper()
	_, err := p.service.Suspend(t.Context(), id, app.Locked)
	require.NoError(t, err)
}

// A foreign user counts if Gitea lets them in.
func TestForeignOwnersCount(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.team(t, "alice", "carol")
	p.directory.Change("carol", func(e *memory.Entry) { e.ShutOut = true })
	require.Equal(t, app.LastOwner, app.KindOf(p.delete(t, p.here)))
	p.directory.Change("carol", func(e *memory.Entry) { e.ShutOut = false })
	require.NoError(t, p.delete(t, p.here))
}

// An organization that lost its other owner after its owner had left is not
// removed with them: the removal waits, and the account can be restored.
func TestRemovalWaitsForAnOwner(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.team(t, "alice", "bob")
	require.NoError(t, p.delete(t, p.here))
	bob, err := p.store.Accounts.ByUsername(t.Context(), "bob")
	require.NoError(t, err)
	p.suspendBob(t, bob.ID)
	clock.Advance(grace + 1)

	n, err := p.service.EndDeparted(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	p.kept(t, "alice", "bob")
	until, why, err := p.store.Departures.Postponement(t.Context(), p.account.ID)
	require.NoError(t, err)
	require.True(t, until.After(clock.Now()))
	require.Contains(t, why, "team")
	n, err = p.service.EndDeparted(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "it stands before no other")
	_, err = p.service.Remove(t.Context(), p.account.ID, true)
	require.Equal(t, app.LastOwner, app.KindOf(err))
	p.kept(t, "alice", "bob")

	_, err = p.service.Restore(t.Context(), p.account.ID)
	require.NoError(t, err)
	p.passwordIs(t, goodPassword, newPassword)
	until, _, err = p.store.Departures.Postponement(t.Context(), p.account.ID)
	require.NoError(t, err)
	require.Zero(t, until)

	_, err = p.service.Resume(t.Context(), bob.ID)
	require.NoError(t, err)
	require.NoError(t, p.delete(t, p.signIn(t, "alice")))
	clock.Advance(grace + 1)
	n, err = p.service.EndDeparted(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	p.gone(t, p.account)
	p.kept(t, "bob")
}

// A waiting removal goes on by itself when there is another owner.
func TestRemovalGoesOnWithAnOwner(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.team(t, "alice", "bob")
	require.NoError(t, p.delete(t, p.here))
	bob, err := p.store.Accounts.ByUsername(t.Context(), "bob")
	require.NoError(t, err)
	p.suspendBob(t, bob.ID)
	clock.Advance(grace + 1)
	_, err = p.service.EndDeparted(t.Context())
	require.NoError(t, err)
	p.directory.Join("team", "carol", true)
	clock.Advance(app.OwnerPause)
	n, err := p.service.EndDeparted(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	p.gone(t, p.account)
	p.kept(t, "bob", "carol")
}

// An organization that is founded between the look and the hold is held in a
// second try.
func TestOrganizationFoundedMeanwhile(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.team(t, "bob")
	p.service.DirectoryOrganizations = &founding{Directory: p.directory, first: func() { p.directory.Join("team", "alice", true) }}
	require.NoError(t, p.delete(t, p.here))
	require.Equal(t, 4, p.directory.Count("SharedOrganizations"), "two looks for each try")
	p.kept(t, "alice", "bob")
}

// founding does something after the first look.
type founding struct {
	*memory.Directory
	first func()
}

func (f *founding) SharedOrganizations(ctx context.Context, ref app.DirectoryRef) ([]app.Organization, error) {
	shared, err := f.Directory.SharedOrganizations(ctx, ref)
	if first := f.first; first != nil {
		f.first = nil
		first()
	}
	return shared, err
}

// Every step of the deletion and the purge of an owner, failed in every way: the
// organization stays.
func TestDeleteOfAnOwnerFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.DeletingState] {
		p := newPerson(t, clock)
		id := p.team(t, "alice", "bob")
		return sagatest.World[app.DeletingState]{
			Definition: p.service.DeleteFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.DeletingState{Account: p.account, Until: clock.Now().Add(grace), Held: []int64{id}},
			Check: func(t *testing.T, committed bool) {
				p.kept(t, "alice", "bob")
				want := error(nil)
				if committed {
					want = &app.Error{Kind: app.LastOwner}
				}
				if err := p.delete(t, p.bob); want == nil {
					require.NoError(t, err, "what was undone holds nothing")
				} else {
					require.Equal(t, app.LastOwner, app.KindOf(err))
				}
			},
		}
	})
}

func TestPurgeOfAnOwnerFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.BuryingState] {
		p := newPerson(t, clock)
		id := p.team(t, "alice", "bob")
		require.NoError(t, p.delete(t, p.here))
		return sagatest.World[app.BuryingState]{
			Definition: p.service.PurgeFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.BuryingState{Account: p.account, Held: []int64{id}, Checks: true},
			Check: func(t *testing.T, committed bool) {
				p.alive(t, p.bob)
				if committed {
					p.gone(t, p.account)
					p.kept(t, "bob")
					return
				}
				p.kept(t, "alice", "bob")
				_, err := p.service.Restore(t.Context(), p.account.ID)
				require.NoError(t, err)
			},
		}
	})
}
