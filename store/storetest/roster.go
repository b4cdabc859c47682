package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// super makes a super-administrator.
func super(t *testing.T, d *database, n int, username string) app.Account {
	t.Helper()
	a := normal(t, d, n, username)
	require.NoError(t, d.Roster.SetRole(t.Context(), a.ID, app.SuperAdministrator, at(0)))
	return load(t, d, a.ID)
}

// supers counts who of them are super-administrators who may sign in.
func supers(t *testing.T, d *database, of ...app.Account) (n int) {
	t.Helper()
	for _, a := range of {
		if a = load(t, d, a.ID); a.Role == app.SuperAdministrator && a.MaySignIn() {
			n++
		}
	}
	return n
}

func rosterRanks(t *testing.T, d *database) {
	ctx := t.Context()
	a, b := super(t, d, 1, "alice"), normal(t, d, 2, "bob")
	require.NoError(t, d.Roster.SetRole(ctx, b.ID, app.Administrator, at(time.Hour)))
	want := b
	want.Role, want.UpdatedAt = app.Administrator, at(time.Hour)
	requireEqual(t, want, load(t, d, b.ID))
	for _, c := range []struct {
		actor, target   string
		actors, targets app.Role
	}{
		{a.ID, b.ID, app.SuperAdministrator, app.Administrator},
		{b.ID, a.ID, app.Administrator, app.SuperAdministrator},
		{b.ID, b.ID, app.Administrator, app.Administrator},
	} {
		mine, theirs, err := d.Roster.Ranks(ctx, c.actor, c.target)
		require.NoError(t, err)
		require.Equal(t, []app.Role{c.actors, c.targets}, []app.Role{mine, theirs})
	}
	_, _, err := d.Roster.Ranks(ctx, accountID(9), b.ID)
	requireKind(t, app.Forbidden, err)
	_, _, err = d.Roster.Ranks(ctx, a.ID, accountID(9))
	requireKind(t, app.NotFound, err)
	d.setStatus(t, b.ID, app.Locked)
	_, _, err = d.Roster.Ranks(ctx, b.ID, a.ID)
	requireKind(t, app.Forbidden, err)
	_, _, err = d.Roster.Ranks(ctx, a.ID, b.ID)
	require.NoError(t, err)
	for _, status := range tombstones {
		d.setStatus(t, b.ID, status)
		_, _, err = d.Roster.Ranks(ctx, a.ID, b.ID)
		requireKind(t, app.NotFound, err)
		requireKind(t, app.NotFound, d.Roster.SetRole(ctx, b.ID, app.User, at(0)))
	}
	requireKind(t, app.NotFound, d.Roster.SetRole(ctx, accountID(9), app.User, at(0)))
}

func rosterLast(t *testing.T, d *database) {
	ctx := t.Context()
	a, user := super(t, d, 1, "alice"), normal(t, d, 2, "bob")
	stays := func() {
		t.Helper()
		for _, role := range []app.Role{app.User, app.Administrator} {
			requireKind(t, app.LastAdministrator, d.Roster.SetRole(ctx, a.ID, role, at(0)))
		}
		requireKind(t, app.LastAdministrator, d.Roster.MayGo(ctx, a.ID))
		_, err := d.Accounts.Leave(ctx, a.ID, at(time.Hour), at(0))
		requireKind(t, app.LastAdministrator, err)
		requireEqual(t, a, load(t, d, a.ID))
	}
	stays()
	require.NoError(t, d.Roster.SetRole(ctx, a.ID, app.SuperAdministrator, at(time.Hour)), "as it is")
	stays()
	require.NoError(t, d.Roster.MayGo(ctx, user.ID))
	second := super(t, d, 3, "carol")
	for _, status := range []app.Status{app.Paused, app.Locked, app.Stopped, app.Leaving, app.Deleted} {
		d.setStatus(t, second.ID, status)
		stays()
		require.NoError(t, d.Roster.MayGo(ctx, second.ID), "it does not count")
	}
	d.setStatus(t, second.ID, app.Normal)
	require.NoError(t, d.Roster.MayGo(ctx, a.ID))
	require.NoError(t, d.Roster.SetRole(ctx, a.ID, app.User, at(0)))
	requireKind(t, app.LastAdministrator, d.Roster.MayGo(ctx, second.ID))
	_, err := d.Accounts.Leave(ctx, a.ID, at(time.Hour), at(0))
	require.NoError(t, err)
}

// rosterRace has two super-administrators demote each other: one stays.
func rosterRace(t *testing.T, d *database) {
	rosters := []app.Roster{d.Roster, d.replica(t).Roster}
	a, b := super(t, d, 1, "alice"), super(t, d, 2, "bob")
	for range 20 {
		errs := race(2, func(who int) error {
			return rosters[who].SetRole(context.Background(), []string{b.ID, a.ID}[who], app.User, at(0))
		})
		requireOneWinner(t, app.LastAdministrator, errs)
		require.Equal(t, 1, supers(t, d, a, b))
		for _, id := range []string{a.ID, b.ID} {
			require.NoError(t, d.Roster.SetRole(t.Context(), id, app.SuperAdministrator, at(0)))
		}
	}
}

// rosterRaceAll ends all super-administrators at once, in both ways: one stays.
func rosterRaceAll(t *testing.T, d *database) {
	replica := d.replica(t)
	all := make([]app.Account, 16)
	for i := range all {
		all[i] = super(t, d, i, fmt.Sprint("user", i))
	}
	for _, err := range race(len(all), func(i int) error {
		if i%2 == 0 {
			return replica.Roster.SetRole(context.Background(), all[i].ID, app.User, at(0))
		}
		_, err := d.Accounts.Leave(context.Background(), all[i].ID, at(time.Hour), at(0))
		return err
	}) {
		if err != nil {
			requireKind(t, app.LastAdministrator, err)
		}
	}
	require.Equal(t, 1, supers(t, d, all...))
}
