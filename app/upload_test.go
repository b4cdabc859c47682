package app_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// numbered is a picture that no other number has.
func numbered(t *testing.T, number uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 4, 4))
	img.SetGray(0, 0, color.Gray{Y: number})
	var content bytes.Buffer
	require.NoError(t, png.Encode(&content, img))
	return content.Bytes()
}

// asItIs normalizes nothing.
type asItIs struct{ app.Pictures }

func (asItIs) Normalize(data []byte) ([]byte, error) { return data, nil }

func (w *world) uploads(t *testing.T, a app.Account, data []byte) string {
	t.Helper()
	address, err := w.service.Upload(t.Context(), app.Principal{Account: a}, data)
	require.NoError(t, err)
	return address
}

// The picture of one account is never another's avatar or cover, however its
// address is written, and goes with its account alone.
func TestPicturesOfOthers(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	alice, bob := w.register(t, "alice", "alice@example.com"), w.register(t, "bob", "bob@example.com")
	hers, his := w.uploads(t, alice, picture(t)), w.uploads(t, bob, picture(t))
	ours, err := url.Parse(memory.PicturesURL)
	require.NoError(t, err)
	file := strings.TrimPrefix(hers, memory.PicturesURL)
	for _, address := range []string{
		hers, hers + "?a", hers + "#a", "http://127.0.0.1:9000" + ours.Path + file, "HTTP://STORAGE.INVALID" + ours.Path + file,
		"http://storage.invalid/%68omes-public/" + file, "http://storage.invalid//homes-public/" + file, "http://storage.invalid/x/../homes-public/" + file,
		memory.PicturesURL + bob.ID + "/../" + file, memory.PicturesURL,
	} {
		refused := func(err error, field string) {
			t.Helper()
			var e *app.Error
			require.ErrorAs(t, err, &e, address)
			require.Equal(t, []app.Violation{{Field: field, Rule: app.Pattern}}, e.Violations, address)
		}
		account, err := w.store.Accounts.ByID(t.Context(), bob.ID)
		require.NoError(t, err)
		edit := func(c app.PersonChange) error {
			_, err := w.service.EditPerson(t.Context(), app.Principal{Account: account}, c)
			return err
		}
		refused(edit(app.PersonChange{AvatarURL: &address}), "avatarUrl")
		refused(edit(app.PersonChange{Attributes: app.AttributesChange{Cover: &address}}), "cover")
		_, err = w.service.Register(t.Context(), app.Registration{
			Username: "carol", Email: "carol@example.com", Password: goodPassword, Language: "en", AvatarURL: address,
		})
		refused(err, "avatarUrl")
	}
	account, err := w.store.Accounts.ByID(t.Context(), bob.ID)
	require.NoError(t, err)
	_, err = w.service.EditPerson(t.Context(), app.Principal{Account: account}, app.PersonChange{AvatarURL: &his})
	require.NoError(t, err)
	require.NoError(t, w.files.RemovePictures(t.Context(), alice.ID))
	_, found := w.files.Picture(his)
	require.True(t, found, "the same picture is kept for each account")
}

// Uploads are bounded for each account and in all, and a client learns when the
// next one is taken.
func TestUploadLimits(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	alice, bob := w.register(t, "alice", "alice@example.com"), w.register(t, "bob", "bob@example.com")
	tooOften := func(a app.Account) {
		t.Helper()
		_, err := w.service.Upload(t.Context(), app.Principal{Account: a}, picture(t))
		var e *app.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, app.TooOften, e.Kind)
		require.Equal(t, time.Hour, e.RetryAfter)
	}
	for range 20 {
		w.files.Inject("PutPicture", memoryFailBefore) // what is not kept is not charged
		_, err := w.service.Upload(t.Context(), app.Principal{Account: alice}, picture(t))
		require.Equal(t, app.StorageFailed, app.KindOf(err))
		w.uploads(t, alice, picture(t))
	}
	for range 5 { // which is not charged to the platform
		tooOften(alice)
	}
	for range 10 {
		w.uploads(t, bob, picture(t))
	}
	tooOften(bob)
	clock.Advance(time.Hour)
	w.uploads(t, alice, picture(t))
	w.uploads(t, bob, picture(t))
}

// What an account uploaded and does not use goes after a while; avatar and cover
// stay, and what was uploaded again counts as new.
func TestUnusedUploadsAreCleared(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	w.service.Pictures = asItIs{w.service.Pictures}
	alice := w.register(t, "alice", "alice@example.com")
	avatar, cover := w.uploads(t, alice, numbered(t, 1)), w.uploads(t, alice, numbered(t, 2))
	unused, again := w.uploads(t, alice, numbered(t, 3)), w.uploads(t, alice, numbered(t, 4))
	_, err := w.service.EditPerson(t.Context(), app.Principal{Account: alice}, app.PersonChange{
		AvatarURL: &avatar, Attributes: app.AttributesChange{Cover: &cover},
	})
	require.NoError(t, err)
	stranger, err := w.files.PutPicture(t.Context(), "20990101000000", numbered(t, 5))
	require.NoError(t, err)
	left := func() (n int) {
		w.swept(t, w.service.ClearUp)
		for _, address := range []string{avatar, cover, unused, again, stranger} {
			if _, found := w.files.Picture(address); found {
				n++
			}
		}
		return n
	}
	require.Equal(t, 5, left())
	clock.Advance(keepUnused)
	w.uploads(t, alice, numbered(t, 4))
	require.Equal(t, 5, left(), "not yet older")
	clock.Advance(time.Second)
	require.Equal(t, 4, left())
	_, found := w.files.Picture(unused)
	require.False(t, found)
	none := ""
	alice, err = w.store.Accounts.ByID(t.Context(), alice.ID)
	require.NoError(t, err)
	_, err = w.service.EditPerson(t.Context(), app.Principal{Account: alice}, app.PersonChange{Attributes: app.AttributesChange{Cover: &none}})
	require.NoError(t, err)
	require.Equal(t, 3, left(), "a cover that is one no more")
}
