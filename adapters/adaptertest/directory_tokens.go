package adaptertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

func contextEnded(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

// token makes one, which is good.
func (d directoryTest) token(t *testing.T, u app.DirectoryUser, name string) app.Secret {
	t.Helper()
	token, err := d.Directory.CreateToken(t.Context(), ref(u), name)
	require.NoError(t, err)
	require.NotEmpty(t, token)
	return token
}

func directoryToken(t *testing.T, d directoryTest) {
	u := d.created(t)
	ended, other := d.token(t, u, "accord-ended"), d.token(t, u, "accord-other")
	require.NotEqual(t, ended, other)
	require.Equal(t, u.Username, d.TokenOwner(t, ended))
	require.Equal(t, u.Username, d.TokenOwner(t, other))
	for range 2 {
		require.NoError(t, d.Directory.DeleteToken(t.Context(), ref(u), "accord-ended"))
		require.Empty(t, d.TokenOwner(t, ended))
		require.Equal(t, u.Username, d.TokenOwner(t, other))
	}
	require.NoError(t, d.Directory.DeleteToken(t.Context(), ref(d.account()), "accord-ended"))
	require.NoError(t, d.Directory.RemoveUser(t.Context(), u.Username, u.AccountID))
	require.Empty(t, d.TokenOwner(t, other), "a token goes with its user")
}

func directoryTokenReplaced(t *testing.T, d directoryTest) {
	u := d.created(t)
	first := d.token(t, u, "accord-same")
	second := d.token(t, u, "accord-same")
	require.Empty(t, d.TokenOwner(t, first))
	require.Equal(t, u.Username, d.TokenOwner(t, second))
	require.NoError(t, d.Directory.DeleteToken(t.Context(), ref(u), "accord-same"))
	require.Empty(t, d.TokenOwner(t, second))
}

func directoryTokenRenamed(t *testing.T, d directoryTest) {
	u, other := d.created(t), d.account().Username
	before := d.token(t, u, "accord-before")
	d.Rename(t, u.Username, other)
	after := d.token(t, u, "accord-after")
	require.Equal(t, other, d.TokenOwner(t, before))
	require.Equal(t, other, d.TokenOwner(t, after))
	require.NoError(t, d.Directory.DeleteToken(t.Context(), ref(u), "accord-before"))
	require.NoError(t, d.Directory.DeleteToken(t.Context(), ref(u), "accord-after"))
	require.Empty(t, d.TokenOwner(t, before))
	require.Empty(t, d.TokenOwner(t, after))
}

func directoryTokenForeign(t *testing.T, d directoryTest) {
	foreign, organization := d.account(), d.account().Username
	d.PlaceUser(t, foreign.Username, foreign.Email)
	d.PlaceOrganization(t, organization)
	for _, name := range []string{foreign.Username, organization, d.account().Username} {
		d.noToken(t, app.DirectoryRef{AccountID: foreign.AccountID, Username: name})
	}
}

// noToken is made, and nothing else either.
func (d directoryTest) noToken(t *testing.T, ref app.DirectoryRef) {
	t.Helper()
	before := d.Describe(t, ref.Username)
	token, err := d.Directory.CreateToken(t.Context(), ref, "accord-foreign")
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.True(t, saga.IsRefused(err), "%v", err)
	require.Empty(t, token)
	require.Equal(t, before, d.Describe(t, ref.Username))
}

// Nobody gets a token of somebody else, whose name was his; and what he had is
// found and ended under his new name.
func directoryTokenSwapped(t *testing.T, d directoryTest) {
	u, other, away := d.created(t), d.created(t), d.account().Username
	theirs, his := d.token(t, other, "accord-same"), d.token(t, u, "accord-his")
	d.Rename(t, u.Username, away)
	d.Rename(t, other.Username, u.Username)
	d.noToken(t, ref(u))
	d.noToken(t, app.DirectoryRef{Username: u.Username})
	require.NoError(t, d.Directory.DeleteToken(t.Context(), ref(u), "accord-his"))
	require.Empty(t, d.TokenOwner(t, his))
	require.Equal(t, u.Username, d.TokenOwner(t, theirs))
	require.NoError(t, d.Directory.DeleteToken(t.Context(), ref(u), "accord-his"))
}

// Gitea takes a number for the id of a token, which may be another one.
func directoryTokenNumeric(t *testing.T, d directoryTest) {
	u := d.created(t)
	good := d.token(t, u, "accord-good")
	for _, name := range []string{"", "1", "0x1f", "1_0", "99999999999999999999"} {
		_, err := d.Directory.CreateToken(t.Context(), ref(u), name)
		require.True(t, saga.IsRefused(err), "%q", name)
		require.True(t, saga.IsRefused(d.Directory.DeleteToken(t.Context(), ref(u), name)), "%q", name)
	}
	require.Equal(t, u.Username, d.TokenOwner(t, good))
}
