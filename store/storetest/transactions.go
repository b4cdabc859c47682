package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

func txShared(t *testing.T, d *database) {
	a := newAccount(1, "alice", "alice@example.com")
	r := running("saga")
	require.NoError(t, d.Journal.Begin(t.Context(), writing(r, func(ctx context.Context) error {
		require.NoError(t, d.Accounts.Reserve(ctx, a))
		_, err := d.Accounts.ByID(ctx, a.ID)
		require.NoError(t, err, "inside it is there")
		_, err = d.Accounts.ByID(t.Context(), a.ID)
		requireKind(t, app.NotFound, err)
		return nil
	})))
	_, err := d.Accounts.ByID(t.Context(), a.ID)
	require.NoError(t, err)
	_, err = d.Journal.Load(t.Context(), r.ID)
	require.NoError(t, err)

	// A local step may go on after a refusal that it expected.
	require.NoError(t, d.Journal.Append(t.Context(), r.ID, 1, writing(r, func(ctx context.Context) error {
		taken := newAccount(2, "alice", "other@example.com")
		requireKind(t, app.UserTaken, d.Accounts.Reserve(ctx, taken))
		return d.Accounts.Activate(ctx, a.ID, activation())
	})))
	got, err := d.Accounts.ByID(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, app.Normal, got.Status)
}

func txRollback(t *testing.T, d *database) {
	a := newAccount(1, "alice", "alice@example.com")
	r := running("saga")
	r.Exclusive = true
	failing := func(work func(ctx context.Context) error) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			require.NoError(t, work(ctx))
			return errOfTest
		}
	}
	reserve := func(ctx context.Context) error { return d.Accounts.Reserve(ctx, a) }
	require.ErrorIs(t, d.Journal.Begin(t.Context(), writing(r, failing(reserve))), errOfTest)
	_, err := d.Accounts.ByID(t.Context(), a.ID)
	requireKind(t, app.NotFound, err)
	_, err = d.Journal.Load(t.Context(), r.ID)
	require.ErrorIs(t, err, saga.ErrNotFound)

	require.NoError(t, d.Journal.Begin(t.Context(), writing(r, reserve)), "name, id and subject are free")
	require.NoError(t, d.Accounts.Activate(t.Context(), a.ID, activation()))
	s := newSession("s", a)
	require.NoError(t, d.Sessions.Reserve(t.Context(), s))
	require.ErrorIs(t, d.Journal.Append(t.Context(), r.ID, 1, writing(r, failing(func(ctx context.Context) error {
		return d.Sessions.Open(ctx, s.ID, at(0))
	}))), errOfTest)
	_, _, err = d.Sessions.Live(t.Context(), s.ID, at(0))
	requireKind(t, app.TokenInvalid, err)

	require.Panics(t, func() {
		_ = d.Journal.Append(t.Context(), r.ID, 1, writing(r, func(ctx context.Context) error {
			require.NoError(t, d.Sessions.Open(ctx, s.ID, at(0)))
			panic("of the test")
		}))
	})
	_, _, err = d.Sessions.Live(t.Context(), s.ID, at(0))
	requireKind(t, app.TokenInvalid, err)
	require.NoError(t, d.Sessions.Open(t.Context(), s.ID, at(0)), "no lock is left behind")
}

// txFenced writes locally in transactions that the journal then refuses.
func txFenced(t *testing.T, d *database) {
	held := running("held")
	held.Exclusive = true
	begin(t, d.Journal, held)
	reserve := func(ctx context.Context) error {
		return d.Accounts.Reserve(ctx, newAccount(1, "alice", "alice@example.com"))
	}
	require.ErrorIs(t, d.Journal.Append(t.Context(), held.ID, 2, writing(held, reserve)), saga.ErrFenced)
	require.ErrorIs(t, d.Journal.Begin(t.Context(), writing(held, reserve)), saga.ErrExists)
	held.ID = "second"
	require.ErrorIs(t, d.Journal.Begin(t.Context(), writing(held, reserve)), saga.ErrBusy)
	_, err := d.Accounts.ByID(t.Context(), accountID(1))
	requireKind(t, app.NotFound, err)
}

func txOtherStore(t *testing.T, d *database) {
	other := d.replica(t)
	a := normal(t, d, 1, "alice")
	require.NoError(t, d.Journal.Begin(t.Context(), writing(running("saga"), func(ctx context.Context) error {
		require.NoError(t, d.Accounts.Reserve(ctx, newAccount(2, "bob", "bob@example.com")))
		_, err := other.Accounts.ByID(ctx, a.ID)
		require.NoError(t, err)
		_, err = other.Accounts.ByID(ctx, accountID(2))
		requireKind(t, app.NotFound, err)
		return nil
	})))
}

func txContext(t *testing.T, d *database) {
	ctx, cancel := context.WithCancel(t.Context())
	err := d.Journal.Begin(ctx, writing(running("saga"), func(inner context.Context) error {
		require.NoError(t, d.Accounts.Reserve(inner, newAccount(1, "alice", "alice@example.com")))
		cancel()
		return nil
	}))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, d.Sessions.Discard(ctx, "absent"), context.Canceled)
	_, err = d.Accounts.ByUsername(ctx, "alice")
	require.ErrorIs(t, err, context.Canceled)
	_, err = d.Accounts.ByID(t.Context(), accountID(1))
	requireKind(t, app.NotFound, err)
	begin(t, d.Journal, running("saga"))
}
