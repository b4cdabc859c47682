package reconcile_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/app/reconcile"
)

// turnNames gives each the name of the next one, and the last that of the first.
func (s *site) turnNames(names ...string) {
	s.directory.Rename(names[0], "away")
	for n, name := range names[1:] {
		s.directory.Rename(name, names[n])
	}
	s.directory.Rename("away", names[len(names)-1])
}

// turnAddresses likewise, of people who have their own names.
func (s *site) turnAddresses(t require.TestingT, people ...app.Account) {
	ctx := context.Background()
	require.NoError(t, s.directory.SetEmail(ctx, people[0].Ref(), "away@example.com"))
	for n, a := range people[1:] {
		require.NoError(t, s.directory.SetEmail(ctx, a.Ref(), people[n].Email))
	}
	require.NoError(t, s.directory.SetEmail(ctx, people[0].Ref(), people[len(people)-1].Email))
}

// Accounts that are in one another's way are mended by one apply, however they
// hang together.
func TestApplyUntangles(t *testing.T) {
	cases := map[string]func(t *testing.T, s *site, alice, bob, carol app.Account){
		"two names":       func(_ *testing.T, s *site, _, _, _ app.Account) { s.turnNames("alice", "bob") },
		"three names":     func(_ *testing.T, s *site, _, _, _ app.Account) { s.turnNames("alice", "bob", "carol") },
		"three addresses": func(t *testing.T, s *site, alice, bob, carol app.Account) { s.turnAddresses(t, alice, bob, carol) },
		"names and addresses, across": func(t *testing.T, s *site, alice, bob, carol app.Account) {
			s.turnAddresses(t, alice, carol, bob)
			s.turnNames("alice", "bob", "carol")
		},
		"a row of names": func(_ *testing.T, s *site, _, _, _ app.Account) {
			s.directory.Rename("alice", "away")
			s.directory.Rename("bob", "alice")
			s.directory.Rename("carol", "bob")
		},
		"the name of one who is missing": func(t *testing.T, s *site, alice, _, _ app.Account) {
			require.NoError(t, s.directory.RemoveUser(t.Context(), "alice", alice.ID))
			s.directory.Rename("bob", "alice")
		},
		"the name and the address of an orphan": func(t *testing.T, s *site, alice, bob, _ app.Account) {
			require.NoError(t, s.directory.SetEmail(t.Context(), bob.Ref(), "elsewhere@example.com"))
			s.directory.Rename("alice", "away")
			s.directory.Place(memory.Entry{Username: "alice", Emails: []string{bob.Email}, Mark: ghostID}, "x")
			require.NoError(t, s.storage.RemoveUser(t.Context(), alice.StorageKey))
		},
	}
	for name, tangle := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, t.TempDir())
			t.Cleanup(func() { require.NoError(t, s.store.Close()) })
			alice, bob, carol := s.register(t, "alice"), s.register(t, "bob"), s.register(t, "carol")
			before := map[string]app.SignedIn{"alice": s.signIn(t, "alice"), "bob": s.signIn(t, "bob"), "carol": s.signIn(t, "carol")}
			tangle(t, s, alice, bob, carol)
			plan := s.compare(t)
			tally, results := s.apply(t, plan)
			require.Equal(t, reconcile.Tally{Mended: len(plan.Items)}, tally, "%+v", results)
			require.True(t, s.compare(t).InAccord())
			for name, in := range before {
				if owner := s.directory.TokenOwner(in.GiteaToken); owner != "" { // of a user that was not removed
					require.Equal(t, name, owner)
				}
				require.Equal(t, name, s.directory.TokenOwner(s.signIn(t, name).GiteaToken))
			}
		})
	}
}

// Who is protected is not moved out of anybody's way.
func TestApplyLeavesTheProtectedInTheWay(t *testing.T) {
	s := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	s.register(t, "alice")
	s.options.Protected = []string{s.register(t, "bob").ID}
	s.turnNames("alice", "bob")
	before := s.directory.Entries()
	tally, results := s.apply(t, s.compare(t))
	require.Equal(t, reconcile.Tally{Skipped: 1, Failed: 1}, tally)
	for _, r := range results {
		require.Equal(t, r.Item.Username == "alice", app.KindOf(r.Err) == app.UserTaken, "%+v", r)
	}
	require.Equal(t, before, s.directory.Entries())
}

// One who cannot step aside is reported once, and mended by another apply.
func TestApplyWithoutSteppingAside(t *testing.T) {
	s := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	s.register(t, "alice")
	s.register(t, "bob")
	s.turnNames("alice", "bob")
	s.directory.Inject("RenameUser", memory.Refuse)
	tally, results := s.apply(t, s.compare(t))
	require.Equal(t, reconcile.Tally{Failed: 2}, tally, "%+v", results)
	tally, results = s.apply(t, s.compare(t))
	require.Equal(t, reconcile.Tally{Mended: 2}, tally, "%+v", results)
	require.True(t, s.compare(t).InAccord())
}

// One who made way and cannot have his own name back is told so, and is mended
// when he can.
func TestApplyThatLeavesSomebodyAside(t *testing.T) {
	s := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	alice, bob := s.register(t, "alice"), s.register(t, "bob")
	s.turnAddresses(t, alice, bob)
	s.directory.Rename("alice", "away")
	s.directory.Place(memory.Entry{Username: "alice", Emails: []string{"foreign@example.com"}}, "x")
	tally, results := s.apply(t, s.compare(t))
	require.Equal(t, reconcile.Tally{Mended: 1, Failed: 1}, tally, "%+v", results)
	for _, r := range results {
		require.Equal(t, r.Item.Username == "alice", r.Aside, "%+v", r)
		require.Equal(t, r.Aside, strings.HasPrefix(r.Item.User.Username, "aside-"))
	}
	s.directory.Rename("alice", "somebody")
	tally, results = s.apply(t, s.compare(t))
	require.Equal(t, reconcile.Tally{Mended: 1}, tally, "%+v", results)
	require.True(t, s.compare(t).InAccord())
}

// remark puts the mark of an account on the user of that number.
func (s *site) remark(t *testing.T, number int64, accountID string) {
	t.Helper()
	v, found, err := s.directory.UserNumbered(t.Context(), number)
	require.NoError(t, err)
	require.True(t, found)
	require.NoError(t, s.directory.UnmarkUser(t.Context(), number, v.Ref()))
	if accountID != "" {
		require.NoError(t, s.directory.MarkUser(t.Context(), number, app.DirectoryRef{AccountID: accountID, Username: v.Username}))
	}
}

// Whose user it is that has the number of one and the mark of another is not
// guessed: nobody is given, or loses, what is another's.
func TestApplyDecidesNoDispute(t *testing.T) {
	cases := map[string]func(t *testing.T, s *site, alice, bob app.Account){
		"two marks": func(t *testing.T, s *site, alice, bob app.Account) {
			s.remark(t, alice.GiteaID, bob.ID)
			s.remark(t, bob.GiteaID, alice.ID)
		},
		"a second mark": func(t *testing.T, s *site, alice, bob app.Account) { s.remark(t, alice.GiteaID, bob.ID) },
		"nobody's mark": func(t *testing.T, s *site, alice, _ app.Account) { s.remark(t, alice.GiteaID, ghostID) },
		"and a new user": func(t *testing.T, s *site, alice, bob app.Account) {
			require.NoError(t, s.directory.RemoveUser(t.Context(), "bob", bob.ID))
			s.remark(t, alice.GiteaID, bob.ID)
		},
	}
	for name, dispute := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, t.TempDir())
			t.Cleanup(func() { require.NoError(t, s.store.Close()) })
			alice, bob := s.register(t, "alice"), s.register(t, "bob")
			dispute(t, s, alice, bob)
			before := s.directory.Entries()
			plan := s.compare(t)
			tally, results := s.apply(t, plan)
			require.Equal(t, reconcile.Tally{Failed: len(plan.Items)}, tally, "%+v", results)
			require.NotEmpty(t, results)
			for _, r := range results {
				require.ErrorIs(t, r.Err, app.ErrDisputed)
			}
			require.Equal(t, before, s.directory.Entries())

			s.remark(t, alice.GiteaID, "")
			if _, found, _ := s.directory.UserNumbered(t.Context(), bob.GiteaID); found {
				s.remark(t, bob.GiteaID, "")
			}
			plan = s.compare(t)
			tally, results = s.apply(t, plan)
			require.Equal(t, reconcile.Tally{Mended: len(plan.Items)}, tally, "%+v", results)
			require.True(t, s.compare(t).InAccord())
			require.Equal(t, "alice", s.directory.TokenOwner(s.signIn(t, "alice").GiteaToken))
			mended, _, err := s.directory.UserNumbered(t.Context(), alice.GiteaID)
			require.NoError(t, err)
			require.Equal(t, alice.ID, mended.Mark)
		})
	}
}

// A Gitea that was restored from a copy gives numbers out again: the user that has
// all of its account's but the number is that account's.
func TestApplyWithNumbersGivenOutAgain(t *testing.T) {
	s := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	alice, bob := s.register(t, "alice"), s.register(t, "bob")
	require.NoError(t, s.directory.RemoveUser(t.Context(), "alice", alice.ID))
	require.NoError(t, s.directory.RemoveUser(t.Context(), "bob", bob.ID))
	number := s.directory.Place(memory.Entry{Username: "bob", Emails: []string{bob.Email}, Mark: bob.ID}, "by hand")
	require.NoError(t, s.store.Repairs.SetDirectoryUser(t.Context(), alice.ID, number, app.SamePassword, s.clock.Now()))
	plan := s.compare(t)
	require.Equal(t, []string{"gitea alice missing", "gitea bob number+profile"}, summary(plan.Items))
	tally, results := s.apply(t, plan)
	require.Equal(t, reconcile.Tally{Mended: 2}, tally, "%+v", results)
	require.True(t, s.compare(t).InAccord())
	require.Equal(t, "alice", s.directory.TokenOwner(s.signIn(t, "alice").GiteaToken))
	require.Equal(t, "bob", s.directory.TokenOwner(s.signIn(t, "bob").GiteaToken))
}

// Nobody is left aside by an apply that is told to stop.
func TestApplyThatStopsLeavesNobodyAside(t *testing.T) {
	s := newSite(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	for _, name := range []string{"alice", "bob", "carol"} {
		s.register(t, name)
	}
	s.turnNames("alice", "bob", "carol")
	ctx, stop := context.WithCancel(t.Context())
	paces := 0
	tally, err := reconcile.Apply(ctx, s.service, s.compare(t).Items, 1, func(ctx context.Context) error {
		if paces++; paces == 2 { // one has stepped aside
			stop()
		}
		return ctx.Err()
	}, func(r reconcile.Result) { require.NoError(t, r.Err) })
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 3, tally.Mended)
	require.True(t, s.compare(t).InAccord())
}
