package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
)

// A user changes the own account so often in an hour, by whatever call. What was
// refused for what it asked counts; what a system failed to do does not.
func TestChangesOfOneAccountAreLimited(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.ChangesPerAccountHour = 3 })
	alice, bob := g.who(t, "alice"), g.who(t, "bob")
	edit := func(who app.Principal) error {
		_, err := g.service.EditPerson(t.Context(), who, app.PersonChange{})
		return err
	}
	require.NoError(t, edit(alice))
	g.directory.Inject("SetProfile", memory.Refuse)
	requireKind(t, app.DirectoryFailed, edit(alice))
	_, err := g.service.ChangePassword(t.Context(), alice, app.PasswordChange{Old: goodPassword, New: "short"})
	requireKind(t, app.Invalid, err)
	_, err = g.service.ChangePassword(t.Context(), alice, app.PasswordChange{Old: goodPassword, New: newPassword})
	require.NoError(t, err)

	alice = g.who(t, "alice")
	checked := g.door.checked.Load()
	retryAfter(t, app.TooOften, time.Hour, edit(alice))
	for name, change := range map[string]func() error{
		"password": func() error {
			_, err := g.service.ChangePassword(t.Context(), alice, app.PasswordChange{Old: newPassword, New: goodPassword})
			return err
		},
		"address": func() error {
			_, err := g.service.ChangeEmail(t.Context(), alice, app.EmailChange{Password: newPassword, Old: "alice@example.com", New: "a@example.com"})
			return err
		},
		"number": func() error {
			_, err := g.service.ChangeMobile(t.Context(), alice, app.MobileChange{Password: newPassword, New: "13800138000"})
			return err
		},
		"deletion": func() error {
			_, err := g.service.Delete(t.Context(), alice, newPassword)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { retryAfter(t, app.TooOften, time.Hour, change()) })
	}
	require.Equal(t, checked, g.door.checked.Load(), "no hash was computed")
	require.NoError(t, edit(bob))
	g.clock.Advance(time.Hour)
	require.NoError(t, edit(alice))
}

// An administrator changes so many accounts in an hour.
func TestChangesByOneAdministratorAreLimited(t *testing.T) {
	g := newWorldWith(t, func(l *app.Limits) { l.ManagedPerAccountHour, l.ChangesPerAccountHour = 2, 1 })
	alice := g.who(t, "alice")
	boss := g.role(t, g.who(t, "bob").Account, app.SuperAdministrator)
	name := "Alice M"
	modify := func() error {
		_, err := g.service.ModifyPerson(t.Context(), boss, alice.Account.UserID, app.PersonModification{PersonChange: app.PersonChange{Nickname: &name}})
		return err
	}
	for range 2 {
		_, err := g.service.ModifyPerson(t.Context(), alice, boss.Account.UserID, app.PersonModification{})
		requireKind(t, app.Forbidden, err)
	}
	require.NoError(t, modify())
	_, err := g.service.SetPasswordFor(t.Context(), boss, alice.Account.UserID, newPassword)
	require.NoError(t, err)
	for change, do := range map[string]func() error{
		"modify": modify,
		"set password": func() error {
			_, err := g.service.SetPasswordFor(t.Context(), boss, alice.Account.UserID, goodPassword)
			return err
		},
		"set role": func() error {
			_, err := g.service.SetRole(t.Context(), boss, alice.Account.UserID, app.Administrator)
			return err
		},
		"remove": func() error {
			_, err := g.service.RemovePerson(t.Context(), boss, alice.Account.UserID)
			return err
		},
		"create": func() error {
			_, _, err := g.service.CreatePerson(t.Context(), boss, app.Registration{Username: "carol", Password: goodPassword})
			return err
		},
	} {
		t.Run(change, func(t *testing.T) { retryAfter(t, app.TooOften, time.Hour, do()) })
	}
	_, err = g.service.GiveRole(t.Context(), alice.Account.ID, app.Administrator)
	require.NoError(t, err, "an operator is not limited")
}

// who is the user as their requests are authenticated.
func (g *guardedWorld) who(t *testing.T, username string) app.Principal {
	t.Helper()
	account, err := g.store.Accounts.ByUsername(t.Context(), username)
	require.NoError(t, err)
	return app.Principal{Account: account}
}
