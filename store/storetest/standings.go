package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

var everySuspended = []app.Status{app.Paused, app.Locked, app.Stopped}

func suspend(t *testing.T, d *database) {
	a, other := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	first, second := opened(t, d, newSession("first", a)), opened(t, d, newSession("second", a))
	reserved := newSession("reserved", a)
	require.NoError(t, d.Sessions.Reserve(t.Context(), reserved))
	others := opened(t, d, newSession("others", other))

	closed, err := d.Standings.Suspend(t.Context(), a.ID, app.Locked, at(time.Second))
	require.NoError(t, err)
	requireEqual(t, []app.Session{first, second}, closed)
	want := a
	want.Status, want.CredentialEpoch, want.UpdatedAt = app.Locked, a.CredentialEpoch+1, at(time.Second)
	requireEqual(t, want, load(t, d, a.ID))
	require.False(t, live(t, d, first))
	requireKind(t, app.BadCredentials, d.Sessions.Open(t.Context(), reserved.ID, at(0)))
	require.True(t, live(t, d, others))

	closed, err = d.Standings.Suspend(t.Context(), a.ID, app.Locked, at(time.Minute))
	require.NoError(t, err)
	require.Empty(t, closed)
	requireEqual(t, want, load(t, d, a.ID))
	_, err = d.Standings.Suspend(t.Context(), a.ID, app.Paused, at(time.Minute))
	require.NoError(t, err)
	require.Equal(t, app.Paused, load(t, d, a.ID).Status)

	for range 2 {
		require.NoError(t, d.Standings.Resume(t.Context(), a.ID, at(time.Hour)))
		require.Equal(t, app.Normal, load(t, d, a.ID).Status)
	}
	require.Equal(t, at(time.Hour), load(t, d, a.ID).UpdatedAt)
	require.False(t, live(t, d, first))
	requireKind(t, app.TokenInvalid, liveErr(t, d, second))
}

func liveErr(t *testing.T, d *database, s app.Session) error {
	t.Helper()
	_, _, err := d.Sessions.Live(t.Context(), s.ID, at(0))
	return err
}

func suspendRefused(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	for _, status := range []app.Status{app.Reserved, app.Leaving, app.Deleted, app.Abandoned} {
		d.setStatus(t, a.ID, status)
		_, err := d.Standings.Suspend(t.Context(), a.ID, app.Locked, at(0))
		requireKind(t, app.NotFound, err)
		requireKind(t, app.NotFound, d.Standings.Resume(t.Context(), a.ID, at(0)))
		require.Equal(t, status, load(t, d, a.ID).Status)
		if status != app.Leaving {
			_, err = d.Standings.Dismiss(t.Context(), a.ID, at(0), at(0))
			requireKind(t, app.NotFound, err)
		}
	}
	_, err := d.Standings.Suspend(t.Context(), accountID(9), app.Locked, at(0))
	requireKind(t, app.NotFound, err)
	requireKind(t, app.NotFound, d.Standings.Resume(t.Context(), accountID(9), at(0)))
	_, _, err = d.Standings.Standing(t.Context(), accountID(9))
	requireKind(t, app.NotFound, err)
}

// Whatever an account was when it left, it is again when it comes back.
func dismissAndBack(t *testing.T, d *database) {
	for i, was := range append(everySuspended, app.Normal) {
		a := normal(t, d, i, "user"+string(was))
		s := opened(t, d, newSession("s"+string(was), a))
		d.setStatus(t, a.ID, was)
		closed, err := d.Standings.Dismiss(t.Context(), a.ID, at(time.Hour), at(time.Second))
		require.NoError(t, err)
		requireEqual(t, []app.Session{s}, closed)
		_, err = d.Standings.Dismiss(t.Context(), a.ID, at(2*time.Hour), at(time.Second))
		require.NoError(t, err)
		left := load(t, d, a.ID)
		require.Equal(t, app.Leaving, left.Status)
		require.Equal(t, at(time.Hour), left.LeavingUntil)
		require.Equal(t, a.CredentialEpoch+1, left.CredentialEpoch)
		now, before, err := d.Standings.Standing(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, []app.Status{app.Leaving, was}, []app.Status{now, before})

		for range 2 {
			require.NoError(t, d.Accounts.ComeBack(t.Context(), a.ID, at(time.Minute)))
			back := load(t, d, a.ID)
			require.Equal(t, was, back.Status)
			require.Zero(t, back.LeavingUntil)
		}
		now, before, err = d.Standings.Standing(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, []app.Status{was, ""}, []app.Status{now, before})
	}
}

// A session opens wholly before a suspension, and is closed by it, or not at all.
func suspendRace(t *testing.T, d *database) {
	a, replica := normal(t, d, 1, "alice"), d.replica(t)
	sessions := make([]app.Session, racers)
	for i := range sessions {
		sessions[i] = newSession(string(rune('A'+i%26))+string(rune('a'+i/26)), a)
		require.NoError(t, d.Sessions.Reserve(t.Context(), sessions[i]))
	}
	var closed []app.Session
	errs := race(racers, func(i int) (err error) {
		if i == racers/2 {
			closed, err = replica.Standings.Suspend(t.Context(), a.ID, app.Locked, at(0))
			return err
		}
		return d.Sessions.Open(t.Context(), sessions[i].ID, at(0))
	})
	opened := 0
	for _, err := range errs {
		if err == nil {
			opened++
		} else {
			requireKind(t, app.BadCredentials, err)
		}
	}
	require.Len(t, closed, opened-1, "all that opened, and the suspension itself")
	for _, s := range sessions {
		require.False(t, live(t, d, s))
	}
}
