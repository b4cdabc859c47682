package reconcile_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"accord/adapters/ident"
	"accord/adapters/keyring"
	"accord/adapters/memory"
	"accord/adapters/password"
	"accord/adapters/token"
	"accord/app"
	"accord/app/reconcile"
	"accord/app/verify"
	"accord/saga"
	"accord/saga/sagatest"
	"accord/store"
)

// site is a service over a real database and fakes of the other systems.
type site struct {
	store     *store.Store
	directory *memory.Directory
	storage   *memory.Storage
	service   *app.Service
	clock     *sagatest.Clock
	options   reconcile.Options
	// names is how many were made up.
	names int
}

// fresh is a name that nobody ever had.
func (s *site) fresh(kind string) string {
	s.names++
	return fmt.Sprintf("%s-%d", kind, s.names)
}

const goodPassword = app.Secret("1qazxsw2")

// ring is one key ring for all sites, and migrated the bytes of one database.
var (
	ring     = sync.OnceValues(keyring.Generate)
	migrated = sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "accord-reconcile")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		keys, err := ring()
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, "accord.db")
		st, err := store.Open(context.Background(), store.Options{Driver: store.SQLite, DSN: file, Sealer: keys})
		if err != nil {
			return nil, err
		}
		if err := st.Migrate(context.Background()); err != nil {
			return nil, err
		}
		if err := st.Close(); err != nil {
			return nil, err
		}
		return os.ReadFile(file)
	})
)

// newSite makes one in dir; the caller closes its store.
func newSite(t require.TestingT, dir string) *site {
	keys, err := ring()
	require.NoError(t, err)
	data, err := migrated()
	require.NoError(t, err)
	file := filepath.Join(dir, "accord.db")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	s := &site{directory: memory.NewDirectory(), storage: memory.NewStorage(), clock: sagatest.NewClock(), options: options()}
	s.storage.Now, s.options.Now, s.options.AllowEmpty = s.clock.Now, s.clock.Now, true
	s.store, err = store.Open(context.Background(), store.Options{Driver: store.SQLite, DSN: file, Sealer: keys})
	require.NoError(t, err)
	hasher, err := password.New(password.Options{Memory: 64, Time: 1})
	require.NoError(t, err)
	tokens, err := token.New(token.Options{Keys: keys, Issuer: "accord.test", Now: s.clock.Now})
	require.NoError(t, err)
	ids, err := ident.New(ident.Options{
		Now:      time.Now,
		Location: time.UTC, Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		MachineID: func() (uint16, error) { return 1, nil },
	})
	require.NoError(t, err)
	runner := saga.NewRunner(s.store.Journal, saga.Options{Now: s.clock.Now, Logger: slog.New(slog.DiscardHandler)})
	s.service, err = app.New(app.Deps{
		Accounts: s.store.Accounts, Sessions: s.store.Sessions, Codes: s.store.Codes,
		Admission: verify.New(verify.Options{Budgets: s.store.Budgets, Now: s.clock.Now}), Digests: app.NewDigests([]byte("key")),
		Repairs: s.store.Repairs, Directory: s.directory, DirectoryDoor: s.directory, DirectoryRepairs: s.directory,
		DirectoryCredentials: s.directory, StorageCredentials: s.storage, Listings: s.store.Listings,
		Storage: s.storage, StorageRepairs: s.storage, Files: memory.NewFiles(), Mailer: memory.NewMailer(), SMS: memory.NewSMS(),
		Hasher: hasher, Tokens: tokens, IDs: ids, Runner: runner, Now: s.clock.Now, Logger: slog.New(slog.DiscardHandler),
	}, app.Settings{SessionTTL: time.Hour, KeepTTL: time.Hour, DeletionGrace: time.Hour})
	require.NoError(t, err)
	return s
}

// register makes an account, some time before it is compared.
func (s *site) register(t require.TestingT, name string) app.Account {
	ctx := context.Background()
	_, err := s.service.Register(ctx, app.Registration{Username: name, Email: name + "@example.com", Password: goodPassword, Language: "en"})
	require.NoError(t, err)
	account, err := s.store.Accounts.ByUsername(ctx, name)
	require.NoError(t, err)
	return account
}

func (s *site) signIn(t require.TestingT, name string) app.SignedIn {
	in, _, err := s.service.SignIn(context.Background(), app.Credentials{Username: name, Password: goodPassword})
	require.NoError(t, err)
	return in
}

// compare lets what is going on in the background end first.
func (s *site) compare(t require.TestingT) reconcile.Plan {
	for pending := 1; pending > 0; {
		var err error
		_, pending, err = s.store.Repairs.Pending(context.Background(), 1)
		require.NoError(t, err)
	}
	s.clock.Advance(time.Minute)
	plan, err := reconcile.Compare(context.Background(),
		reconcile.Systems{Accounts: s.store.Repairs, Directory: s.directory, Storage: s.storage}, s.options)
	require.NoError(t, err)
	return plan
}

func (s *site) apply(t require.TestingT, plan reconcile.Plan) (reconcile.Tally, []reconcile.Result) {
	var results []reconcile.Result
	tally, err := reconcile.Apply(context.Background(), s.service, plan.Items, 4, unpaced, func(r reconcile.Result) {
		results = append(results, r)
	})
	require.NoError(t, err)
	return tally, results
}

// damages are ways in which administrators break things, by their own tools.
func damages() map[string]func(t *rapid.T, s *site, a app.Account) {
	ctx := context.Background()
	view := func(s *site, a app.Account) (app.DirectoryView, bool) {
		v, found, _ := s.directory.UserNumbered(ctx, a.GiteaID)
		return v, found && v.Mark == a.ID
	}
	inGitea := func(do func(t *rapid.T, s *site, a app.Account, v app.DirectoryView)) func(*rapid.T, *site, app.Account) {
		return func(t *rapid.T, s *site, a app.Account) {
			if v, found := view(s, a); found {
				do(t, s, a, v)
			}
		}
	}
	return map[string]func(t *rapid.T, s *site, a app.Account){
		"remove from Gitea": inGitea(func(t *rapid.T, s *site, a app.Account, v app.DirectoryView) {
			require.NoError(t, s.directory.RemoveUser(ctx, v.Username, a.ID))
		}),
		"make again in Gitea": inGitea(func(t *rapid.T, s *site, a app.Account, v app.DirectoryView) {
			require.NoError(t, s.directory.RemoveUser(ctx, v.Username, a.ID))
			s.directory.Place(memory.Entry{Username: s.fresh("again"), Emails: []string{s.fresh("again") + "@example.com"}, Mark: a.ID}, "by hand")
		}),
		"unmark": inGitea(func(t *rapid.T, s *site, a app.Account, v app.DirectoryView) {
			if v.Username == a.Username && v.Email == a.Email { // else nobody can know that it is ours
				require.NoError(t, s.directory.UnmarkUser(ctx, v.ID, v.Ref()))
			}
		}),
		"rename": inGitea(func(_ *rapid.T, s *site, a app.Account, v app.DirectoryView) {
			if v.Username == a.Username {
				s.directory.Rename(v.Username, s.fresh("former"))
			}
		}),
		"swap names": inGitea(func(t *rapid.T, s *site, a app.Account, v app.DirectoryView) {
			if other := s.someoneElse(t, a); other.Username != "" {
				s.turnNames(v.Username, other.Username)
			}
		}),
		"swap addresses": inGitea(func(t *rapid.T, s *site, a app.Account, v app.DirectoryView) {
			if other := s.someoneElse(t, a); other.Username != "" {
				require.NoError(t, s.directory.SetEmail(ctx, v.Ref(), "away@example.com"))
				require.NoError(t, s.directory.SetEmail(ctx, other.Ref(), v.Email))
				require.NoError(t, s.directory.SetEmail(ctx, v.Ref(), other.Email))
			}
		}),
		"change address": inGitea(func(t *rapid.T, s *site, _ app.Account, v app.DirectoryView) {
			require.NoError(t, s.directory.SetEmail(ctx, v.Ref(), s.fresh("moved")+"@example.com"))
		}),
		"change profile": inGitea(func(t *rapid.T, s *site, _ app.Account, v app.DirectoryView) {
			require.NoError(t, s.directory.SetProfile(ctx, v.Ref(), app.DirectoryProfile{Location: "elsewhere"}))
		}),
		"shut out or let in": inGitea(func(t *rapid.T, s *site, _ app.Account, v app.DirectoryView) {
			require.NoError(t, s.directory.SetActive(ctx, v.Ref(), !v.Active))
		}),
		"a token too many": inGitea(func(t *rapid.T, s *site, _ app.Account, v app.DirectoryView) {
			_, err := s.directory.CreateToken(ctx, v.Ref(), strayToken)
			require.NoError(t, err)
		}),
		"remove from storage": func(t *rapid.T, s *site, a app.Account) {
			require.NoError(t, s.storage.RemoveUser(ctx, a.StorageKey))
		},
		"make again in storage": func(t *rapid.T, s *site, a app.Account) {
			require.NoError(t, s.storage.RemoveUser(ctx, a.StorageKey))
			s.storage.PlaceForeign(a.StorageKey, "by hand")
		},
		"take the policy": func(_ *rapid.T, s *site, a app.Account) { s.storage.LoseHome(a.StorageKey) },
		"shut out of storage": func(t *rapid.T, s *site, a app.Account) {
			require.NoError(t, s.storage.SetActive(ctx, a.StorageKey, false))
		},
		"orphans": func(t *rapid.T, s *site, a app.Account) {
			id := "9" + a.ID[1:]
			if marked, _ := s.directory.UsersMarked(ctx, id); len(marked) == 0 {
				s.directory.Place(memory.Entry{Username: "orphan-" + a.Username, Emails: []string{id + "@example.com"}, Mark: id}, "x")
				if rapid.Bool().Draw(t, "with a repository") {
					s.directory.GiveRepository("orphan-"+a.Username, "work")
				}
				require.NoError(t, s.storage.CreateUser(ctx, app.StorageKeyOf(id), "secret"))
			}
		},
		"delete the account, here alone": func(t *rapid.T, s *site, a app.Account) {
			if now, err := s.store.Accounts.ByID(ctx, a.ID); err == nil && now.MaySignIn() {
				_, err := s.store.Accounts.Leave(ctx, a.ID, s.clock.Now().Add(time.Hour), s.clock.Now())
				require.NoError(t, err)
			}
		},
	}
}

// someoneElse is another account's user in Gitea; none where there is no other.
// What an orphan has that is kept stays taken.
func (s *site) someoneElse(t *rapid.T, a app.Account) app.DirectoryView {
	var others []app.DirectoryView
	for v, err := range s.directory.EachUser(context.Background(), unpaced) {
		require.NoError(t, err)
		if v.Mark != "" && v.Mark != a.ID && v.Mark[0] != '9' {
			others = append(others, v)
		}
	}
	if len(others) == 0 {
		return app.DirectoryView{}
	}
	return rapid.SampledFrom(others).Draw(t, "with whom")
}

// foreigners are the people that are not ours, as they are.
func (s *site) foreigners() []memory.Entry {
	return slices.DeleteFunc(s.directory.Entries(), func(e memory.Entry) bool { return e.Mark != "" })
}

// snapshot is what the remote systems hold, as administrators see it.
func (s *site) snapshot(t require.TestingT) (map[string]app.StorageView, []memory.Entry) {
	users := map[string]app.StorageView{}
	for v, err := range s.storage.EachUser(context.Background()) {
		require.NoError(t, err)
		users[v.Key] = v
	}
	return users, s.directory.Entries()
}

// Whatever administrators broke, one apply mends it: the plan after it is empty,
// the same plan applied again changes nothing, and people who are not ours are never named nor
// touched. What was a sign-in's before works again.
func TestApplyMendsWhateverWasBroken(t *testing.T) {
	ways := damages()
	names := make([]string, 0, len(ways))
	for name := range ways {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(rt *rapid.T) {
		s := newSite(rt, t.TempDir())
		defer func() { require.NoError(rt, s.store.Close()) }()
		foreign := []memory.Entry{{Username: "root", Emails: []string{"root@example.com"}}, {Username: "accord", Emails: []string{"a@example.com"}}}
		for _, e := range foreign {
			s.directory.Place(e, "foreign")
		}
		s.storage.PlaceForeign("accbackup", "secret")
		var people []app.Account
		for n := range rapid.IntRange(1, 5).Draw(rt, "people") {
			people = append(people, s.register(rt, fmt.Sprintf("person%d", n)))
		}
		require.True(rt, s.compare(rt).InAccord(), "before anything is broken")
		before := s.foreigners()
		for range rapid.IntRange(1, 8).Draw(rt, "damages") {
			ways[rapid.SampledFrom(names).Draw(rt, "way")](rt, s, rapid.SampledFrom(people).Draw(rt, "whose"))
		}

		plan := s.compare(rt)
		for _, i := range plan.Items {
			require.True(rt, i.User.Mark != "" || i.Facts.AccountID != "" || i.Storage.Key == app.StorageKeyOf(i.AccountID), "%+v", i)
			require.NotEqual(rt, "accbackup", i.Storage.Key)
			for _, e := range before {
				require.False(rt, i.User.ID == e.ID && !i.Facts.Owns(i.User), "%s is not ours", e.Username)
			}
		}
		tally, results := s.apply(rt, plan)
		require.Zero(rt, tally.Failed, "%+v", results)
		require.Empty(rt, summary(s.compare(rt).Items))
		for _, e := range before {
			if e.Username == "root" || e.Username == "accord" {
				require.Contains(rt, s.foreigners(), e)
			}
		}
		require.Contains(rt, s.storage.Users(), "accbackup")
		signedIn := map[string]app.SignedIn{}
		for _, a := range people {
			if now, err := s.store.Accounts.ByID(context.Background(), a.ID); err == nil && now.MaySignIn() {
				signedIn[a.Username] = s.signIn(rt, a.Username)
			}
		}
		working := func() {
			for name, in := range signedIn {
				require.Equal(rt, name, s.directory.TokenOwner(in.GiteaToken))
				require.True(rt, s.storage.MayUse(in.Grant, in.Grant.Prefix+"x"))
				require.True(rt, s.directory.SignsIn(name, goodPassword))
			}
		}
		working()
		homes, users := s.snapshot(rt)
		s.apply(rt, plan)
		homesAgain, usersAgain := s.snapshot(rt)
		require.Equal(rt, homes, homesAgain)
		require.Equal(rt, users, usersAgain)
		working()
	})
}

// One account's failure is told, and the rest goes on; another run mends it.
func TestApplyGoesOnAfterAFailure(t *testing.T) {
	s := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	for _, name := range []string{"alice", "bob", "carol"} {
		a := s.register(t, name)
		require.NoError(t, s.storage.RemoveUser(t.Context(), a.StorageKey))
		require.NoError(t, s.directory.RemoveUser(t.Context(), name, a.ID))
	}
	s.directory.Place(memory.Entry{Username: "bob", Emails: []string{"other@example.com"}}, "foreign")
	s.options.Protected = []string{"carol"}
	plan := s.compare(t)
	tally, results := s.apply(t, plan)
	require.Equal(t, reconcile.Tally{Mended: 3, Failed: 1, Skipped: 2}, tally)
	for _, r := range results {
		require.Equal(t, r.Item.Username == "bob" && r.Item.System == reconcile.Gitea, r.Err != nil, "%+v", r)
		require.Equal(t, r.Item.Username == "carol", r.Skipped)
		require.Equal(t, r.Skipped, r.SagaID == "", "each repair is a saga")
	}
	require.Equal(t, []string{"gitea bob missing", "gitea carol missing", "storage carol missing"}, summary(s.compare(t).Items))
	s.directory.Rename("bob", "robert")
	s.options.Protected = nil
	tally, results = s.apply(t, s.compare(t))
	require.Equal(t, reconcile.Tally{Mended: 3}, tally, "%+v", results)
	require.True(t, s.compare(t).InAccord())
}

// Who is told to stop finishes what he has begun; another run goes on.
func TestApplyStopsAndGoesOn(t *testing.T) {
	s := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	for n := range 6 {
		a := s.register(t, fmt.Sprintf("person%d", n))
		require.NoError(t, s.storage.RemoveUser(t.Context(), a.StorageKey))
	}
	ctx, stop := context.WithCancel(t.Context())
	mended := 0
	tally, err := reconcile.Apply(ctx, s.service, s.compare(t).Items, 1, unpaced, func(r reconcile.Result) {
		require.NoError(t, r.Err)
		if mended++; mended == 2 {
			stop()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, tally.Mended, 6)
	left := s.compare(t)
	require.Len(t, left.Items, 6-tally.Mended)
	tally, _ = s.apply(t, left)
	require.Equal(t, len(left.Items), tally.Mended)
	require.True(t, s.compare(t).InAccord())
}

// A saved plan mends nothing whose facts have changed since.
func TestApplyOfAnOldPlan(t *testing.T) {
	s := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	a := s.register(t, "alice")
	require.NoError(t, s.directory.SetEmail(t.Context(), a.Ref(), "x@example.com"))
	old := s.compare(t)
	require.Equal(t, []string{"gitea alice address"}, summary(old.Items))
	_, err := s.store.Accounts.SetProfile(t.Context(), a.ID, app.Profile{Nickname: "Alice"}, s.clock.Now())
	require.NoError(t, err)
	tally, results := s.apply(t, old)
	require.Equal(t, 1, tally.Failed)
	require.ErrorIs(t, results[0].Err, app.ErrChanged)
	tally, _ = s.apply(t, s.compare(t))
	require.Equal(t, 1, tally.Mended)
}
