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
	token, err := d.Directory.CreateToken(t.Context(), u.Username, name)
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
		require.NoError(t, d.Directory.DeleteToken(t.Context(), u.Username, "accord-ended"))
		require.Empty(t, d.TokenOwner(t, ended))
		require.Equal(t, u.Username, d.TokenOwner(t, other))
	}
	require.NoError(t, d.Directory.DeleteToken(t.Context(), d.account().Username, "accord-ended"))
	require.NoError(t, d.Directory.RemoveUser(t.Context(), u.Username, u.AccountID))
	require.Empty(t, d.TokenOwner(t, other), "a token goes with its user")
}

func directoryTokenReplaced(t *testing.T, d directoryTest) {
	u := d.created(t)
	first := d.token(t, u, "accord-same")
	second := d.token(t, u, "accord-same")
	require.Empty(t, d.TokenOwner(t, first))
	require.Equal(t, u.Username, d.TokenOwner(t, second))
	require.NoError(t, d.Directory.DeleteToken(t.Context(), u.Username, "accord-same"))
	require.Empty(t, d.TokenOwner(t, second))
}

func directoryTokenRenamed(t *testing.T, d directoryTest) {
	u, other := d.created(t), d.account().Username
	before := d.token(t, u, "accord-before")
	d.Rename(t, u.Username, other)
	after := d.token(t, u, "accord-after")
	require.Equal(t, other, d.TokenOwner(t, before))
	require.Equal(t, other, d.TokenOwner(t, after))
	require.NoError(t, d.Directory.DeleteToken(t.Context(), u.Username, "accord-before"))
	require.NoError(t, d.Directory.DeleteToken(t.Context(), u.Username, "accord-after"))
	require.Empty(t, d.TokenOwner(t, before))
	require.Empty(t, d.TokenOwner(t, after))
}

func directoryTokenForeign(t *testing.T, d directoryTest) {
	foreign, organization := d.account(), d.account().Username
	d.PlaceUser(t, foreign.Username, foreign.Email)
	d.PlaceOrganization(t, organization)
	for _, name := range []string{foreign.Username, organization, d.account().Username} {
		before := d.Describe(t, name)
		token, err := d.Directory.CreateToken(t.Context(), name, "accord-foreign")
		require.Equal(t, app.DirectoryFailed, app.KindOf(err))
		require.True(t, saga.IsRefused(err), "%v", err)
		require.Empty(t, token)
		require.Equal(t, before, d.Describe(t, name))
	}
}

// Gitea takes a number for the id of a token, which may be another one.
func directoryTokenNumeric(t *testing.T, d directoryTest) {
	u := d.created(t)
	good := d.token(t, u, "accord-good")
	for _, name := range []string{"", "1", "0x1f", "1_0", "99999999999999999999"} {
		_, err := d.Directory.CreateToken(t.Context(), u.Username, name)
		require.True(t, saga.IsRefused(err), "%q", name)
		require.True(t, saga.IsRefused(d.Directory.DeleteToken(t.Context(), u.Username, name)), "%q", name)
	}
	require.Equal(t, u.Username, d.TokenOwner(t, good))
}
