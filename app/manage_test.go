package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

// managing are the use cases of administrators, each on one target.
var managing = map[string]func(ctx context.Context, s *app.Service, actor app.Principal, target int64) error{
	"detail": func(ctx context.Context, s *app.Service, actor app.Principal, target int64) error {
		_, err := s.PersonDetail(ctx, actor, target)
		return err
	},
	"list": func(ctx context.Context, s *app.Service, actor app.Principal, _ int64) error {
		_, _, err := s.ListPeople(ctx, actor, app.Page{Number: 1, Size: 15})
		return err
	},
	"search": func(ctx context.Context, s *app.Service, actor app.Principal, _ int64) error {
		_, _, err := s.SearchPeople(ctx, actor, "a", app.Page{Number: 1, Size: 15})
		return err
	},
	"create": func(ctx context.Context, s *app.Service, actor app.Principal, _ int64) error {
		_, _, err := s.CreatePerson(ctx, actor, app.Registration{Username: "made", Email: "made@example.com", Password: goodPassword})
		return err
	},
	"create administrator": func(ctx context.Context, s *app.Service, actor app.Principal, _ int64) error {
		_, _, err := s.CreatePerson(ctx, actor, app.Registration{
			Username: "made", Email: "made@example.com", Password: goodPassword, Role: app.Administrator,
		})
		return err
	},
	"modify": func(ctx context.Context, s *app.Service, actor app.Principal, target int64) error {
		name := "N"
		_, err := s.ModifyPerson(ctx, actor, target, app.PersonModification{PersonChange: app.PersonChange{Nickname: &name}})
		return err
	},
	"remove": func(ctx context.Context, s *app.Service, actor app.Principal, target int64) error {
		_, err := s.RemovePerson(ctx, actor, target)
		return err
	},
	"set password": func(ctx context.Context, s *app.Service, actor app.Principal, target int64) error {
		_, err := s.SetPasswordFor(ctx, actor, target, newPassword)
		return err
	},
	"set role": func(ctx context.Context, s *app.Service, actor app.Principal, target int64) error {
		_, err := s.SetRole(ctx, actor, target, app.Administrator)
		return err
	},
}

// allowed says upon whom each role may act: u, a and s are others of that role,
// i is oneself. Whom a use case does not act on it does not matter.
var allowed = map[string]map[app.Role]string{
	"detail":               {app.User: "i", app.Administrator: "uasi", app.SuperAdministrator: "uasi"},
	"list":                 {app.Administrator: "uasi", app.SuperAdministrator: "uasi"},
	"search":               {app.Administrator: "uasi", app.SuperAdministrator: "uasi"},
	"create":               {app.Administrator: "uasi", app.SuperAdministrator: "uasi"},
	"create administrator": {app.SuperAdministrator: "uasi"},
	"modify":               {app.Administrator: "u", app.SuperAdministrator: "ua"},
	"remove":               {app.Administrator: "u", app.SuperAdministrator: "ua"},
	"set password":         {app.SuperAdministrator: "uai"},
	"set role":             {app.SuperAdministrator: "uasi"},
}

// roles are names of the accounts of each role in the world below.
var roles = map[string]app.Role{"u": app.User, "a": app.Administrator, "s": app.SuperAdministrator}

// TestWhoMayManageWhom tries every use case with every role, and with none, on
// every role.
func TestWhoMayManageWhom(t *testing.T) {
	for name, do := range managing {
		for _, role := range []app.Role{"", "emperor", app.User, app.Administrator, app.SuperAdministrator} {
			t.Run(fmt.Sprintf("%s by %q", name, role), func(t *testing.T) {
				for _, target := range []string{"u", "a", "s", "i"} {
					w := newWorld(t, sagatest.NewClock())
					ids := map[string]int64{}
					for who, their := range roles {
						ids[who] = w.role(t, w.register(t, "x"+who, who+"@example.com"), their).Account.UserID
					}
					actor := app.Principal{Account: w.register(t, "xi", "i@example.com")}
					if roles[string(role + " ")[:1]] == role {
						actor = w.role(t, actor.Account, role)
					}
					actor.Account.Role = role
					ids["i"] = actor.Account.UserID
					before := w.directory.Entries()
					err := do(t.Context(), w.service, actor, ids[target])
					may := strings.Contains(allowed[name][role], target) || (name == "detail" && target == "i")
					if may {
						require.NoError(t, err, target)
						continue
					}
					require.Equal(t, app.Forbidden.String(), app.KindOf(err).String(), "on %s: %v", target, err)
					require.Equal(t, before, w.directory.Entries())
				}
			})
		}
	}
}

// TestARoleThatWasLostCountsNoMore: the request was authenticated before it was.
func TestARoleThatWasLostCountsNoMore(t *testing.T) {
	for name, do := range managing {
		if strings.HasPrefix(name, "detail") || name == "list" || name == "search" {
			continue // they read
		}
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sagatest.NewClock())
			boss := w.role(t, w.register(t, "boss", "boss@example.com"), app.SuperAdministrator)
			w.role(t, w.register(t, "other", "other@example.com"), app.SuperAdministrator)
			alice := w.register(t, "alice", "alice@example.com")
			w.role(t, boss.Account, app.User)
			require.Equal(t, app.Forbidden, app.KindOf(do(t.Context(), w.service, boss, alice.UserID)))
			after, err := w.store.Accounts.ByID(t.Context(), alice.ID)
			require.NoError(t, err)
			require.Equal(t, alice, after)
		})
	}
}

func TestManagingNobody(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	boss := w.role(t, w.register(t, "boss", "boss@example.com"), app.SuperAdministrator)
	for name, do := range managing {
		if name == "list" || name == "search" || strings.HasPrefix(name, "create") {
			continue
		}
		require.Equal(t, app.NotFound, app.KindOf(do(t.Context(), w.service, boss, 1)), name)
	}
}

func TestTheLastSuperAdministratorStays(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	alice := w.register(t, "alice", "alice@example.com")
	_, err := w.service.GiveRole(t.Context(), alice.ID, app.SuperAdministrator)
	require.NoError(t, err)
	in := w.signIn(t, "alice")
	boss, err := w.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	bob := w.register(t, "bob", "bob@example.com")
	refused := func(err error) {
		t.Helper()
		require.Equal(t, app.LastAdministrator, app.KindOf(err), "%v", err)
		w.alive(t, in)
	}
	_, err = w.service.Delete(t.Context(), boss, goodPassword)
	refused(err)
	require.Zero(t, w.directory.Count("SetActive"), "nobody is shut out on the way")
	_, err = w.service.SetRole(t.Context(), boss, alice.UserID, app.User)
	refused(err)
	_, err = w.service.GiveRole(t.Context(), alice.ID, app.Administrator)
	refused(err)
	for _, role := range []app.Role{"", "emperor"} {
		_, err = w.service.GiveRole(t.Context(), bob.ID, role)
		require.Equal(t, app.Invalid, app.KindOf(err))
	}

	_, err = w.service.SetRole(t.Context(), boss, bob.UserID, app.SuperAdministrator)
	require.NoError(t, err)
	_, err = w.service.Delete(t.Context(), boss, goodPassword)
	require.NoError(t, err)
	w.dead(t, in)
}

func TestListsAreBounded(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	boss := w.role(t, w.register(t, "boss", "boss@example.com"), app.Administrator)
	for i := range 3 {
		w.register(t, fmt.Sprint("user", i), fmt.Sprintf("user%d@example.com", i))
	}
	for _, page := range []app.Page{{0, 15}, {1, 0}, {1, 31}, {-1, 15}, {1 << 40, 15}} {
		_, _, err := w.service.ListPeople(t.Context(), boss, page)
		require.Equal(t, app.Invalid, app.KindOf(err), page)
	}
	people, total, err := w.service.ListPeople(t.Context(), boss, app.Page{Number: 2, Size: 3})
	require.NoError(t, err)
	require.Len(t, people, 1)
	require.Equal(t, 4, total)
	people, total, err = w.service.SearchPeople(t.Context(), boss, " SER ", app.Page{Number: 1, Size: 2})
	require.NoError(t, err)
	require.Len(t, people, 2)
	require.Equal(t, 3, total)
	for _, keyword := range []string{"", " ", strings.Repeat("a", 65), "\xff"} {
		_, _, err = w.service.SearchPeople(t.Context(), boss, keyword, app.Page{Number: 1, Size: 2})
		require.Equal(t, app.Invalid, app.KindOf(err), "%q", keyword)
	}
}

func TestModifyPerson(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	boss := w.role(t, w.register(t, "boss", "boss@example.com"), app.Administrator)
	alice := w.register(t, "alice", "alice@example.com")
	modify := func(email string, c app.PersonChange) error {
		_, err := w.service.ModifyPerson(t.Context(), boss, alice.UserID, app.PersonModification{PersonChange: c, Email: &email})
		return err
	}
	require.Equal(t, app.EmailTaken, app.KindOf(modify("BOSS@example.com", app.PersonChange{})))
	require.Equal(t, app.Invalid, app.KindOf(modify("nobody", app.PersonChange{})))
	empty, sign := "", "s"
	require.Equal(t, app.Invalid, app.KindOf(modify("alice@example.com", app.PersonChange{Nickname: &empty})))
	require.NoError(t, modify("ALICE@example.com", app.PersonChange{Attributes: app.AttributesChange{Sign: &sign}}), "as it is")
	person, err := w.service.PersonDetail(t.Context(), boss, alice.UserID)
	require.NoError(t, err)
	require.Equal(t, app.Person{Account: person.Account, Attributes: app.Attributes{Sign: "s"}}, person)
	require.Equal(t, "alice@example.com", person.Account.Email)
	require.NoError(t, modify("new@example.com", app.PersonChange{}))
	w.whole(t, "alice")
}

func TestLookUps(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	alice, bob := w.register(t, "alice", "alice@example.com"), w.register(t, "bob", "bob@example.com")
	in := w.signIn(t, "alice")
	me, err := w.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	nickname, url, sign, cover, woman := "小爱", "http://p.test/a.png", "s", "http://p.test/c.png", app.Female
	_, err = w.service.EditPerson(t.Context(), me, app.PersonChange{
		Nickname: &nickname, AvatarURL: &url, Attributes: app.AttributesChange{Sign: &sign, Cover: &cover, Gender: &woman},
	})
	require.NoError(t, err)
	want := app.PublicPerson{
		UserID: alice.UserID, AccountID: alice.ID, Username: "alice", Nickname: nickname, AvatarURL: url, Sign: sign, Cover: cover, Gender: app.Female,
	}
	for _, find := range []func() (app.PublicPerson, error){
		func() (app.PublicPerson, error) { return w.service.PersonByUserID(t.Context(), alice.UserID) },
		func() (app.PublicPerson, error) { return w.service.PersonByUsername(t.Context(), "Alice") },
	} {
		got, err := find()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	person, err := w.service.Person(t.Context(), me)
	require.NoError(t, err)
	require.Equal(t, app.Attributes{Sign: sign, Cover: cover, Gender: woman}, person.Attributes)
	require.Equal(t, clock.Now(), person.SignedInAt.In(clock.Now().Location()))

	for name, want := range map[string]int64{"ALICE": alice.UserID, nickname: alice.UserID, "bob": bob.UserID, "nobody": 0, " ": 0, "\xff": 0} {
		found, err := w.service.PersonByName(t.Context(), name)
		require.Equal(t, want, found.UserID, name)
		require.Equal(t, want == 0, err != nil && app.KindOf(err) == app.NotFound, name)
	}
	id, err := w.service.UserIDOf(t.Context(), bob.ID)
	require.NoError(t, err)
	require.Equal(t, bob.UserID, id)
	_, err = w.service.UserIDOf(t.Context(), "26010100000001")
	require.Equal(t, app.NotFound, app.KindOf(err))
	_, err = w.service.PersonByUsername(t.Context(), "\xff")
	require.Equal(t, app.NotFound, app.KindOf(err))
}

func TestEditPersonLeavesTheRest(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.register(t, "alice", "alice@example.com")
	me, err := w.service.Authenticate(t.Context(), w.signIn(t, "alice").AccessToken)
	require.NoError(t, err)
	edit := func(c app.PersonChange) error {
		_, err := w.service.EditPerson(t.Context(), me, c)
		return err
	}
	location, work, born, none := "l", "W", time.Date(2000, 2, 29, 0, 0, 0, 0, time.UTC), ""
	require.NoError(t, edit(app.PersonChange{Location: &location, Attributes: app.AttributesChange{Occupation: &work}}))
	require.NoError(t, edit(app.PersonChange{Attributes: app.AttributesChange{Birthday: &born}}))
	person, err := w.service.Person(t.Context(), me)
	require.NoError(t, err)
	require.Equal(t, app.Profile{Nickname: "alice", AvatarURL: me.Account.AvatarURL, Location: "l"}, person.Account.Profile)
	require.Equal(t, app.Attributes{Occupation: work, Birthday: born}, person.Attributes)
	require.NoError(t, edit(app.PersonChange{Attributes: app.AttributesChange{Occupation: &none, Birthday: new(time.Time)}}))
	person, err = w.service.Person(t.Context(), me)
	require.NoError(t, err)
	require.Zero(t, person.Attributes)

	long, blank, tomorrow, noon := strings.Repeat("长", 256), " ", w.service.Now().Add(72*time.Hour).Truncate(24*time.Hour), born.Add(12*time.Hour)
	ancient, other := born.AddDate(-200, 0, 0), app.Gender(3)
	for want, c := range map[app.Violation]app.PersonChange{
		{Field: "sign", Rule: app.Length}:            {Attributes: app.AttributesChange{Sign: &long}},
		{Field: "nickname", Rule: app.NotBlank}:      {Nickname: &blank},
		{Field: "birthday", Rule: app.Past}:          {Attributes: app.AttributesChange{Birthday: &tomorrow}},
		{Field: "birthday", Rule: app.Pattern}:       {Attributes: app.AttributesChange{Birthday: &noon}},
		{Field: "gender", Rule: app.NotContainsDict}: {Attributes: app.AttributesChange{Gender: &other}},
	} {
		var e *app.Error
		require.ErrorAs(t, edit(c), &e)
		require.Equal(t, []app.Violation{want}, e.Violations)
	}
	require.Error(t, edit(app.PersonChange{Attributes: app.AttributesChange{Birthday: &ancient}}))
}
