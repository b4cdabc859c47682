package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func disown(t *testing.T, d *database) {
	a, other := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	require.NoError(t, d.Accounts.SetMobile(t.Context(), a.ID, "86", "13800138000", at(0)))
	open := opened(t, d, newSession("open", a))
	ended := opened(t, d, newSession("ended", a))
	require.NoError(t, d.Sessions.Close(t.Context(), ended.ID, at(0)))
	reserved := newSession("reserved", a)
	require.NoError(t, d.Sessions.Reserve(t.Context(), reserved))
	others := opened(t, d, newSession("others", other))

	closed, err := d.Ownership.Disown(t.Context(), a.ID, at(time.Hour))
	require.NoError(t, err)
	requireEqual(t, []app.Session{open}, closed)
	want := a
	want.PasswordHash, want.GiteaPassword, want.CredentialEpoch, want.UpdatedAt = "", app.RandomPassword, a.CredentialEpoch+1, at(time.Hour)
	requireEqual(t, want, load(t, d, a.ID))
	require.False(t, live(t, d, open))
	require.True(t, live(t, d, others))
	requireKind(t, app.BadCredentials, d.Sessions.Open(t.Context(), reserved.ID, at(0)))
	require.NoError(t, d.Accounts.SetMobile(t.Context(), other.ID, "86", "13800138000", at(0)), "the number is free")

	_, err = d.Ownership.Disown(t.Context(), accountID(9), at(0))
	requireKind(t, app.NotFound, err)
	for _, status := range tombstones {
		d.setStatus(t, a.ID, status)
		_, err = d.Ownership.Disown(t.Context(), a.ID, at(0))
		requireKind(t, app.NotFound, err)
	}
}
