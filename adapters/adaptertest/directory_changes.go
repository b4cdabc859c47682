package adaptertest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// changes are the calls that change a user or look into one, with something
// that the directory takes.
func (d directoryTest) changes(t *testing.T) map[string]func(context.Context, app.DirectoryRef) error {
	t.Helper()
	email, given := d.account().Email, picture(t, 8, 8, 3)
	return map[string]func(context.Context, app.DirectoryRef) error{
		"profile": func(ctx context.Context, r app.DirectoryRef) error {
			_, err := d.Directory.Profile(ctx, r)
			return err
		},
		"set profile": func(ctx context.Context, r app.DirectoryRef) error {
			return d.Directory.SetProfile(ctx, r, profiles[0])
		},
		"set avatar": func(ctx context.Context, r app.DirectoryRef) error { return d.Directory.SetAvatar(ctx, r, given) },
		"set password": func(ctx context.Context, r app.DirectoryRef) error {
			return d.Directory.SetPassword(ctx, r, "changed-1")
		},
		"set email": func(ctx context.Context, r app.DirectoryRef) error { return d.Directory.SetEmail(ctx, r, email) },
		"let in":    func(ctx context.Context, r app.DirectoryRef) error { return d.Directory.SetActive(ctx, r, true) },
		"shut out":  func(ctx context.Context, r app.DirectoryRef) error { return d.Directory.SetActive(ctx, r, false) },
		"belongings": func(ctx context.Context, r app.DirectoryRef) error {
			_, err := d.Directory.Belongings(ctx, r)
			return err
		},
		"purge": d.Directory.PurgeUser,
	}
}

func requireNotDone(t *testing.T, err error, call string) {
	t.Helper()
	require.Equal(t, app.DirectoryFailed, app.KindOf(err), "%s: %v", call, err)
	require.True(t, saga.IsRefused(err), "%s: %v", call, err)
}

func directoryChangesMarked(t *testing.T, d directoryTest) {
	ours, foreign, organization := d.created(t), d.account(), d.account()
	d.PlaceUser(t, foreign.Username, foreign.Email)
	d.PlaceOrganization(t, organization.Username)
	absentIsDone := map[string]bool{"shut out": true, "purge": true}
	for call, do := range d.changes(t) {
		for _, u := range []app.DirectoryUser{ours, foreign, organization} {
			before := d.Describe(t, u.Username)
			for _, mark := range []string{d.account().AccountID, foreign.AccountID, ""} {
				requireNotDone(t, do(t.Context(), app.DirectoryRef{AccountID: mark, Username: u.Username}), call)
			}
			require.Equal(t, before, d.Describe(t, u.Username), call)
		}
		err := do(t.Context(), ref(d.account()))
		if absentIsDone[call] {
			require.NoError(t, err, call)
		} else {
			requireNotDone(t, err, call)
		}
	}
}

// The mark says whose it is, also under a name that a person chose since.
func directoryChangesRenamed(t *testing.T, d directoryTest) {
	for call, do := range d.changes(t) {
		u, other := d.created(t), d.account().Username
		d.Rename(t, u.Username, other)
		require.NoError(t, do(t.Context(), ref(u)), call)
		switch call {
		case "purge":
			require.Empty(t, d.Describe(t, other))
		case "shut out":
			require.False(t, d.SignsIn(t, other, u.Password))
		default:
			require.Equal(t, u.AccountID, d.MarkOf(t, other), call)
		}
	}
}

// Each change leaves what the others have made.
func directoryChangesApart(t *testing.T, d directoryTest) {
	u, given := d.account(), picture(t, 8, 8, 7)
	u.Email = strings.ToLower(u.Email) // Gitea shows a replaced address so
	_, err := d.Directory.CreateUser(t.Context(), u)
	require.NoError(t, err)
	d.GiveRepository(t, u.Username, "kept")
	token := d.token(t, u, "accord-kept")
	require.NoError(t, d.Directory.SetProfile(t.Context(), ref(u), profiles[0]))
	require.NoError(t, d.Directory.SetAvatar(t.Context(), ref(u), given))
	before := d.Describe(t, u.Username)
	requireWhole := func() {
		t.Helper()
		require.True(t, d.SignsIn(t, u.Username, "changed-1"))
		require.Equal(t, u.Username, d.TokenOwner(t, token))
		requireSamePicture(t, given, d.Avatar(t, u.Username))
	}

	require.NoError(t, d.Directory.SetPassword(t.Context(), ref(u), "changed-1"))
	require.Equal(t, before, d.Describe(t, u.Username))
	requireWhole()

	next := strings.ToLower(d.account().Email)
	require.NoError(t, d.Directory.SetEmail(t.Context(), ref(u), next))
	require.Equal(t, strings.ReplaceAll(before, u.Email, next), d.Describe(t, u.Username))
	requireWhole()
	require.NoError(t, d.Directory.SetEmail(t.Context(), ref(u), u.Email))

	require.NoError(t, d.Directory.SetProfile(t.Context(), ref(u), profiles[1]))
	requireWhole()
	require.NoError(t, d.Directory.SetProfile(t.Context(), ref(u), profiles[0]))
	require.Equal(t, before, d.Describe(t, u.Username))

	require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), false))
	require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), true))
	require.Equal(t, before, d.Describe(t, u.Username))
	requireWhole()
}

func directoryChangesEnded(t *testing.T, d directoryTest) {
	ctx, cancel := contextEnded(t)
	defer cancel()
	u := d.created(t)
	before := d.Describe(t, u.Username)
	for call, do := range d.changes(t) {
		requireNotDone(t, do(ctx, ref(u)), call)
	}
	require.Equal(t, before, d.Describe(t, u.Username))
	require.True(t, d.SignsIn(t, u.Username, u.Password))
}

func directoryPassword(t *testing.T, d directoryTest) {
	u := d.created(t)
	token := d.token(t, u, "accord-stays")
	for _, changed := range []app.Secret{"changed-1", "changed-2", app.Secret(strings.Repeat("x9 ", 20))} {
		for range 2 {
			require.NoError(t, d.Directory.SetPassword(t.Context(), ref(u), changed))
			require.True(t, d.SignsIn(t, u.Username, changed))
			require.False(t, d.SignsIn(t, u.Username, u.Password))
			require.Equal(t, u.Username, d.TokenOwner(t, token))
		}
		u.Password = changed
	}
}

func directoryPasswordRefused(t *testing.T, d directoryTest) {
	u := d.created(t)
	for _, bad := range []app.Secret{"", "short1"} {
		requireInvalid(t, d.Directory.SetPassword(t.Context(), ref(u), bad), "password")
		require.True(t, d.SignsIn(t, u.Username, u.Password))
		require.False(t, d.SignsIn(t, u.Username, bad))
	}
}

// A shut-out user keeps all there is, and has it again.
func directoryActive(t *testing.T, d directoryTest) {
	u := d.created(t)
	token := d.token(t, u, "accord-stays")
	before := d.Describe(t, u.Username)
	for range 2 {
		for range 2 {
			require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), false))
			require.Empty(t, d.TokenOwner(t, token))
			require.False(t, d.SignsIn(t, u.Username, u.Password))
		}
		for range 2 {
			require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), true))
			require.Equal(t, u.Username, d.TokenOwner(t, token))
			require.True(t, d.SignsIn(t, u.Username, u.Password))
		}
	}
	require.Equal(t, before, d.Describe(t, u.Username))
}
