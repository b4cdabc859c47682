package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// TestEveryAccountHasAnAvatar: an account that chose no picture shows a generated
// one everywhere, and its profile is accepted as it was read.
func TestEveryAccountHasAnAvatar(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.register(t, "alice", "alice@example.com")
	in := w.signIn(t, "alice")
	icon := in.Account.AvatarURL
	require.True(t, strings.HasPrefix(icon, memory.PicturesURL+"generated/"), icon)
	_, there := w.files.Picture(icon)
	require.True(t, there)

	authenticated := func() app.Principal {
		who, err := w.service.Authenticate(t.Context(), in.AccessToken)
		require.NoError(t, err)
		return who
	}
	shows := func(want string) {
		t.Helper()
		who := authenticated()
		require.Equal(t, want, who.Account.AvatarURL)
		person, err := w.service.Person(t.Context(), who)
		require.NoError(t, err)
		require.Equal(t, want, person.Account.AvatarURL)
		public, err := w.service.PersonByUserID(t.Context(), who.Account.UserID)
		require.NoError(t, err)
		require.Equal(t, want, public.AvatarURL)
		who.Account.Role = app.Administrator
		people, _, err := w.service.ListPeople(t.Context(), who, app.Page{Number: 1, Size: 1})
		require.NoError(t, err)
		require.Equal(t, want, people[0].Account.AvatarURL)
	}
	shows(icon)
	_, err := w.service.Edit(t.Context(), authenticated(), authenticated().Account.Profile)
	require.NoError(t, err, "as it was read")
	shows(icon)
	none := ""
	_, err = w.service.EditPerson(t.Context(), authenticated(), app.PersonChange{AvatarURL: &none, OwnPictures: true})
	require.NoError(t, err, "as it was read before there were any")
	require.Empty(t, w.directory.Avatar("alice"), "nothing was chosen")

	own, err := w.service.Upload(t.Context(), authenticated(), picture(t))
	require.NoError(t, err)
	for _, address := range []string{own, icon, icon} { // another picture, back, and as it was read
		_, err = w.service.EditPerson(t.Context(), authenticated(), app.PersonChange{AvatarURL: &address, OwnPictures: true})
		require.NoError(t, err)
		shows(address)
	}
	require.NotEmpty(t, w.directory.Avatar("alice"))
}

// TestGeneratedAvatarOfAnother: an account may have its own generated picture
// alone.
func TestGeneratedAvatarOfAnother(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.register(t, "alice", "alice@example.com")
	in := w.signIn(t, "alice")
	for n := range app.GeneratedAvatars {
		other := memory.PicturesURL + app.GeneratedAvatar(n)
		_, err := w.service.EditPerson(t.Context(), app.Principal{Account: in.Account}, app.PersonChange{AvatarURL: &other})
		if other == in.Account.AvatarURL {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, app.Invalid, app.KindOf(err))
	}
}
