package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// TestOwnPictures: where a change asks for it, an avatar and a cover are pictures
// that their person uploaded; what stays as it was is nobody's business.
func TestOwnPictures(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	alice, bob := w.register(t, "alice", "alice@example.com"), w.register(t, "bob", "bob@example.com")
	upload := func(a app.Account) string {
		url, err := w.service.Upload(t.Context(), app.Principal{Account: a}, picture(t))
		require.NoError(t, err)
		return url
	}
	mine, his := upload(alice), upload(bob)
	edit := func(own bool, avatar, cover *string) error {
		account, err := w.store.Accounts.ByID(t.Context(), alice.ID)
		require.NoError(t, err)
		_, err = w.service.EditPerson(t.Context(), app.Principal{Account: account}, app.PersonChange{
			AvatarURL: avatar, Attributes: app.AttributesChange{Cover: cover}, OwnPictures: own,
		})
		return err
	}
	refused := func(err error, field string) {
		t.Helper()
		var e *app.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, []app.Violation{{Field: field, Rule: app.Pattern}}, e.Violations)
	}
	for _, url := range []string{
		his, "http://p.test/a.png", mine + "?", mine + "/", "x" + mine, strings.TrimSuffix(mine, ".png"), " " + his,
		memory.PicturesURL + alice.ID + "/../" + bob.ID + "/" + mine[strings.LastIndex(mine, "/")+1:],
	} {
		refused(edit(true, &url, nil), "avatarUrl")
		refused(edit(true, nil, &url), "cover")
	}
	elsewhere, none := "http://p.test/a.png", ""
	require.NoError(t, edit(false, &elsewhere, &elsewhere), "not asked for")
	require.NoError(t, edit(true, &elsewhere, &mine), "the avatar stays as it is")
	require.NoError(t, edit(true, &mine, &none), "no cover")
	blanks := " " + mine + " "
	require.NoError(t, edit(true, &blanks, &blanks))
	person, err := w.store.People.ByUserID(t.Context(), alice.UserID)
	require.NoError(t, err)
	require.Equal(t, []string{mine, mine}, []string{person.Account.AvatarURL, person.Attributes.Cover})
}

// noPictures are of a file store without any.
type noPictures struct{ app.Pictures }

func (noPictures) Fetch(context.Context, string) ([]byte, error) {
	return nil, &app.Error{Kind: app.Invalid, Violations: []app.Violation{{Field: "avatarUrl", Rule: app.Pattern}}}
}

// TestACoverThatIsNotThere: it might have been uploaded by its name.
func TestACoverThatIsNotThere(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	alice := w.register(t, "alice", "alice@example.com")
	w.service.Pictures = noPictures{w.service.Pictures}
	cover := memory.PicturesURL + alice.ID + "/" + strings.Repeat("0", 64) + ".png"
	_, err := w.service.EditPerson(t.Context(), app.Principal{Account: alice}, app.PersonChange{
		Attributes: app.AttributesChange{Cover: &cover}, OwnPictures: true,
	})
	var e *app.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, []app.Violation{{Field: "cover", Rule: app.Pattern}}, e.Violations)
}
