package app_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// signsIn are the ways to sign in as alice.
func (p *personWorld) signsIn(t *testing.T, clock *sagatest.Clock) map[string]func(ctx context.Context) (app.SignedIn, error) {
	t.Helper()
	return map[string]func(ctx context.Context) (app.SignedIn, error){
		"by password": func(ctx context.Context) (app.SignedIn, error) {
			in, _, err := p.service.SignIn(ctx, app.Credentials{Username: "alice", Password: goodPassword})
			return in, err
		},
		"by code": func(ctx context.Context) (app.SignedIn, error) {
			require.NoError(t, p.store.Accounts.VerifyEmail(ctx, p.account.ID, "alice@example.com", clock.Now()))
			require.NoError(t, p.put(ctx, app.MailTarget("alice@example.com"), clock))
			in, _, err := p.service.SignInByCode(ctx, app.Credentials{Email: "alice@example.com", Code: mailed})
			return in, err
		},
		"by a code that is the first proof": func(ctx context.Context) (app.SignedIn, error) {
			require.NoError(t, p.put(ctx, app.MailTarget("alice@example.com"), clock))
			in, _, err := p.service.SignInByCode(ctx, app.Credentials{Email: "alice@example.com", Code: mailed})
			return in, err
		},
		"after a reset": func(ctx context.Context) (app.SignedIn, error) {
			require.NoError(t, p.put(ctx, app.MailTarget("alice@example.com"), clock))
			_, err := p.service.ResetPassword(ctx, app.PasswordReset{Email: "alice@example.com", Code: mailed, New: newPassword})
			require.NoError(t, err)
			in, _, err := p.service.SignIn(ctx, app.Credentials{Username: "alice", Password: newPassword})
			return in, err
		},
	}
}

// eachSignIn runs a test for each way to sign in, in a world of its own.
func eachSignIn(t *testing.T, test func(t *testing.T, p *personWorld, signIn func(context.Context) (app.SignedIn, error))) {
	clock := sagatest.NewClock()
	for name := range newPerson(t, clock).signsIn(t, clock) {
		t.Run(name, func(t *testing.T) {
			clock := sagatest.NewClock()
			p := newPerson(t, clock)
			test(t, p, p.signsIn(t, clock)[name])
		})
	}
}

// A user who is gone from Gitea is made again by the next sign-in.
func TestASignInMakesTheUserAgainThatIsGone(t *testing.T) {
	eachSignIn(t, func(t *testing.T, p *personWorld, signIn func(context.Context) (app.SignedIn, error)) {
		p.goneInGitea(t, false)
		in, err := signIn(t.Context())
		require.NoError(t, err)
		p.alive(t, in)
		p.alive(t, p.bob)
		p.mended(t)
		p.calm(t)
		var noticed []app.Notice
		for _, m := range p.mailer.Sent() {
			if m.Notice.Kind == app.NoticeRemade {
				require.Equal(t, "alice@example.com", m.To)
				noticed = append(noticed, m.Notice)
			}
		}
		require.Len(t, noticed, 1)
	})
}

// The password is Gitea's again, if it was checked.
func TestASignInGivesTheUserThatIsMadeAgainItsPassword(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.goneInGitea(t, false)
	p.alive(t, p.signIn(t, "alice"))
	p.passwordIs(t, goodPassword, newPassword)
}

// A user who is made again, and whose address is still another one's, is made: the
// sign-in succeeds, and the owner is told.
func TestASignInMakesTheUserAgainWhoseAddressComesLater(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.goneInGitea(t, false)
	p.directory.AddEmails("bob", "alice@example.com")
	before := len(p.mailer.Sent())
	p.directory.Inject("EndCredential", memoryFailBefore)
	p.alive(t, p.signIn(t, "alice"))
	require.Contains(t, p.emailsOf("bob"), "alice@example.com")
	p.calmed(t)
	require.Len(t, p.noticed(t, before, app.NoticeRemade), 1)
	require.NotContains(t, p.emailsOf("bob"), "alice@example.com")
	p.mended(t)
}

// Where it is not certain that the user is gone, or another one is in the way,
// nothing is made.
func TestASignInMakesNoUserThatMayBeThere(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, p *personWorld){
		"another has the name": func(t *testing.T, p *personWorld) { p.goneInGitea(t, true) },
		"it lost its mark": func(_ *testing.T, p *personWorld) {
			p.directory.Change("alice", func(e *memory.Entry) { e.Mark = "" })
		},
		"it lost its mark and its name": func(_ *testing.T, p *personWorld) {
			p.directory.Change("alice", func(e *memory.Entry) { e.Mark = "" })
			p.directory.Rename("alice", "other")
		},
		"it bears another mark": func(_ *testing.T, p *personWorld) {
			p.directory.Change("alice", func(e *memory.Entry) { e.Mark = "26010100000099" })
		},
		"Gitea is empty": func(t *testing.T, p *personWorld) {
			p.goneInGitea(t, false)
			require.NoError(t, p.directory.RemoveUser(t.Context(), "bob", p.bob.Account.ID))
		},
		"Gitea does not list users by their marks": func(t *testing.T, p *personWorld) {
			p.goneInGitea(t, false)
			p.directory.Inject("UsersMarked", memoryFailBefore)
		},
		"Gitea does not find users by their numbers": func(t *testing.T, p *personWorld) {
			p.goneInGitea(t, false)
			p.directory.Inject("UserNumbered", memoryFailBefore)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			harm(t, p)
			before := p.directory.Entries()
			_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
			require.Equal(t, before, p.directory.Entries())
			require.Equal(t, p.account.GiteaID, p.now(t).GiteaID)
		})
	}
}

// A renamed user is not gone, and signs in even if another has its name.
func TestASignInOfARenamedUser(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.directory.Rename("alice", "other")
	p.directory.Place(memory.Entry{Username: "alice", Emails: []string{"other@example.com"}}, goodPassword)
	in := p.signIn(t, "alice")
	require.Equal(t, "other", p.directory.TokenOwner(in.GiteaToken))
	require.Equal(t, p.account.GiteaID, p.now(t).GiteaID)
	_, err := p.service.Suspend(t.Context(), p.account.ID, app.Locked)
	require.NoError(t, err)
	require.Empty(t, p.directory.TokenOwner(in.GiteaToken))
	require.True(t, p.directory.SignsIn("alice", goodPassword), "who took the name")
}

// The only account there is has no witness.
func TestASignInMakesTheOnlyUserAgain(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	account := w.register(t, "alice", "alice@example.com")
	require.NoError(t, w.directory.RemoveUser(t.Context(), "alice", account.ID))
	w.alive(t, w.signIn(t, "alice"))
	w.whole(t, "alice")
}

// asking records which users are looked for by number.
type asking struct {
	app.DirectoryRepairs
	numbers *[]int64
}

func (a asking) UserNumbered(ctx context.Context, id int64) (app.DirectoryView, bool, error) {
	*a.numbers = append(*a.numbers, id)
	return a.DirectoryRepairs.UserNumbered(ctx, id)
}

// pagesAsked counts the pages of accounts that are read.
type pagesAsked struct {
	app.Listings
	n *int
}

func (p pagesAsked) PageOfAccounts(ctx context.Context, in []app.Status, after string, limit int) ([]app.Account, error) {
	*p.n++
	return p.Listings.PageOfAccounts(ctx, in, after, limit)
}

// crowd registers so many others, and removes the Gitea users of all but the one
// whose accountId is the last. It returns all of them by accountId.
func (w *world) crowd(t *testing.T, n int) []app.Account {
	t.Helper()
	others := make([]app.Account, n)
	for i := range others {
		name := fmt.Sprintf("other%d", i)
		others[i] = w.register(t, name, name+"@example.com")
	}
	slices.SortFunc(others, func(a, b app.Account) int { return cmp.Compare(a.ID, b.ID) })
	for _, a := range others[:n-1] {
		require.NoError(t, w.directory.RemoveUser(t.Context(), a.Username, a.ID))
	}
	return others
}

// Users who are gone from Gitea, and are asked for as witnesses, keep no other
// from being made again for good: each account has its turn.
func TestWitnessesTakeTurns(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	alice := w.register(t, "alice", "alice@example.com")
	others := w.crowd(t, 11)
	lives := others[10]
	require.NoError(t, w.directory.RemoveUser(t.Context(), "alice", alice.ID))
	var numbers []int64
	var pages int
	w.service.DirectoryRepairs, w.service.Listings = asking{w.directory, &numbers}, pagesAsked{w.store.Listings, &pages}
	var asked []int64
	for try := 0; !slices.Contains(asked, lives.GiteaID); try++ {
		require.Less(t, try, 3, "five of eleven are asked for each time")
		numbers, pages = nil, 0
		_, _, err := w.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
		require.Equal(t, alice.GiteaID, numbers[0])
		numbers = numbers[1:]
		require.LessOrEqual(t, pages, 2)
		if n := slices.Index(numbers, lives.GiteaID); n >= 0 {
			require.NoError(t, err)
			numbers = numbers[:n+1] // then the user is made again
		} else {
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
			require.Len(t, numbers, 5)
		}
		require.LessOrEqual(t, len(numbers), 5)
		asked = append(asked, numbers...)
	}
	require.NotContains(t, asked, alice.GiteaID)
	require.Len(t, asked, len(slices.Compact(slices.Sorted(slices.Values(asked)))), "none is asked for twice before all were")
	w.alive(t, w.signIn(t, "alice"))
}

// An empty Gitea has no witness, however many tries there are.
func TestAnEmptyGiteaHasNoWitness(t *testing.T) {
	for others, times := range map[int]int{7: 5, 3: 7} { // of seven tries, each of which asks for five users at most
		w := newWorld(t, sagatest.NewClock())
		alice := w.register(t, "alice", "alice@example.com")
		last := w.crowd(t, others)[others-1]
		require.NoError(t, w.directory.RemoveUser(t.Context(), last.Username, last.ID))
		require.NoError(t, w.directory.RemoveUser(t.Context(), "alice", alice.ID))
		var numbers []int64
		w.service.DirectoryRepairs = asking{w.directory, &numbers}
		for range 7 {
			_, _, err := w.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
		}
		asked := map[int64]int{}
		for _, n := range numbers {
			asked[n]++
		}
		require.Equal(t, 7, asked[alice.GiteaID])
		delete(asked, alice.GiteaID)
		require.Len(t, asked, others)
		for _, n := range asked {
			require.Equal(t, times, n, "each has its turn")
		}
		require.Empty(t, w.directory.Entries())
	}
}

// Whoever has a user in the way cannot have sagas begun without end.
func TestASignInTriesToMakeTheUserAgainWithinALimit(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.goneInGitea(t, false)
	const other = "26010100000099"
	p.directory.Place(memory.Entry{Username: "alice", Emails: []string{"other@example.com"}, Mark: other}, goodPassword)
	fail := func() {
		_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
		require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	}
	for range 12 {
		fail()
	}
	require.NoError(t, p.directory.RemoveUser(t.Context(), "alice", other))
	fail()
	clock.Advance(time.Hour)
	p.alive(t, p.signIn(t, "alice"))
}

// Sign-ins that meet make one user.
func TestSignInsThatMeetMakeOneUserAgain(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.goneInGitea(t, false)
	all := make([]app.SignedIn, 4)
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for n := range all {
		group.Go(func() {
			all[n], _, errs[n] = p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
		})
	}
	group.Wait()
	for n := range all {
		require.NoError(t, errs[n])
		p.alive(t, all[n])
	}
	p.mended(t)
}

// A storage that fails is no reason to look for the user.
func TestASignInLooksForTheUserOnlyIfGiteaLacksIt(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.storage.Inject("Grant", memory.Refuse)
	_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
	require.Equal(t, app.StorageFailed, app.KindOf(err))
	p.mended(t)
}

// interrupted is Gitea, beside which something happens once: after a token was
// asked for, or after a user was made.
type interrupted struct {
	app.Directory
	afterToken, afterUser func()
}

func (d *interrupted) CreateToken(ctx context.Context, ref app.DirectoryRef, name string) (app.Secret, error) {
	token, err := d.Directory.CreateToken(ctx, ref, name)
	once(&d.afterToken)
	return token, err
}

func (d *interrupted) CreateUser(ctx context.Context, u app.DirectoryUser) (int64, error) {
	id, err := d.Directory.CreateUser(ctx, u)
	once(&d.afterUser)
	return id, err
}

func once(do *func()) {
	if *do != nil {
		now := *do
		*do = nil
		now()
	}
}

// Whoever showed a password that is no longer right, or signs in to an account
// that is closed by now, has no user made again, and gets no session of one that
// was.
func TestASignInThatIsOutdatedMakesNoUserAgain(t *testing.T) {
	for change, do := range map[string]func(t *testing.T, p *personWorld){
		"another credential epoch": func(t *testing.T, p *personWorld) {
			_, err := p.store.Ownership.Disown(t.Context(), p.account.ID, p.clock.Now())
			require.NoError(t, err)
		},
		"another status": func(t *testing.T, p *personWorld) {
			_, err := p.store.Standings.Suspend(t.Context(), p.account.ID, app.Locked, p.clock.Now())
			require.NoError(t, err)
		},
	} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, after the user was made %v", change, late), func(t *testing.T) {
				p := newPerson(t, sagatest.NewClock())
				p.goneInGitea(t, false)
				gone := p.directory.Entries()
				d := &interrupted{Directory: p.directory}
				if d.afterToken = func() { do(t, p) }; late {
					d.afterToken, d.afterUser = nil, d.afterToken
				}
				p.service.Directory = d
				_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
				require.Equal(t, app.DirectoryFailed, app.KindOf(err))
				require.Nil(t, d.afterToken)
				require.Nil(t, d.afterUser)
				if !late {
					require.Equal(t, gone, p.directory.Entries())
				}
				unclosed, err := p.store.Listings.UnclosedOf(t.Context(), p.account.ID)
				require.NoError(t, err)
				require.Empty(t, unclosed)
			})
		}
	}
}

// A sign-in opens a session of a user that another one has made again.
func TestASignInFindsTheUserThatAnotherMadeAgain(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.goneInGitea(t, false)
	p.service.Directory = &interrupted{Directory: p.directory, afterToken: func() {
		_, err := p.service.RemakeInDirectory(t.Context(), p.account.Facts())
		require.NoError(t, err)
	}}
	p.alive(t, p.signIn(t, "alice"))
}

// A user that Accord made in place of an adopted one goes with the account.
func TestAUserMadeAgainIsNotLeftByADeletion(t *testing.T) {
	clock := sagatest.NewClock()
	p := newAdopted(t, clock)
	p.directory.Change("alice", func(e *memory.Entry) { e.Adopted = false }) // as if it deleted itself: the fake's RemoveUser refuses adopted ones
	require.NoError(t, p.directory.RemoveUser(t.Context(), "alice", p.account.ID))
	p.signIn(t, "alice")
	require.True(t, p.directory.SignsIn("alice", goodPassword))
	_, err := p.service.Remove(t.Context(), p.account.ID, true)
	require.NoError(t, err)
	require.False(t, p.directory.SignsIn("alice", goodPassword), "Accord made that user")
}
