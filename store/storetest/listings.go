package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func idsOf(all []app.Account) []string {
	ids := make([]string, len(all))
	for i, a := range all {
		ids[i] = a.ID
	}
	return ids
}

func accountPages(t *testing.T, d *database) {
	var all []app.Account
	for i, status := range []app.Status{app.Normal, app.Locked, app.Normal, app.Deleted, app.Normal, app.Normal} {
		a := normal(t, d, i, "user"+string(rune('a'+i)))
		d.setStatus(t, a.ID, status)
		all = append(all, load(t, d, a.ID))
	}
	page := func(after string, limit int, in ...app.Status) []string {
		found, err := d.Listings.PageOfAccounts(t.Context(), in, after, limit)
		require.NoError(t, err)
		return idsOf(found)
	}
	id := func(i int) string { return all[i].ID }
	require.Equal(t, []string{id(0), id(2)}, page("", 2, app.Normal))
	require.Equal(t, []string{id(4), id(5)}, page(id(2), 2, app.Normal))
	require.Empty(t, page(id(5), 2, app.Normal))
	require.Equal(t, []string{id(0), id(1), id(2), id(4), id(5)}, page("", 10, app.Normal, app.Locked))
	require.Equal(t, []string{id(3)}, page("", 10, app.Deleted))
	found, err := d.Listings.PageOfAccounts(t.Context(), []app.Status{app.Locked}, "", 10)
	require.NoError(t, err)
	requireEqual(t, []app.Account{all[1]}, found)

	d.exec(t, "UPDATE accounts SET storage_secret = ? WHERE id IN (?, ?)", []byte("not sealed"), id(0), id(2))
	require.Equal(t, []string{id(4), id(5)}, page("", 2, app.Normal), "a page is filled up")
}

func oldestSessions(t *testing.T, d *database) {
	a, other := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	open := func(a app.Account, id string, second int, life time.Duration) app.Session {
		s := newSession(id, a)
		s.ExpiresAt = at(life)
		require.NoError(t, d.Sessions.Reserve(t.Context(), s))
		require.NoError(t, d.Sessions.Open(t.Context(), s.ID, at(time.Duration(second)*time.Second)))
		return s
	}
	open(a, "oldest", 1, time.Hour)
	open(a, "2b", 2, time.Hour)
	open(a, "2a", 2, time.Hour)
	open(a, "ran out", 3, time.Minute)
	require.NoError(t, d.Sessions.Close(t.Context(), open(a, "ended", 3, time.Hour).ID, at(4*time.Second)))
	require.NoError(t, d.Sessions.Reserve(t.Context(), newSession("reserved", a)))
	open(other, "other's", 0, time.Hour)
	open(a, "latest", 5, time.Hour)
	open(a, "ran out just now", 6, time.Minute)

	beyond := func(now time.Duration, keep, limit int) []string {
		oldest, err := d.Listings.OldestSessions(t.Context(), a.ID, at(now), keep, limit)
		require.NoError(t, err)
		var ids []string
		for _, s := range oldest {
			require.Equal(t, a.ID, s.AccountID)
			ids = append(ids, strings.TrimRight(s.ID, "x")) // ids are padded
		}
		return ids
	}
	require.Equal(t, []string{"oldest", "2a", "2b", "latest"}, beyond(time.Minute, 0, 10))
	require.Equal(t, []string{"oldest", "2a", "2b"}, beyond(time.Minute, 1, 10))
	require.Equal(t, []string{"oldest", "2a"}, beyond(time.Minute, 1, 2))
	require.Equal(t, []string{"oldest"}, beyond(time.Minute, 3, 10))
	require.Empty(t, beyond(time.Minute, 4, 10))
	require.Equal(t, []string{"oldest", "2a"}, beyond(time.Minute-time.Microsecond, 4, 10))
	require.Empty(t, beyond(time.Minute-time.Microsecond, 6, 10))
}

func sessionPages(t *testing.T, d *database) {
	a, other := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	first, second, third := opened(t, d, newSession("a", a)), opened(t, d, newSession("b", a)), opened(t, d, newSession("c", a))
	over := newSession("d", a)
	over.ExpiresAt = at(time.Second)
	opened(t, d, over)
	reserved, ended := newSession("e", a), opened(t, d, newSession("f", a))
	require.NoError(t, d.Sessions.Reserve(t.Context(), reserved))
	require.NoError(t, d.Sessions.Close(t.Context(), ended.ID, at(0)))
	others := opened(t, d, newSession("g", other))

	page := func(after string, limit int) []app.Session {
		found, err := d.Listings.PageOfSessions(t.Context(), a.ID, at(time.Second), after, limit)
		require.NoError(t, err)
		return found
	}
	requireEqual(t, []app.Session{first, second}, page("", 2))
	requireEqual(t, []app.Session{third}, page(second.ID, 2))
	require.Empty(t, page(third.ID, 2))

	found, err := d.Listings.OpenSession(t.Context(), a.ID, second.ID)
	require.NoError(t, err)
	requireEqual(t, second, found)
	for _, s := range []app.Session{others, reserved, ended, newSession("absent", a)} {
		_, err := d.Listings.OpenSession(t.Context(), a.ID, s.ID)
		requireKind(t, app.NotFound, err)
	}
	unclosed, err := d.Listings.UnclosedOf(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]string{first.ID: "", second.ID: "", third.ID: "", over.ID: "", reserved.ID: ""}, unclosed)
	unclosed, err = d.Listings.UnclosedOf(t.Context(), "absent")
	require.NoError(t, err)
	require.Empty(t, unclosed)
}
