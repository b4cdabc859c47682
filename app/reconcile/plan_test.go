package reconcile_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/app/reconcile"
)

const (
	aliceID = "26030112000001"
	bobID   = "26030112000002"
	ghostID = "26030112000009"
)

func account(id, name string, number int64) app.Facts {
	return app.Facts{
		AccountID: id, Username: name, Email: name + "@example.com", GiteaID: number, Status: app.Normal,
		Profile: app.DirectoryProfile{FullName: name},
	}
}

func userOf(f app.Facts) app.DirectoryView {
	return app.DirectoryView{
		ID: f.GiteaID, Username: f.Username, Email: f.Email, Mark: f.AccountID, Profile: f.Profile, Active: f.Active(),
	}
}

func homeOf(f app.Facts) app.StorageView {
	return app.StorageView{Key: app.StorageKeyOf(f.AccountID), Enabled: f.Active(), Home: true}
}

// inAccord is alice and bob on all three systems, among people who are not ours.
func inAccord() *situation {
	alice, bob := account(aliceID, "alice", 7), account(bobID, "bob", 5)
	return &situation{
		accounts: accounts{all: []app.Facts{alice, bob}},
		directory: directory{users: []app.DirectoryView{
			{ID: 1, Username: "root", Email: "root@example.com", Active: true, Admin: true},
			userOf(bob), userOf(alice),
			{ID: 9, Username: "foreigner", Email: "f@example.com", Active: true},
		}},
		storage: storage{users: []app.StorageView{
			{Key: "acc", Enabled: true, Home: true}, homeOf(alice), homeOf(bob), {Key: "backup", Enabled: true},
		}},
		options: options(),
	}
}

// summary is what a plan names: SYSTEM USER KINDS.
func summary(items []reconcile.Item) []string {
	lines := []string{}
	for _, i := range items {
		kinds := make([]string, len(i.Kinds))
		for n, k := range i.Kinds {
			kinds[n] = string(k)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", i.System, i.Username, strings.Join(kinds, "+")))
	}
	return lines
}

const strayToken, openToken = "accord-abcdefghijklmnopqrstuvwxy1", "accord-abcdefghijklmnopqrstuvwxy2"

// A user that lost its mark and its name may be the person's own.
func TestPlanTellsWhoHasTheNumber(t *testing.T) {
	s := inAccord()
	s.directory.users[2].Mark, s.directory.users[2].Username = "", "mallory"
	plan, err := s.compare(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"gitea alice missing"}, summary(plan.Items))
	require.Equal(t, []reconcile.Field{{Name: "user of its number", Have: "mallory", Want: "alice"}}, plan.Items[0].Fields)
}

func TestPlan(t *testing.T) {
	aliceAt := func(s *situation) *app.DirectoryView { return &s.directory.users[2] }
	for name, c := range map[string]struct {
		change                 func(s *situation)
		items, kept, unsettled []string
	}{
		"in accord":          {change: func(*situation) {}},
		"missing in Gitea":   {func(s *situation) { s.directory.users = s.directory.users[:2] }, []string{"gitea alice missing"}, nil, nil},
		"missing in storage": {func(s *situation) { s.storage.users = s.storage.users[2:] }, []string{"storage alice missing"}, nil, nil},
		"address":            {func(s *situation) { aliceAt(s).Email = "x@example.com" }, []string{"gitea alice address"}, nil, nil},
		"case of an address": {func(s *situation) { aliceAt(s).Email = "ALICE@example.com" }, nil, nil, nil},
		"name":               {func(s *situation) { aliceAt(s).Username = "malice" }, []string{"gitea alice name"}, nil, nil},
		"profile":            {func(s *situation) { aliceAt(s).Profile.Website = "http://x.test" }, []string{"gitea alice profile"}, nil, nil},
		"let in nowhere": {
			func(s *situation) { aliceAt(s).Active, s.storage.users[1].Enabled = false, false },
			[]string{"gitea alice status", "storage alice status"},
			nil, nil,
		},
		"paused, and let in": {
			func(s *situation) { s.accounts.all[0].Status = app.Paused },
			[]string{"gitea alice status", "storage alice status"},
			nil, nil,
		},
		"leaving, and shut out": {func(s *situation) {
			s.accounts.all[0].Status = app.Leaving
			aliceAt(s).Active, s.storage.users[1].Enabled = false, false
		}, nil, nil, nil},
		"everything": {func(s *situation) {
			v := aliceAt(s)
			v.Username, v.Email, v.Active, v.Profile = "x", "x@example.com", false, app.DirectoryProfile{}
		}, []string{"gitea alice name+address+profile+status"}, nil, nil},
		"mark lost":                    {func(s *situation) { aliceAt(s).Mark = "" }, []string{"gitea alice mark"}, nil, nil},
		"mark lost and another's name": {func(s *situation) { aliceAt(s).Mark, aliceAt(s).Username = "", "mallory" }, []string{"gitea alice missing"}, nil, nil},
		"mark lost to another source":  {func(s *situation) { aliceAt(s).Mark, aliceAt(s).External = "", true }, []string{"gitea alice missing"}, nil, nil},
		"made again by hand":           {func(s *situation) { aliceAt(s).ID = 8 }, []string{"gitea alice number"}, nil, nil},
		"two bear the mark": {func(s *situation) {
			s.directory.users = append(s.directory.users, app.DirectoryView{ID: 11, Username: "alice2", Mark: aliceID, Active: true})
		}, []string{"gitea alice2 orphan"}, nil, nil},
		"made again twice": {func(s *situation) {
			aliceAt(s).ID = 8
			s.directory.users = append(s.directory.users[:2:2], app.DirectoryView{ID: 6, Username: "alice2", Mark: aliceID, Active: true}, *aliceAt(s))
		}, []string{"gitea alice number", "gitea alice2 orphan"}, nil, nil},
		"marks changed places": {
			func(s *situation) { s.directory.users[1].Mark, aliceAt(s).Mark = aliceID, bobID },
			[]string{"gitea alice number+name+address+profile", "gitea bob number+name+address+profile"},
			nil, nil,
		},
		"orphans": {(*situation).addGhost, []string{"storage ghost orphan", "gitea ghost orphan"}, nil, nil},
		"an orphan in storage alone": {
			func(s *situation) { s.addGhost(); s.directory.users = s.directory.users[:4] },
			[]string{"storage acc" + ghostID + " orphan"},
			nil, nil,
		},
		"an orphan that is shut out": {func(s *situation) {
			s.directory.users = append(s.directory.users, app.DirectoryView{ID: 11, Username: "ghost", Mark: ghostID})
		}, []string{"gitea ghost orphan"}, nil, nil},
		"an orphan that is shut out and has something": {func(s *situation) {
			s.addGhost()
			s.directory.users[4].Active, s.directory.repositories = false, map[string][]string{"ghost": {"work"}}
		}, []string{"storage ghost orphan"}, []string{"gitea ghost orphan"}, nil},
		"an adopted orphan that is shut out and has something": {func(s *situation) {
			s.directory.users = append(s.directory.users, app.DirectoryView{ID: 11, Username: "ghost", Mark: ghostID, Adopted: true})
			s.directory.repositories = map[string][]string{"ghost": {"work"}}
		}, []string{"gitea ghost orphan"}, nil, nil},
		"an orphan of an undone registration": {func(s *situation) {
			s.accounts.all = append(s.accounts.all, app.Facts{AccountID: ghostID, Username: "carol", Status: app.Abandoned})
			s.directory.users = append(s.directory.users, app.DirectoryView{ID: 11, Username: "Carol", Mark: ghostID, Active: true})
		}, []string{"gitea carol orphan"}, nil, nil},
		"a registration under way": {func(s *situation) {
			s.accounts.all = append(s.accounts.all, app.Facts{AccountID: ghostID, Username: "carol", Status: app.Reserved})
			s.directory.users = append(s.directory.users, app.DirectoryView{ID: 11, Username: "carol", Mark: ghostID, Active: true})
		}, nil, nil, []string{"gitea carol orphan"}},
		"another Accord's home": {func(s *situation) {
			s.storage.users = append(s.storage.users[:3:3], app.StorageView{Key: app.StorageKeyOf(ghostID), Enabled: true}, s.storage.users[3])
		}, nil, nil, nil},
		"policy": {func(s *situation) { s.storage.users[1].Home = false }, []string{"storage alice policy"}, nil, nil},
		"policy of one who is shut out rightly": {func(s *situation) {
			s.accounts.all[0].Status = app.Paused
			aliceAt(s).Active, s.storage.users[1] = false, app.StorageView{Key: app.StorageKeyOf(aliceID)}
		}, nil, nil, nil},
		"policy of one who is wrongly let in": {func(s *situation) {
			s.accounts.all[0].Status = app.Paused
			aliceAt(s).Active, s.storage.users[1].Home = false, false
		}, []string{"storage alice policy+status"}, nil, nil},
		"tokens": {func(s *situation) {
			s.directory.tokens = map[string][]string{"alice": {strayToken, openToken, "accord-laptop"}}
			s.accounts.open = map[string]string{openToken[len("accord-"):]: aliceID}
		}, []string{"gitea alice token"}, nil, nil},
		"a token named after another account's session": {func(s *situation) {
			s.directory.tokens = map[string][]string{"alice": {openToken}}
			s.accounts.open = map[string]string{openToken[len("accord-"):]: bobID}
		}, []string{"gitea alice token"}, nil, nil},
		"a token of another account's session, on a user that is that account's by its number": {func(s *situation) {
			s.directory.users[1].Mark, aliceAt(s).Mark = aliceID, bobID
			s.directory.tokens = map[string][]string{"alice": {openToken}}
			s.accounts.open = map[string]string{openToken[len("accord-"):]: aliceID}
		}, []string{"gitea alice number+name+address+profile", "gitea bob number+name+address+profile"}, nil, nil},
		"a saga at work": {func(s *situation) {
			aliceAt(s).Email, s.accounts.busy = "x@example.com", map[string]bool{aliceID: true}
		}, nil, nil, []string{"gitea alice address"}},
		"changed since it was read": {func(s *situation) {
			aliceAt(s).Email = "new@example.com"
			now := s.accounts.all[0]
			now.Email = "new@example.com"
			s.accounts.since = []app.Facts{now}
		}, nil, nil, []string{"gitea alice address"}},
		"a page that shifted":             {func(s *situation) { s.directory.hidden = []int64{7} }, nil, nil, nil},
		"a storage listing without order": {func(s *situation) { u := s.storage.users; u[0], u[2] = u[2], u[0] }, nil, nil, nil},
		"made since the storage was listed": {func(s *situation) {
			s.storage.late, s.storage.users = s.storage.users[1:2:2], append(s.storage.users[:1:1], s.storage.users[2:]...)
		}, nil, nil, nil},
		"Gitea only":   {func(s *situation) { s.options.Only = reconcile.Gitea; s.storage.users = nil }, nil, nil, nil},
		"storage only": {func(s *situation) { s.options.Only = reconcile.InStorage; s.directory.users = nil }, nil, nil, nil},
		"one account only": {func(s *situation) {
			s.options.AccountID = aliceID
			s.directory.users, s.storage.users = nil, nil
		}, []string{"gitea alice missing", "storage alice missing"}, nil, nil},
		"one account whose mark is lost": {func(s *situation) {
			s.options.AccountID, aliceAt(s).Mark, s.directory.users[1].Email = aliceID, "", "x@example.com"
		}, []string{"gitea alice mark"}, nil, nil},
		"without tokens": {func(s *situation) {
			s.options.NoTokens, s.directory.tokens = true, map[string][]string{"alice": {strayToken}}
		}, nil, nil, nil},
		"a password that should be sealed": {func(s *situation) {
			s.options.Sealed, s.options.NoTokens = true, true
			s.accounts.mirrored = map[string]bool{aliceID: true}
		}, []string{"gitea alice password"}, nil, nil},
		"a password that may be in Gitea": {func(s *situation) {
			s.accounts.mirrored = map[string]bool{aliceID: true}
		}, nil, nil, nil},
		"a password of a user that lost the mark": {func(s *situation) {
			s.options.Sealed, s.accounts.mirrored = true, map[string]bool{aliceID: true}
			aliceAt(s).Mark = ""
		}, []string{"gitea alice mark"}, nil, nil},
		"a password that an authentication source keeps": {func(s *situation) {
			s.options.Sealed, s.accounts.mirrored = true, map[string]bool{aliceID: true}
			aliceAt(s).External = true
		}, nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := inAccord()
			c.change(s)
			plan, err := s.compare(t.Context())
			require.NoError(t, err)
			require.ElementsMatch(t, c.items, summary(plan.Items))
			require.ElementsMatch(t, c.kept, summary(plan.Kept))
			require.ElementsMatch(t, c.unsettled, summary(plan.Unsettled))
			require.Equal(t, len(c.items) == 0, plan.InAccord())
		})
	}
}

// addGhost adds the users of an account that there is not.
func (s *situation) addGhost() {
	s.directory.users = append(s.directory.users, app.DirectoryView{ID: 11, Username: "ghost", Mark: ghostID, Active: true})
	s.storage.users = append(s.storage.users[:3:3], app.StorageView{Key: app.StorageKeyOf(ghostID), Enabled: true, Home: true}, s.storage.users[3])
}

// What a shut-out orphan has must be known before it is judged.
func TestPlanOfAnOrphanThatIsShutOut(t *testing.T) {
	s := inAccord()
	s.addGhost()
	s.directory.users[4].Active, s.directory.lost = false, errOfTest
	_, err := s.compare(t.Context())
	require.ErrorIs(t, err, errOfTest)
	s.directory.gone = []int64{11}
	plan, err := s.compare(t.Context())
	require.NoError(t, err, "it was removed meanwhile")
	require.Equal(t, []string{"gitea ghost orphan"}, summary(plan.Unsettled))
	require.Equal(t, []string{"storage ghost orphan"}, summary(plan.Items))
}

// Whatever an account is protected by, all of its users are, in a new plan and in
// one that was saved.
func TestPlanProtectsAllUsersOfAnAccount(t *testing.T) {
	twice := func(s *situation) {
		s.directory.users = append(s.directory.users, app.DirectoryView{ID: 11, Username: "alice2", Mark: aliceID, Active: true})
	}
	kept := func(s *situation) {
		s.addGhost()
		s.directory.users[4].Active, s.directory.repositories = false, map[string][]string{"ghost": {"work"}}
	}
	for name, c := range map[string]struct {
		change    func(s *situation)
		protected string
		left      []string
	}{
		"the second of two by the account's name":   {twice, "ALICE", []string{"gitea alice2 orphan"}},
		"the second of two by its own":              {twice, "alice2", []string{"gitea alice2 orphan"}},
		"the second of two by accountId":            {twice, aliceID, []string{"gitea alice2 orphan"}},
		"orphans by the name in Gitea":              {(*situation).addGhost, "ghost", []string{"gitea ghost orphan", "storage ghost orphan"}},
		"orphans by accountId":                      {(*situation).addGhost, ghostID, []string{"gitea ghost orphan", "storage ghost orphan"}},
		"in storage by the name of a kept one":      {kept, "ghost", []string{"storage ghost orphan"}},
		"in storage alone by a name that Gitea has": {func(s *situation) { s.addGhost(); s.options.Only = reconcile.InStorage }, "ghost", []string{"storage ghost orphan"}},
		"every system by the name of one": {func(s *situation) {
			s.directory.users[2].Username, s.storage.users[1].Home = "malice", false
		}, "malice", []string{"gitea alice name", "storage alice policy"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := inAccord()
			c.change(s)
			s.directory.users[1].Email, s.options.Protected = "x@example.com", []string{c.protected}
			check := func(plan reconcile.Plan) {
				left := slices.DeleteFunc(slices.Clone(plan.Items), func(i reconcile.Item) bool { return !i.Protected })
				require.ElementsMatch(t, c.left, summary(left))
			}
			plan, err := s.compare(t.Context())
			require.NoError(t, err)
			check(plan)
			for n := range plan.Items {
				plan.Items[n].Protected = plan.Items[n].AccountID == bobID
			}
			require.NoError(t, plan.Protect(t.Context(), s.accounts, s.options.Protected))
			check(plan)
		})
	}
}

func TestPlanCountsForeigners(t *testing.T) {
	plan, err := inAccord().compare(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[reconcile.System]int{reconcile.Gitea: 2, reconcile.InStorage: 2}, plan.Foreign)
	require.Equal(t, []reconcile.Foreign{
		{System: reconcile.Gitea, Name: "root"},
		{System: reconcile.Gitea, Name: "foreigner"},
		{System: reconcile.InStorage, Name: "acc"},
		{System: reconcile.InStorage, Name: "backup"},
	}, plan.ForeignNames)
	require.Equal(t, map[reconcile.System]int{reconcile.Gitea: 4, reconcile.InStorage: 4}, plan.Read)
	require.Equal(t, 2, plan.Accounts)
}

func TestPlanTellsFieldsAndTokens(t *testing.T) {
	s := inAccord()
	s.directory.users[2].Email = "x@example.com"
	s.directory.tokens = map[string][]string{"alice": {strayToken}}
	s.options.Protected = []string{"ALICE"}
	plan, err := s.compare(t.Context())
	require.NoError(t, err)
	require.Len(t, plan.Items, 2)
	for _, i := range plan.Items {
		require.True(t, i.Protected)
		if i.Has(reconcile.Token) {
			require.Equal(t, []string{strayToken}, i.Tokens)
			continue
		}
		require.Equal(t, []reconcile.Field{{Name: "address", Have: "x@example.com", Want: "alice@example.com"}}, i.Fields)
	}
	require.Equal(t, map[reconcile.System]map[reconcile.Kind]int{
		reconcile.Gitea: {reconcile.Address: 1, reconcile.Token: 1},
	}, plan.Counts())
}

// many adds accounts that both systems have.
func (s *situation) many(n int) {
	for i := range n {
		f := account(fmt.Sprintf("260302%08d", i), fmt.Sprintf("user%d", i), int64(1000+i))
		s.accounts.all = append(s.accounts.all, f)
		s.directory.users = append(s.directory.users, userOf(f))
	}
	s.storage.users = nil
	for _, f := range s.accounts.all {
		s.storage.users = append(s.storage.users, homeOf(f))
	}
}

func TestPlanRefusesAnIncompleteReading(t *testing.T) {
	foreigners := func(s *situation) {
		s.many(20)
		s.directory.users, s.storage.users = s.directory.users[:1], []app.StorageView{{Key: "backup"}}
	}
	for name, change := range map[string]func(s *situation){
		"Gitea's listing broke off":      func(s *situation) { s.directory.fault = errOfTest },
		"storage's listing broke off":    func(s *situation) { s.storage.fault = errOfTest },
		"Gitea shows nobody":             func(s *situation) { s.directory.users = nil },
		"storage shows nobody":           func(s *situation) { s.storage.users = nil },
		"Gitea shows none of ours":       func(s *situation) { foreigners(s); s.options.Only = reconcile.Gitea },
		"storage shows none of ours":     func(s *situation) { foreigners(s); s.options.Only = reconcile.InStorage },
		"the last of a listing was lost": func(s *situation) { s.directory.users, s.directory.fault = s.directory.users[:2], errOfTest },
	} {
		t.Run(name, func(t *testing.T) {
			s := inAccord()
			change(s)
			_, err := s.compare(t.Context())
			require.ErrorIs(t, err, reconcile.ErrIncomplete)
			if s.directory.fault == nil && s.storage.fault == nil {
				s.options.AllowEmpty = true
				plan, err := s.compare(t.Context())
				require.NoError(t, err)
				require.False(t, plan.InAccord())
			}
		})
	}
	s := inAccord()
	s.directory.users[1], s.directory.users[2] = s.directory.users[2], s.directory.users[1]
	_, err := s.compare(t.Context())
	require.Error(t, err, "Gitea's listing is not in order")
	s = inAccord()
	s.accounts.all, s.directory.users, s.storage.users = nil, nil, nil
	plan, err := s.compare(t.Context())
	require.NoError(t, err, "nobody anywhere is in accord")
	require.True(t, plan.InAccord())
}

func TestPlanIsBounded(t *testing.T) {
	s := inAccord()
	s.many(50)
	s.options.MaxItems, s.options.AllowEmpty = 10, true
	s.storage.users = nil
	_, err := s.compare(t.Context())
	require.ErrorContains(t, err, "more differences")
}

func TestPlanEndsWithItsContext(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	end()
	s := inAccord()
	s.storage.users = s.storage.users[2:]
	_, err := s.compare(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestRails(t *testing.T) {
	plan := func(accounts, removals, protected int) reconcile.Plan {
		p := reconcile.Plan{Accounts: accounts}
		for n := range removals {
			for _, system := range []reconcile.System{reconcile.Gitea, reconcile.InStorage} {
				p.Items = append(p.Items, reconcile.Item{System: system, AccountID: fmt.Sprint(n), Removes: true, Protected: n < protected})
			}
		}
		p.Items = append(p.Items, reconcile.Item{AccountID: "other"})
		return p
	}
	for name, c := range map[string]struct {
		accounts, removals, protected, allowed int
		ok                                     bool
	}{
		"nothing":                     {0, 0, 0, -1, true},
		"ten of a few":                {20, 10, 0, -1, true},
		"eleven of a few":             {20, 11, 0, -1, false},
		"a twentieth of many":         {1000, 50, 0, -1, true},
		"more than a twentieth":       {1000, 51, 0, -1, false},
		"protected ones do not count": {20, 11, 1, -1, true},
		"an operator allowed them":    {20, 11, 0, 11, true},
		"an operator allowed fewer":   {1000, 11, 0, 10, false},
		"an operator allowed none":    {1000, 1, 0, 0, false},
	} {
		err := plan(c.accounts, c.removals, c.protected).CheckRails(c.allowed)
		require.Equal(t, c.ok, err == nil, "%s: %v", name, err)
	}
}
