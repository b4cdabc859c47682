package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func sessionLife(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	other := opened(t, d, newSession("other", a))
	s := newSession("s", a)
	live := func() error {
		gotSession, gotAccount, err := d.Sessions.Live(t.Context(), s.ID, at(0))
		if err == nil {
			requireEqual(t, s, gotSession)
			requireEqual(t, a, gotAccount)
		}
		return err
	}
	requireKind(t, app.TokenInvalid, live())
	require.NoError(t, d.Sessions.Reserve(t.Context(), s))
	requireKind(t, app.TokenInvalid, live())
	for range 2 {
		require.NoError(t, d.Sessions.Open(t.Context(), s.ID, at(0)))
		require.NoError(t, live())
	}
	require.Error(t, d.Sessions.Reserve(t.Context(), s), "an id is used once")
	for range 2 {
		require.NoError(t, d.Sessions.Close(t.Context(), s.ID, at(time.Second)))
		requireKind(t, app.TokenInvalid, live())
	}
	requireKind(t, app.BadCredentials, d.Sessions.Open(t.Context(), s.ID, at(0)))
	requireKind(t, app.TokenInvalid, live())
	require.NoError(t, d.Sessions.Close(t.Context(), "absent", at(0)))
	_, _, err := d.Sessions.Live(t.Context(), other.ID, at(0))
	require.NoError(t, err, "closing one leaves the other")
}

// The access key of a session's storage credentials is read back wherever the
// session is. The first one recorded stays.
func sessionGrants(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	s := newSession("s", a)
	require.NoError(t, d.Sessions.RecordGrant(t.Context(), s.ID, "ABSENT", "absent"), "an absent session is not an error")
	require.NoError(t, d.Sessions.Reserve(t.Context(), s))
	require.NoError(t, d.Sessions.RecordGrant(t.Context(), s.ID, "", ""))
	for _, key := range []string{"KEY1", "KEY1", "KEY2", ""} {
		require.NoError(t, d.Sessions.RecordGrant(t.Context(), s.ID, key, ""))
	}
	for _, end := range []string{"0123abcd", "89efabcd", ""} {
		require.NoError(t, d.Sessions.RecordGrant(t.Context(), s.ID, "KEY3", end))
	}
	require.NoError(t, d.Sessions.Open(t.Context(), s.ID, at(0)))
	other := opened(t, d, newSession("t", a))
	s.StorageAccessKey, s.GiteaTokenEnd = "KEY1", "0123abcd"
	got, _, err := d.Sessions.Live(t.Context(), s.ID, at(0))
	require.NoError(t, err)
	requireEqual(t, s, got)
	expired, err := d.Sessions.Expired(t.Context(), at(1000*time.Hour), 10)
	require.NoError(t, err)
	requireEqual(t, []app.Session{s, other}, expired)
	closed, err := d.Accounts.SetPassword(t.Context(), a.ID, "hash", "", at(time.Minute))
	require.NoError(t, err)
	requireEqual(t, []app.Session{s, other}, closed)
}

func sessionRefused(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	requireKind(t, app.BadCredentials, d.Sessions.Open(t.Context(), "absent", at(0)))
	orphan := newSession("orphan", a)
	orphan.AccountID = accountID(9)
	require.Error(t, d.Sessions.Reserve(t.Context(), orphan), "a session is of an account")

	early := newSession("early", a)
	early.CredentialEpoch = a.CredentialEpoch - 1
	require.NoError(t, d.Sessions.Reserve(t.Context(), early))
	requireKind(t, app.BadCredentials, d.Sessions.Open(t.Context(), early.ID, at(0)))

	s := newSession("s", a)
	require.NoError(t, d.Sessions.Reserve(t.Context(), s))
	for _, status := range []app.Status{app.Reserved, app.Paused, app.Locked, app.Stopped, app.Deleted, app.Abandoned} {
		d.setStatus(t, a.ID, status)
		requireKind(t, app.BadCredentials, d.Sessions.Open(t.Context(), s.ID, at(0)))
		_, _, err := d.Sessions.Live(t.Context(), s.ID, at(0))
		requireKind(t, app.TokenInvalid, err)
	}
	d.setStatus(t, a.ID, app.Normal)
	require.NoError(t, d.Sessions.Open(t.Context(), s.ID, at(0)))
}

func sessionDiscard(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	s := newSession("s", a)
	require.NoError(t, d.Sessions.Reserve(t.Context(), s))
	for range 2 {
		require.NoError(t, d.Sessions.Discard(t.Context(), s.ID))
	}
	requireKind(t, app.BadCredentials, d.Sessions.Open(t.Context(), s.ID, at(0)))
	opened(t, d, s)
	require.NoError(t, d.Sessions.Discard(t.Context(), s.ID))
	_, _, err := d.Sessions.Live(t.Context(), s.ID, at(0))
	require.NoError(t, err, "an open one is not discarded")
}

func sessionExpiry(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	until := func(name string, end time.Duration) app.Session {
		s := newSession(name, a)
		s.ExpiresAt = at(end)
		return s
	}
	second := opened(t, d, until("b", 2*time.Second))
	first := opened(t, d, until("c", time.Second))
	third := opened(t, d, until("a", 3*time.Second))
	opened(t, d, until("later", time.Hour))
	closed := opened(t, d, until("closed", time.Second))
	require.NoError(t, d.Sessions.Close(t.Context(), closed.ID, at(0)))
	require.NoError(t, d.Sessions.Reserve(t.Context(), until("reserved", time.Second)))

	got, err := d.Sessions.Expired(t.Context(), at(time.Minute), 10)
	require.NoError(t, err)
	requireEqual(t, []app.Session{first, second, third}, got)
	got, err = d.Sessions.Expired(t.Context(), at(time.Minute), 2)
	require.NoError(t, err)
	requireEqual(t, []app.Session{first, second}, got)
	got, err = d.Sessions.Expired(t.Context(), at(2*time.Second), 10)
	require.NoError(t, err)
	requireEqual(t, []app.Session{first}, got)

	_, _, err = d.Sessions.Live(t.Context(), first.ID, at(time.Second-time.Microsecond))
	require.NoError(t, err)
	_, _, err = d.Sessions.Live(t.Context(), first.ID, at(time.Second))
	requireKind(t, app.TokenExpired, err)
	_, _, err = d.Sessions.Live(t.Context(), closed.ID, at(time.Minute))
	requireKind(t, app.TokenInvalid, err)
}

func sessionClipped(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	s := newSession("s", a)
	s.Device = "bad \xff\xfe bytes " + strings.Repeat("设", 2000)
	opened(t, d, s)
	got, _, err := d.Sessions.Live(t.Context(), s.ID, at(0))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(got.Device, "bad \uFFFD bytes 设设"), "%.40q", got.Device)
	require.True(t, strings.HasSuffix(got.Device, "设"))
	require.LessOrEqual(t, len(got.Device), 1024)
}

// sessionRace raises the credential epoch while sessions open: one that opened
// must have been there to see for whoever raised it.
func sessionRace(t *testing.T, d *database) {
	raise := func(a app.Account, id string) (sawOpen bool, err error) {
		tx, err := d.raw.BeginTxx(context.Background(), nil)
		if err != nil {
			return false, err
		}
		defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
		if _, err := tx.Exec("UPDATE accounts SET credential_epoch = credential_epoch + 1 WHERE id = ?", a.ID); err != nil {
			return false, err
		}
		if err := tx.Get(&sawOpen, "SELECT opened_at > 0 FROM sessions WHERE id = ?", id); err != nil {
			return false, err
		}
		return sawOpen, tx.Commit()
	}
	outcomes := map[bool]int{}
	for i := range 60 {
		a := normal(t, d, i, fmt.Sprint("user", i))
		s := newSession(fmt.Sprint("s", i), a)
		require.NoError(t, d.Sessions.Reserve(t.Context(), s))
		var sawOpen bool
		var raised, done error
		race(2, func(who int) error {
			if who == 0 {
				done = d.Sessions.Open(context.Background(), s.ID, at(0))
			} else {
				sawOpen, raised = raise(a, s.ID)
			}
			return nil
		})
		require.NoError(t, raised)
		if done != nil {
			requireKind(t, app.BadCredentials, done)
		}
		require.Equal(t, sawOpen, done == nil, "opened: %v", done)
		outcomes[sawOpen]++
		_, _, err := d.Sessions.Live(t.Context(), s.ID, at(0))
		require.Equal(t, sawOpen, err == nil, errors.Unwrap(err))
	}
	t.Logf("opened before the change: %d, refused after it: %d", outcomes[true], outcomes[false])
}
