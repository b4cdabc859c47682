package app_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

const squatted = "Victim@example.com"

// squat gives bob's user in Gitea a second address, which Gitea does not ask bob
// to prove.
func squat(t *testing.T, p *personWorld) {
	t.Helper()
	p.directory.AddEmails("bob", squatted)
}

// An account that proves an address takes it from a user of ours that has it as
// a second one, adopted or not.
func TestSecondAddressesGiveWayToProof(t *testing.T) {
	for name, take := range map[string]func(t *testing.T, p *personWorld) error{
		"registration": func(t *testing.T, p *personWorld) error {
			_, err := p.service.Register(t.Context(), app.Registration{Username: "victim", Email: "victim@example.com", Password: goodPassword, EmailCode: mailed})
			return err
		},
		"change of address": func(t *testing.T, p *personWorld) error {
			_, err := p.service.ChangeEmail(t.Context(), app.Principal{Account: p.account, Session: p.here.Session}, app.EmailChange{
				Password: goodPassword, Old: p.account.Email, New: "victim@example.com", Code: mailed,
			})
			return err
		},
	} {
		for _, adopted := range []bool{false, true} {
			t.Run(fmt.Sprint(name, adopted), func(t *testing.T) {
				clock := sagatest.NewClock()
				p := newPerson(t, clock)
				squat(t, p)
				p.directory.Change("bob", func(e *memory.Entry) { e.Adopted = adopted })
				require.NoError(t, p.put(t.Context(), app.MailTarget("victim@example.com"), clock))
				require.NoError(t, take(t, p))
				p.calm(t)
				require.Equal(t, []string{"bob@example.com"}, p.emailsOf("bob"))
				owner, err := p.store.Accounts.ByEmail(t.Context(), "victim@example.com")
				require.NoError(t, err)
				p.giteaEmailIs(t, owner, "victim@example.com")
				p.alive(t, p.bob)
			})
		}
	}
}

// Without a proof of the address, a user of ours keeps it as a second one, and
// nothing is changed.
func TestSecondAddressesStayWithoutProof(t *testing.T) {
	const wanted = "victim@example.com"
	for name, take := range map[string]func(t *testing.T, p *personWorld) error{
		"registration": func(t *testing.T, p *personWorld) error {
			_, err := p.service.Register(t.Context(), app.Registration{Username: "victim", Email: wanted, Password: goodPassword})
			return err
		},
		"registration by an administrator": func(t *testing.T, p *personWorld) error {
			_, _, err := p.service.CreatePerson(t.Context(), p.role(t, p.bob.Account, app.SuperAdministrator), app.Registration{
				Username: "victim", Email: wanted, Password: goodPassword,
			})
			return err
		},
		"an administrator's change": func(t *testing.T, p *personWorld) error {
			email := wanted
			_, err := p.service.ModifyPerson(t.Context(), p.role(t, p.bob.Account, app.SuperAdministrator), p.account.UserID, app.PersonModification{Email: &email})
			return err
		},
	} {
		for _, adopted := range []bool{false, true} {
			t.Run(fmt.Sprint(name, adopted), func(t *testing.T) {
				p := newPerson(t, sagatest.NewClock())
				squat(t, p)
				p.directory.Change("bob", func(e *memory.Entry) { e.Adopted = adopted })
				before := p.directory.Entries()
				require.Equal(t, app.EmailTaken, app.KindOf(take(t, p)))
				p.calm(t)
				require.Equal(t, before, p.directory.Entries())
				p.absent(t, "victim", wanted)
				require.Equal(t, p.account.Email, p.now(t).Email)
				p.alive(t, p.bob)
			})
		}
	}
}

// A user made again or mended in Gitea gets its address, too.
func TestSecondAddressesGiveWayToRepairs(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	require.NoError(t, p.directory.RemoveUser(t.Context(), "alice", p.account.ID))
	p.directory.AddEmails("bob", "ALICE@example.com")
	_, err := p.service.RemakeInDirectory(t.Context(), p.account.Facts())
	require.NoError(t, err)
	require.Equal(t, []string{"bob@example.com"}, p.emailsOf("bob"))

	require.NoError(t, p.directory.SetEmail(t.Context(), p.account.Ref(), "other@example.com"))
	p.directory.AddEmails("bob", "ALICE@example.com")
	_, err = p.service.MendDirectory(t.Context(), p.now(t).Facts(), p.user(t))
	require.NoError(t, err)
	require.Equal(t, []string{"bob@example.com"}, p.emailsOf("bob"))
	p.mended(t)
}

func TestSecondAddressesOfStrangersStay(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.directory.Place(memory.Entry{Username: "mallory", Emails: []string{"mallory@example.com", squatted}}, goodPassword)
	before := p.directory.Entries()
	victim := app.Registration{Username: "victim", Email: "victim@example.com", Password: goodPassword, EmailVerified: true}
	_, err := p.service.Register(t.Context(), victim)
	require.Equal(t, app.EmailTaken, app.KindOf(err))
	p.directory.Change("bob", func(e *memory.Entry) { e.Emails = []string{"first@example.com", "bob@example.com"} })
	victim.Email = "first@example.com"
	_, err = p.service.Register(t.Context(), victim)
	require.Equal(t, app.EmailTaken, app.KindOf(err), "a first address is not taken from a user")
	require.Len(t, p.directory.Entries(), len(before))
}

// What was squatted is taken only by what is committed: an undo has nothing to
// give back.
func (p *personWorld) squattedIs(t *testing.T, taken bool) {
	t.Helper()
	want := []string{"bob@example.com", squatted}
	if taken {
		want = want[:1]
	}
	require.Equal(t, want, p.emailsOf("bob"))
	p.alive(t, p.bob)
}

func TestRegisterOverASecondAddressFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.RegistrationState] {
		p := newPerson(t, clock)
		squat(t, p)
		account := app.Account{
			ID: "26010100000042", UserID: 42, Username: "victim", Email: "victim@example.com", EmailVerified: true, Status: app.Reserved, Role: app.User,
			GiteaOrigin: app.Created, GiteaPassword: app.SamePassword, StorageOrigin: app.Created,
			StorageKey: app.StorageKeyOf("26010100000042"), StorageSecret: "secret-of-the-storage-user",
			CreatedAt: clock.Now(), UpdatedAt: clock.Now(),
		}
		return sagatest.World[app.RegistrationState]{
			Definition: p.service.RegisterFlow(), Journal: p.store.Journal, Subject: account.ID,
			State: app.RegistrationState{Account: account, Password: goodPassword},
			Check: func(t *testing.T, committed bool) {
				p.squattedIs(t, committed)
				if !committed {
					require.Empty(t, p.emailsOf("victim"))
					return
				}
				p.whole(t, "victim")
			},
		}
	})
}

func TestChangeEmailOverASecondAddressFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ChangingEmailState] {
		p := newPerson(t, clock)
		squat(t, p)
		ref := p.code(t, app.MailTarget(squatted), clock)
		return audited(t, p.core, clock, sagatest.World[app.ChangingEmailState]{
			Definition: p.service.ChangeEmailFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.ChangingEmailState{Account: p.account, Code: ref, New: squatted},
			Check: func(t *testing.T, committed bool) {
				is := p.account.Email
				if committed {
					is = squatted
				}
				p.squattedIs(t, committed)
				p.giteaEmailIs(t, p.account, is)
				p.redeemed(t, ref, committed, clock)
			},
		})
	})
}

func TestMendOverASecondAddressFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.MendingDirectoryState] {
		p := newPerson(t, clock)
		require.NoError(t, p.directory.SetEmail(t.Context(), p.account.Ref(), "other@example.com"))
		p.directory.AddEmails("bob", p.account.Email)
		seen := p.user(t)
		return audited(t, p.core, clock, sagatest.World[app.MendingDirectoryState]{
			Definition: p.service.MendDirectoryFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.MendingDirectoryState{Facts: p.account.Facts(), Seen: seen},
			Check: func(t *testing.T, committed bool) {
				if !committed {
					require.Equal(t, seen, p.user(t))
					require.Equal(t, []string{"bob@example.com", p.account.Email}, p.emailsOf("bob"))
					return
				}
				require.Equal(t, []string{"bob@example.com"}, p.emailsOf("bob"))
				p.mended(t)
			},
		})
	})
}

func TestRemakeOverASecondAddressFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.RemakingInDirectoryState] {
		p := newPerson(t, clock)
		require.NoError(t, p.directory.RemoveUser(t.Context(), "alice", p.account.ID))
		p.directory.AddEmails("bob", p.account.Email)
		return audited(t, p.core, clock, sagatest.World[app.RemakingInDirectoryState]{
			Definition: p.service.RemakeInDirectoryFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.RemakingInDirectoryState{Facts: p.account.Facts(), Password: "random-password"},
			Check: func(t *testing.T, committed bool) {
				if !committed {
					require.Empty(t, p.emailsOf("alice"))
					require.Equal(t, []string{"bob@example.com", p.account.Email}, p.emailsOf("bob"))
					return
				}
				require.Equal(t, []string{"bob@example.com"}, p.emailsOf("bob"))
				p.mended(t)
			},
		})
	})
}

// adder adds the address again each time it was ended.
type adder struct {
	app.DirectoryCredentials
	directory *memory.Directory
	times     int
}

func (a *adder) EndCredential(ctx context.Context, mark string, c app.Credential) error {
	err := a.DirectoryCredentials.EndCredential(ctx, mark, c)
	if a.times > 0 {
		a.times--
		a.directory.AddEmails("bob", squatted)
	}
	return err
}

// Who adds a second address again and again gets nothing by it but a few more
// calls, and holds up no saga.
func TestSecondAddressThatIsAddedAgain(t *testing.T) {
	for times, kept := range map[int]bool{1: false, 4: false, 1000: true} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			clock := sagatest.NewClock()
			p := newPerson(t, clock)
			squat(t, p)
			p.service.DirectoryCredentials = &adder{p.service.DirectoryCredentials, p.directory, times}
			require.NoError(t, p.put(t.Context(), app.MailTarget("victim@example.com"), clock))
			_, err := p.service.ChangeEmail(t.Context(), app.Principal{Account: p.account, Session: p.here.Session}, app.EmailChange{
				Password: goodPassword, Old: p.account.Email, New: "victim@example.com", Code: mailed,
			})
			require.NoError(t, err)
			p.calm(t)
			require.Equal(t, "victim@example.com", p.now(t).Email)
			p.squattedIs(t, !kept)
			if !kept {
				p.giteaEmailIs(t, p.account, "victim@example.com")
			}
		})
	}
}

// What a newcomer's late address changes is the address alone: a ban of an
// administrator of Gitea stays.
func TestALateAddressLeavesABan(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	require.NoError(t, p.directory.SetEmail(t.Context(), p.account.Ref(), "placeholder@example.com"))
	p.directory.Change("alice", func(e *memory.Entry) { e.ShutOut = true })
	stages := p.service.RegisterFlow().Stages
	last := stages[len(stages)-1]
	show := last[len(last)-1]
	require.NoError(t, show.Do(t.Context(), &app.RegistrationState{Account: p.account, GiteaID: p.account.GiteaID, AddressPending: true}))
	p.giteaEmailIs(t, p.account, p.account.Email)
	require.True(t, p.entry(t, "alice").ShutOut)
}

func TestTakeAddressFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.TakingLateState] {
		p := newPerson(t, clock)
		require.NoError(t, p.directory.SetEmail(t.Context(), p.account.Ref(), "placeholder@example.com"))
		p.directory.AddEmails("bob", p.account.Email)
		return audited(t, p.core, clock, sagatest.World[app.TakingLateState]{
			Definition: p.service.TakeAddressFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.TakingLateState{AccountID: p.account.ID, GiteaID: p.account.GiteaID},
			Check: func(t *testing.T, committed bool) {
				if !committed {
					p.giteaEmailIs(t, p.account, "placeholder@example.com")
					require.Equal(t, []string{"bob@example.com", p.account.Email}, p.emailsOf("bob"))
					return
				}
				p.giteaEmailIs(t, p.account, p.account.Email)
				require.Equal(t, []string{"bob@example.com"}, p.emailsOf("bob"))
			},
		})
	})
}

// A change that did nothing in Gitea, because the address is another user's second
// one, leaves the user's own second addresses.
func TestAnUndoOfADeferredChangeEndsNoAddresses(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	squat(t, p)
	p.directory.AddEmails("alice", "alice.old@example.com")
	before := p.emailsOf("alice")
	change := p.service.ChangeEmailFlow().Stages[1][0]
	state := app.ChangingEmailState{Account: p.account, New: squatted}
	require.NoError(t, change.Do(t.Context(), &state))
	require.NoError(t, change.Undo(t.Context(), &state))
	require.Equal(t, before, p.emailsOf("alice"))

	for _, s := range p.service.MendDirectoryFlow().Stages {
		if s[0].Name != "change Gitea address" {
			continue
		}
		facts := p.account.Facts()
		facts.Email = squatted
		state := app.MendingDirectoryState{Facts: facts, Seen: p.user(t)}
		require.NoError(t, s[0].Do(t.Context(), &state))
		require.NoError(t, s[0].Undo(t.Context(), &state))
	}
	require.Equal(t, before, p.emailsOf("alice"))
	p.squattedIs(t, false)
}

// A newcomer over whose name a user is left from a registration that was undone
// gets the address too.
func TestALateEffectOverASecondAddress(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	squat(t, p)
	delayed := p.directory.Inject("CreateUser", memoryDelay)
	_, err := p.service.Register(t.Context(), app.Registration{Username: "victim", Email: "other@example.com", Password: goodPassword})
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.NoError(t, delayed.Release())
	victim := app.Registration{Username: "victim", Email: "victim@example.com", Password: goodPassword, EmailVerified: true}
	_, err = p.service.Register(t.Context(), victim)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return slices.Equal(p.emailsOf("victim"), []string{"victim@example.com"}) }, time.Minute, time.Millisecond)
	p.squattedIs(t, true)
}

// Whoever makes a second address the first one before it is taken keeps it, and
// holds up no saga.
func TestSecondAddressThatBecomesTheFirst(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.directory.Change("bob", func(e *memory.Entry) { e.Emails = []string{squatted, "bob@example.com"} })
	stages := p.service.ChangeEmailFlow().Stages
	last := stages[len(stages)-1]
	take := last[len(last)-1]
	require.Equal(t, "take address", take.Name)
	state := app.ChangingEmailState{Account: p.account, New: squatted, AddressPending: true}
	require.NoError(t, take.Do(t.Context(), &state))
	require.Equal(t, []string{squatted, "bob@example.com"}, p.emailsOf("bob"))

	newcomer := app.RegistrationState{Account: p.account, GiteaID: p.account.GiteaID, AddressPending: true}
	require.NoError(t, p.directory.SetEmail(t.Context(), p.account.Ref(), "placeholder@example.com"))
	p.directory.Change("bob", func(e *memory.Entry) { e.Emails = []string{p.account.Email, "bob@example.com"} })
	registering := p.service.RegisterFlow().Stages
	shown := registering[len(registering)-1]
	show := shown[len(shown)-1]
	require.NoError(t, show.Do(t.Context(), &newcomer))
	require.Equal(t, []string{"placeholder@example.com"}, p.emailsOf("alice"))

	require.NoError(t, p.directory.RemoveUser(t.Context(), "alice", p.account.ID))
	require.NoError(t, take.Do(t.Context(), &state), "the user is gone")
	require.NoError(t, show.Do(t.Context(), &newcomer), "the user is gone")
}

// A newcomer whose address Gitea is still to be given can change it meanwhile.
func TestNewcomerMovesBeforeTheAddressIsTaken(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	stages := p.service.RegisterFlow().Stages
	last := stages[len(stages)-1]
	show := last[len(last)-1]
	require.Equal(t, "show in Gitea", show.Name)
	newcomer := p.account
	newcomer.Email = squatted
	state := app.RegistrationState{Account: newcomer, GiteaID: p.account.GiteaID, AddressPending: true}
	require.NoError(t, show.Do(t.Context(), &state))
	p.giteaEmailIs(t, p.account, p.account.Email)
}

// While an address changes, the former one is nobody's for a moment. Who adds it
// then as a second one keeps no undo from putting it back.
func TestAnUndoTakesASecondAddress(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	require.NoError(t, p.directory.SetEmail(t.Context(), p.account.Ref(), "new@example.com"))
	p.directory.AddEmails("bob", p.account.Email)
	undo := p.service.ChangeEmailFlow().Stages[1][0].Undo
	require.NoError(t, undo(t.Context(), &app.ChangingEmailState{Account: p.account, New: "new@example.com"}))
	p.giteaEmailIs(t, p.account, p.account.Email)
}
