package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

const inviteCode = app.Secret("ABCDEFGHJKMNPQRSTU")

func invited(t *testing.T, d *database, code app.Secret, uses int, expires time.Time) app.Invite {
	t.Helper()
	in := app.Invite{Inviter: accountID(1), Note: "为了课程", Uses: uses, CreatedAt: at(0), ExpiresAt: expires}
	added, err := d.Invites.Add(t.Context(), code, in)
	require.NoError(t, err)
	require.NotZero(t, added.ID)
	in.ID = added.ID
	requireEqual(t, in, added)
	return added
}

func inviteLife(t *testing.T, d *database) {
	ctx := t.Context()
	spend := func(code app.Secret, now time.Duration) error {
		_, err := d.Invites.Spend(ctx, code, at(now))
		_, checked := d.Invites.Check(ctx, code, at(now))
		if err != nil {
			requireKind(t, app.InviteWrong, checked)
		}
		return err
	}
	want := invited(t, d, inviteCode, 2, at(time.Hour))
	other := invited(t, d, "OTHER", 1, time.Time{})

	for range 2 {
		got, err := d.Invites.Check(ctx, inviteCode, at(0))
		require.NoError(t, err)
		requireEqual(t, want, got)
	}
	got, err := d.Invites.Spend(ctx, inviteCode, at(time.Hour-time.Microsecond))
	require.NoError(t, err)
	want.Used = 1
	requireEqual(t, want, got)
	requireKind(t, app.InviteWrong, spend(inviteCode, time.Hour))
	requireKind(t, app.InviteWrong, spend("NEVER", 0))
	requireKind(t, app.InviteWrong, spend("", 0))
	require.NoError(t, spend(inviteCode, 0))
	requireKind(t, app.InviteWrong, spend(inviteCode, 0))

	require.NoError(t, d.Invites.Revoke(ctx, other.ID, at(time.Minute)))
	require.NoError(t, d.Invites.Revoke(ctx, other.ID, at(time.Hour)))
	requireKind(t, app.InviteWrong, spend("OTHER", 0))
	requireKind(t, app.NotFound, d.Invites.Revoke(ctx, 1<<40, at(0)))
	all, err := d.Invites.List(ctx, want.ID, 10)
	require.NoError(t, err)
	other.RevokedAt = at(time.Minute)
	requireEqual(t, []app.Invite{other}, all)
	_, err = d.Invites.Add(ctx, inviteCode, app.Invite{Uses: 1})
	requireKind(t, app.Internal, err)
}

func inviteHashed(t *testing.T, d *database) {
	invite := invited(t, d, inviteCode, 1, time.Time{})
	var raw []byte
	require.NoError(t, d.raw.Get(&raw, "SELECT code_hash FROM invites WHERE id = ?", invite.ID))
	require.NotContains(t, string(raw), inviteCode.Reveal())
}

func inviteGivenBack(t *testing.T, d *database) {
	ctx := t.Context()
	invite := invited(t, d, inviteCode, 5, time.Time{})
	used := func() int {
		all, err := d.Invites.List(ctx, 0, 1)
		require.NoError(t, err)
		return all[0].Used
	}
	newcomer := newAccount(1, "alice", "alice@example.com")
	require.NoError(t, d.Invites.GiveBack(ctx, invite.ID, newcomer.ID))
	require.NoError(t, d.Accounts.Reserve(ctx, newcomer))
	for range 2 {
		_, err := d.Invites.Spend(ctx, inviteCode, at(0))
		require.NoError(t, err)
	}
	require.NoError(t, d.Invites.GiveBack(ctx, invite.ID, newcomer.ID))
	require.NoError(t, d.Accounts.Abandon(ctx, newcomer.ID, at(0)))
	require.Equal(t, 1, used())
	require.NoError(t, d.Invites.GiveBack(ctx, invite.ID, newcomer.ID), "repeated")
	require.NoError(t, d.Invites.GiveBack(ctx, invite.ID, normal(t, d, 2, "bob").ID))
	require.NoError(t, d.Invites.GiveBack(ctx, invite.ID, accountID(9)))
	require.Equal(t, 1, used())
}

func inviteList(t *testing.T, d *database) {
	var all []app.Invite
	for _, code := range []app.Secret{"A", "B", "C"} {
		all = append(all, invited(t, d, code, 1, time.Time{}))
	}
	first, err := d.Invites.List(t.Context(), 0, 2)
	require.NoError(t, err)
	requireEqual(t, all[:2], first)
	rest, err := d.Invites.List(t.Context(), first[1].ID, 2)
	require.NoError(t, err)
	requireEqual(t, all[2:], rest)
	none, err := d.Invites.List(t.Context(), all[2].ID, 2)
	require.NoError(t, err)
	require.Empty(t, none)
}

func inviteRace(t *testing.T, d *database) {
	stores := []app.Invites{d.Invites, d.replica(t).Invites}
	invited(t, d, inviteCode, 5, time.Time{})
	spent := 0
	for _, err := range race(racers, func(i int) error {
		_, err := stores[i%2].Spend(context.Background(), inviteCode, at(0))
		return err
	}) {
		if err == nil {
			spent++
			continue
		}
		requireKind(t, app.InviteWrong, err)
	}
	require.Equal(t, 5, spent)
}
