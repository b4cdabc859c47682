package app_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

const theirPassword = app.Secret("their-Gitea-password-1")

// settler is somebody who was in Gitea before us, with a repository, a second
// address and a token of their own.
func (w *world) settler(t *testing.T) app.DirectoryView {
	t.Helper()
	id := w.directory.Place(memory.Entry{
		Username: "Carol", Emails: []string{"Carol@Example.com", "second@example.com"}, FullName: "Carol C", Website: "http://c.test",
		Location: "there", Description: "d", Repositories: []string{"work"},
	}, theirPassword)
	seen, found, err := w.directory.UserNumbered(t.Context(), id)
	require.NoError(t, err)
	require.True(t, found)
	return seen
}

// entry is somebody in Gitea, less the mark.
func (w *world) entry(t *testing.T, name string) memory.Entry {
	t.Helper()
	for _, e := range w.directory.Entries() {
		if e.Username == name {
			e.Mark, e.Adopted = "", false
			return e
		}
	}
	require.Fail(t, "not in Gitea", name)
	return memory.Entry{}
}

// adopt takes carol in.
func (w *world) adopt(t *testing.T) app.Account {
	t.Helper()
	account, _, err := w.service.Adopt(t.Context(), w.settler(t))
	require.NoError(t, err)
	return account
}

// foreign requires that carol is nobody's, as she was.
func (w *world) foreign(t *testing.T, before memory.Entry) {
	t.Helper()
	require.Equal(t, before, w.entry(t, before.Username))
	view, _, err := w.directory.UserNumbered(t.Context(), before.ID)
	require.NoError(t, err)
	require.Empty(t, view.Mark)
	require.False(t, view.Adopted)
	require.True(t, w.directory.SignsIn(before.Username, theirPassword))
}

func (w *world) carol(t *testing.T, password app.Secret) (app.SignedIn, error) {
	t.Helper()
	in, _, err := w.service.SignIn(t.Context(), app.Credentials{Username: "carol", Password: password})
	return in, err
}

func TestAdoptFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.AdoptingState] {
		w := newWorld(t, clock)
		seen := w.settler(t)
		before := w.entry(t, "Carol")
		state := app.AdoptingState{Seen: seen, Account: app.AccountOf(seen)}
		account := &state.Account
		account.ID, account.UserID, account.StorageSecret = "26010100000001", 1, "secret of the storage"
		account.StorageKey, account.CreatedAt, account.UpdatedAt = app.StorageKeyOf(account.ID), clock.Now(), clock.Now()
		return audited(t, w.core, clock, sagatest.World[app.AdoptingState]{
			Definition: w.service.AdoptFlow(), Journal: w.store.Journal, Subject: account.ID, State: state,
			Check: func(t *testing.T, committed bool) {
				if !committed {
					w.foreign(t, before)
					require.Empty(t, w.storage.Users())
					gone, err := w.store.Accounts.ByID(t.Context(), account.ID)
					require.True(t, app.KindOf(err) == app.NotFound || gone.Status == app.Abandoned, "%v", err)
					_, _, err = w.service.Adopt(t.Context(), seen)
					require.NoError(t, err, "it can be tried again")
				}
				require.Equal(t, before, w.entry(t, "Carol"))
				in, err := w.carol(t, theirPassword)
				require.NoError(t, err)
				w.alive(t, in)
			},
		})
	})
}

func TestKeepPasswordFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.KeepingPasswordState] {
		w := newWorld(t, clock)
		w.adopt(t)
		account, err := w.store.Accounts.ByUsername(t.Context(), "carol")
		require.NoError(t, err)
		return audited(t, w.core, clock, sagatest.World[app.KeepingPasswordState]{
			Definition: w.service.KeepPasswordFlow(), Journal: w.store.Journal, Subject: account.ID,
			State: app.KeepingPasswordState{Account: account, Password: theirPassword},
			Check: func(t *testing.T, committed bool) {
				now, err := w.store.Accounts.ByID(t.Context(), account.ID)
				require.NoError(t, err)
				if !committed {
					require.Equal(t, account, now)
				}
				asked := w.directory.Count("CheckPassword")
				in, err := w.carol(t, theirPassword)
				require.NoError(t, err)
				w.alive(t, in)
				require.Equal(t, !committed, w.directory.Count("CheckPassword") > asked)
				require.True(t, w.directory.SignsIn("Carol", theirPassword))
			},
		})
	})
}

func TestReleaseFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ReleasingState] {
		w := newWorld(t, clock)
		seen := w.settler(t)
		before := w.entry(t, "Carol")
		account, _, err := w.service.Adopt(t.Context(), seen)
		require.NoError(t, err)
		in, err := w.carol(t, theirPassword)
		require.NoError(t, err)
		account, err = w.store.Accounts.ByID(t.Context(), account.ID)
		require.NoError(t, err)
		return audited(t, w.core, clock, sagatest.World[app.ReleasingState]{
			Definition: w.service.ReleaseFlow(), Journal: w.store.Journal, Subject: account.ID,
			State: app.ReleasingState{Account: account},
			Check: func(t *testing.T, committed bool) {
				if !committed {
					w.alive(t, in)
					return
				}
				w.dead(t, in)
				require.True(t, w.directory.SignsIn("Carol", theirPassword), "let in all the while")
				_, err := w.service.EndDeparted(t.Context())
				require.NoError(t, err)
				w.foreign(t, before)
				require.Empty(t, w.storage.Users())
				gone, err := w.store.Accounts.ByID(t.Context(), account.ID)
				require.NoError(t, err)
				require.Equal(t, app.Deleted, gone.Status)
			},
		})
	})
}

// The purge of an adopted account fails in every step, and the Gitea user is what
// it was before Accord came.
func TestPurgeOfAnAdoptedAccountFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.BuryingState] {
		w := newWorld(t, clock)
		seen := w.settler(t)
		before := w.entry(t, "Carol")
		_, _, err := w.service.Adopt(t.Context(), seen)
		require.NoError(t, err)
		in, err := w.carol(t, theirPassword)
		require.NoError(t, err)
		require.True(t, w.storage.Put(in.Grant, in.Grant.Prefix+"kept"))
		_, err = w.service.Remove(t.Context(), in.Account.ID, false)
		require.NoError(t, err)
		require.False(t, w.directory.SignsIn("Carol", theirPassword), "kept out while it can still come back")
		account, err := w.store.Accounts.ByID(t.Context(), in.Account.ID)
		require.NoError(t, err)
		return audited(t, w.core, clock, sagatest.World[app.BuryingState]{
			Definition: w.service.PurgeFlow(), Journal: w.store.Journal, Subject: account.ID,
			State: app.BuryingState{Account: account},
			Check: func(t *testing.T, committed bool) {
				now, err := w.store.Accounts.ByID(t.Context(), account.ID)
				require.NoError(t, err)
				if !committed {
					require.Equal(t, account, now)
					return
				}
				require.Equal(t, app.Deleted, now.Status)
				w.foreign(t, before)
				require.Empty(t, w.storage.Users())
				require.Empty(t, w.storage.Objects(account.StorageKey))
			},
		})
	})
}

// The first sign-in asks Gitea, no later one does.
func TestAnAdoptedPersonSignsInByTheOldPassword(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	before := w.settlerEntry(t)
	account, err := w.store.Accounts.ByUsername(t.Context(), "carol")
	require.NoError(t, err)
	require.Equal(t, app.Adopted, account.GiteaOrigin)
	require.Equal(t, app.TheirPassword, account.GiteaPassword)
	require.Empty(t, account.PasswordHash)
	require.Equal(t, before.ID, account.GiteaID)
	require.Equal(t, "Carol C", account.Nickname)
	require.Equal(t, app.DirectoryProfile{
		FullName: "Carol C", Description: "d", Website: "http://c.test", Location: "there",
	}, account.Facts().Profile)

	for _, wrong := range []app.Secret{"", "wrong-1password", theirPassword + "x"} {
		_, err = w.carol(t, wrong)
		require.Equal(t, app.BadCredentials, app.KindOf(err))
	}
	w.directory.Inject("CheckPassword", memory.FailBefore)
	_, err = w.carol(t, theirPassword)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))

	in, err := w.carol(t, theirPassword)
	require.NoError(t, err)
	w.alive(t, in)
	asked := w.directory.Count("CheckPassword")
	in, err = w.carol(t, theirPassword)
	require.NoError(t, err)
	w.alive(t, in)
	_, err = w.carol(t, "wrong-1password")
	require.Equal(t, app.BadCredentials, app.KindOf(err))
	require.Equal(t, asked, w.directory.Count("CheckPassword"), "once is enough")
	account, err = w.store.Accounts.ByUsername(t.Context(), "carol")
	require.NoError(t, err)
	require.Equal(t, app.SamePassword, account.GiteaPassword)
	require.EqualValues(t, 0, account.CredentialEpoch, "nothing was changed")
}

func (w *world) settlerEntry(t *testing.T) memory.Entry {
	t.Helper()
	w.adopt(t)
	return w.entry(t, "Carol")
}

// Gitea is asked within the bounds of how often a sign-in may fail, and never for
// a name that is nobody's, nor for one that is kept out.
func TestAskingGiteaIsGuarded(t *testing.T) {
	g := newGuarded(t, strict)
	w := world{core: g.core, directory: g.directory}
	w.adopt(t)
	for range 2 * strict.Account.LockAfter {
		_ = g.try(app.Credentials{Username: "carol", Password: wrongPassword})
		_ = g.try(app.Credentials{Username: "nobody", Password: wrongPassword})
	}
	require.Positive(t, g.directory.Count("CheckPassword"))
	require.LessOrEqual(t, g.directory.Count("CheckPassword"), strict.Account.LockAfter)
	require.Equal(t, app.TooOften, app.KindOf(g.try(app.Credentials{Username: "carol", Password: theirPassword})))
}

// A person who came in by a code, and has not shown a password yet, confirms by
// the one in Gitea, and changes it there too.
func TestAnAdoptedPersonChangesThePasswordFirst(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	w.adopt(t)
	account, err := w.store.Accounts.ByUsername(t.Context(), "carol")
	require.NoError(t, err)
	require.NoError(t, w.store.Accounts.VerifyEmail(t.Context(), account.ID, account.Email, clock.Now()))
	target, code := app.MailTarget("Carol@Example.com"), app.Secret("7KQ2MX")
	require.NoError(t, w.store.Codes.Put(t.Context(), target, app.AnyPurpose, code, clock.Now().Add(codeLife), clock.Now()))
	in, _, err := w.service.SignInByCode(t.Context(), app.Credentials{Email: "carol@example.com", Code: code, Password: "not-this-1"})
	require.NoError(t, err)
	now, err := w.store.Accounts.ByID(t.Context(), account.ID)
	require.NoError(t, err)
	require.Empty(t, now.PasswordHash, "a code proves no password")
	who, err := w.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	_, err = w.service.ChangePassword(t.Context(), who, app.PasswordChange{Old: "wrong-1password", New: newPassword})
	require.Equal(t, app.BadCredentials, app.KindOf(err))
	_, err = w.service.ChangePassword(t.Context(), who, app.PasswordChange{Old: theirPassword, New: newPassword})
	require.NoError(t, err)
	require.True(t, w.directory.SignsIn("Carol", newPassword))
	in, err = w.carol(t, newPassword)
	require.NoError(t, err)
	w.alive(t, in)
}

// Keeping the password never fails the sign-in; the next one asks Gitea again.
func TestKeepingThePasswordNeverFailsASignIn(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.adopt(t)
	stale, err := w.store.Accounts.ByUsername(t.Context(), "carol")
	require.NoError(t, err)
	_, err = w.store.Accounts.SetPassword(t.Context(), stale.ID, "", "", stale.UpdatedAt) // raises the epoch
	require.NoError(t, err)
	require.NoError(t, w.store.Repairs.SetDirectoryUser(t.Context(), stale.ID, stale.GiteaID, app.TheirPassword, stale.UpdatedAt))
	w.service.KeepTheirs(t.Context(), stale, theirPassword)
	now, err := w.store.Accounts.ByID(t.Context(), stale.ID)
	require.NoError(t, err)
	require.Empty(t, now.PasswordHash, "it was checked against other credentials")
	in, err := w.carol(t, theirPassword)
	require.NoError(t, err)
	w.alive(t, in)
}

// What must not be adopted is not, whoever asks; and nothing is begun.
func TestAdoptionsThatAreRefused(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	seen := p.settler(t)
	before := p.directory.Entries()
	change := func(how func(v *app.DirectoryView)) app.DirectoryView {
		v := seen
		how(&v)
		return v
	}
	for name, c := range map[string]struct {
		view app.DirectoryView
		kind app.Kind
	}{
		"administrator": {change(func(v *app.DirectoryView) { v.Admin = true }), app.Forbidden},
		"restricted":    {change(func(v *app.DirectoryView) { v.Restricted = true }), app.Forbidden},
		"external":      {change(func(v *app.DirectoryView) { v.External = true }), app.Forbidden},
		"shut out":      {change(func(v *app.DirectoryView) { v.Active = false }), app.Forbidden},
		"ours":          {p.user(t), app.Forbidden},
		"nobody":        {change(func(v *app.DirectoryView) { v.ID = 0 }), app.Forbidden},
		"name":          {change(func(v *app.DirectoryView) { v.Username = "user" }), app.Invalid},
		"address":       {change(func(v *app.DirectoryView) { v.Email = "x" }), app.Invalid},
		"name taken":    {change(func(v *app.DirectoryView) { v.Username = "ALICE" }), app.UserTaken},
		"address taken": {change(func(v *app.DirectoryView) { v.Email = "BOB@example.com" }), app.EmailTaken},
		"changed":       {change(func(v *app.DirectoryView) { v.Profile.Location = "elsewhere" }), app.Busy},
		"gone":          {change(func(v *app.DirectoryView) { v.ID = 4711 }), app.Busy},
	} {
		_, _, err := p.service.Adopt(t.Context(), c.view)
		require.Equal(t, c.kind, app.KindOf(err), "%s: %v", name, err)
		require.Equal(t, c.kind == app.Busy, errors.Is(err, app.ErrChanged), name)
	}
	require.Equal(t, before, p.directory.Entries())
	require.Len(t, p.storage.Users(), 2)
}

// Two at once adopt a user once.
func TestAdoptingAtOnce(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	seen := w.settler(t)
	outcomes := make(chan error)
	for range 8 {
		go func() {
			_, _, err := w.service.Adopt(t.Context(), seen)
			outcomes <- err
		}()
	}
	good := 0
	for range 8 {
		if err := <-outcomes; err == nil {
			good++
		} else {
			require.Contains(t, []app.Kind{app.UserTaken, app.Busy}, app.KindOf(err), "%v", err)
		}
	}
	require.Equal(t, 1, good)
	require.Len(t, w.storage.Users(), 1)
	in, err := w.carol(t, theirPassword)
	require.NoError(t, err)
	w.alive(t, in)
}

// An adopted person's Gitea user outlives the account, however that ends.
func TestAnAdoptedUserOutlivesItsAccount(t *testing.T) {
	for name, end := range map[string]func(ctx context.Context, w *world, in app.SignedIn) error{
		"by its person": func(ctx context.Context, w *world, in app.SignedIn) error {
			who, err := w.service.Authenticate(ctx, in.AccessToken)
			if err == nil {
				_, err = w.service.Delete(ctx, who, theirPassword)
			}
			return err
		},
		"by an operator": func(ctx context.Context, w *world, in app.SignedIn) error {
			_, err := w.service.Remove(ctx, in.Account.ID, false)
			return err
		},
		"by an operator at once": func(ctx context.Context, w *world, in app.SignedIn) error {
			_, err := w.service.Remove(ctx, in.Account.ID, true)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := sagatest.NewClock()
			w := newWorld(t, clock)
			before := w.settlerEntry(t)
			w.directory.Place(memory.Entry{Username: "team", Organization: true}, "")
			w.directory.Join("team", "Carol", true)
			w.directory.Place(memory.Entry{Username: "dave", Emails: []string{"dave@example.com"}}, "x")
			w.directory.Join("team", "dave", false)
			in, err := w.carol(t, theirPassword)
			require.NoError(t, err)
			inventory, err := w.service.TakeInventory(t.Context(), in.Account.ID)
			require.NoError(t, err)
			require.Empty(t, inventory.Belongings, "nothing in Gitea goes")
			require.NoError(t, end(t.Context(), w, in), "the last owner of a team stays that")
			clock.Advance(grace + time.Minute)
			_, err = w.service.EndDeparted(t.Context())
			require.NoError(t, err)
			w.foreign(t, before)
			w.dead(t, in)
			require.Empty(t, w.storage.Users())

			again, _, err := w.service.Adopt(t.Context(), w.view(t, before.ID))
			require.NoError(t, err, "it can be adopted again")
			require.NotEqual(t, in.Account.ID, again.ID)
		})
	}
}

func (w *world) view(t *testing.T, id int64) app.DirectoryView {
	t.Helper()
	v, found, err := w.directory.UserNumbered(t.Context(), id)
	require.NoError(t, err)
	require.True(t, found)
	return v
}

// One that an operator keeps out is still kept out of Gitea when its account has
// gone: the operator decides there.
func TestASuspendedAdoptedUserStaysOut(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	before := w.settlerEntry(t)
	account, err := w.store.Accounts.ByUsername(t.Context(), "carol")
	require.NoError(t, err)
	_, err = w.service.Suspend(t.Context(), account.ID, app.Locked)
	require.NoError(t, err)
	_, err = w.carol(t, theirPassword)
	require.Equal(t, app.BadCredentials, app.KindOf(err))
	_, err = w.service.Release(t.Context(), account.ID, false)
	require.Equal(t, app.NotFound, app.KindOf(err))
	_, err = w.service.Remove(t.Context(), account.ID, true)
	require.NoError(t, err)
	view := w.view(t, before.ID)
	require.False(t, view.Active)
	require.Empty(t, view.Mark)
}

func TestRelease(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	seen := p.settler(t)
	before := p.entry(t, "Carol")
	account, _, err := p.service.Adopt(t.Context(), seen)
	require.NoError(t, err)
	in, err := p.carol(t, theirPassword)
	require.NoError(t, err)
	require.True(t, p.storage.Put(in.Grant, in.Grant.Prefix+"thing"))
	for _, name := range []string{"laptop", "accord-mine"} {
		_, err = p.directory.CreateToken(t.Context(), account.Ref(), name)
		require.NoError(t, err)
	}
	holdings, err := p.service.TakeHoldings(t.Context(), account.ID)
	require.NoError(t, err)
	require.Equal(t, []string{in.Session.GiteaTokenName()}, holdings.Tokens)
	require.Equal(t, 1, holdings.Objects)

	_, err = p.service.Release(t.Context(), account.ID, false)
	require.ErrorIs(t, err, app.ErrObjects)
	require.Equal(t, app.Forbidden, app.KindOf(err))
	p.alive(t, in)
	require.NotEmpty(t, p.storage.Objects(account.StorageKey))

	_, err = p.service.Release(t.Context(), account.ID, true)
	require.NoError(t, err)
	before.Tokens = []string{"accord-mine", "laptop"}
	p.foreign(t, before)
	require.Empty(t, p.storage.Objects(account.StorageKey))
	require.Len(t, p.storage.Users(), 2)
	for _, id := range []string{account.ID, p.account.ID} {
		_, err = p.service.Release(t.Context(), id, true)
		require.Equal(t, map[string]app.Kind{account.ID: app.NotFound, p.account.ID: app.Forbidden}[id], app.KindOf(err))
		_, err = p.service.TakeHoldings(t.Context(), id)
		require.Error(t, err)
	}
	p.alive(t, p.here)
	p.alive(t, p.bob)
}

// Gitea may carry out the mark of an adoption long after that was undone. Nobody
// takes the user for one that we made: neither a newcomer of its name, nor sync.
func TestALateMarkHarmsNobody(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	seen := w.settler(t)
	before := w.entry(t, "Carol")
	before.Repositories = nil
	w.directory.Change("Carol", func(e *memory.Entry) { e.Repositories = nil }) // it would be removed
	late := w.directory.Inject("AdoptUser", memory.Delay)
	_, _, err := w.service.Adopt(t.Context(), seen)
	require.Error(t, err)
	w.settle(t, clock)
	w.foreign(t, before)
	require.NoError(t, late.Release())
	marked := w.view(t, seen.ID)
	require.True(t, marked.Adopted)

	_, err = w.service.Register(t.Context(), app.Registration{
		Username: "carol", Email: "new@example.com", Password: goodPassword, Language: "en",
	})
	require.Equal(t, app.UserTaken, app.KindOf(err))
	require.Equal(t, before, w.entry(t, "Carol"))
	kept, _, err := w.service.DropFromDirectory(t.Context(), marked)
	require.NoError(t, err)
	require.False(t, kept)
	w.foreign(t, before)
}

// A mark that an administrator took off comes back as what it was.
func TestTheMarkOfAnAdoptedUserIsMended(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.adopt(t)
	account, err := w.store.Accounts.ByUsername(t.Context(), "carol")
	require.NoError(t, err)
	require.NoError(t, w.directory.UnmarkUser(t.Context(), account.GiteaID, account.Ref()))
	_, err = w.service.MendDirectory(t.Context(), account.Facts(), w.view(t, account.GiteaID))
	require.NoError(t, err)
	require.True(t, w.view(t, account.GiteaID).Adopted)
}
