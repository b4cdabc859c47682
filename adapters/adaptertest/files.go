package adaptertest

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// FilesFixture is a store of pictures to be tried, and what the test may do to it.
type FilesFixture struct {
	Files app.Files
	// Stored lists and deletes the same pictures.
	Stored app.StoredPictures
	// NewAccount returns an accountId that was never used on this store.
	NewAccount func() string
	// Fetch reads a URL like somebody without an account; false where there is
	// nothing to be read.
	Fetch func(t *testing.T, url string) ([]byte, bool)
}

// Files runs the conformance suite of app.Files. Each test asks for a fixture;
// they may share one store.
func Files(t *testing.T, fixture func(t *testing.T) FilesFixture) {
	tests := map[string]func(*testing.T, FilesFixture){
		"everybody can read a picture":      filesRead,
		"the name is made from the content": filesNames,
		"removal is the account's own":      filesRemove,
		"accounts that are none":            filesNoAccount,
		"a call whose context has ended":    filesEnded,
		"pictures are listed and deleted":   filesStored,
		"many pictures at once":             filesAtOnce,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, fixture(t)) })
	}
}

// Picture is a small PNG; each number up to 255 has another.
func Picture(t *testing.T, number int) []byte {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, 16, 16))
	picture.Pix[0] = byte(number)
	var content bytes.Buffer
	require.NoError(t, png.Encode(&content, picture))
	return content.Bytes()
}

func (f FilesFixture) put(t *testing.T, account string, content []byte) string {
	t.Helper()
	url, err := f.Files.PutPicture(t.Context(), account, content)
	require.NoError(t, err)
	f.requirePicture(t, url, content)
	return url
}

func (f FilesFixture) requirePicture(t *testing.T, url string, want []byte) {
	t.Helper()
	got, found := f.Fetch(t, url)
	require.True(t, found, url)
	require.Equal(t, want, got)
}

func (f FilesFixture) requireNone(t *testing.T, url string) {
	t.Helper()
	_, found := f.Fetch(t, url)
	require.False(t, found, url)
}

func filesRead(t *testing.T, f FilesFixture) {
	account := f.NewAccount()
	url := f.put(t, account, Picture(t, 1))
	require.Equal(t, url, f.put(t, account, Picture(t, 1)), "repeatable")
	f.requireNone(t, url+"x")
}

func filesNames(t *testing.T, f FilesFixture) {
	account, other := f.NewAccount(), f.NewAccount()
	one, two := f.put(t, account, Picture(t, 1)), f.put(t, account, Picture(t, 2))
	require.NotEqual(t, one, two)
	require.NotEqual(t, one, f.put(t, other, Picture(t, 1)), "each account has its own")
	f.requirePicture(t, one, Picture(t, 1))
}

func filesRemove(t *testing.T, f FilesFixture) {
	account := f.NewAccount()
	longer, other := account+"4", f.NewAccount()
	one, two := f.put(t, account, Picture(t, 1)), f.put(t, account, Picture(t, 2))
	longers, others := f.put(t, longer, Picture(t, 1)), f.put(t, other, Picture(t, 1))
	for range 2 { // absent is done
		require.NoError(t, f.Files.RemovePictures(t.Context(), account))
		f.requireNone(t, one)
		f.requireNone(t, two)
	}
	f.requirePicture(t, longers, Picture(t, 1))
	f.requirePicture(t, others, Picture(t, 1))
	require.NoError(t, f.Files.RemovePictures(t.Context(), f.NewAccount()), "never there is done too")
	require.Equal(t, one, f.put(t, account, Picture(t, 1)))
}

func filesNoAccount(t *testing.T, f FilesFixture) {
	for _, account := range []string{"", "a/b", "/", ".accord", ".."} {
		url, err := f.Files.PutPicture(t.Context(), account, Picture(t, 1))
		requireRefused(t, err)
		require.Empty(t, url)
		requireRefused(t, f.Files.RemovePictures(t.Context(), account))
	}
}

func filesEnded(t *testing.T, f FilesFixture) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	account := f.NewAccount()
	url := f.put(t, account, Picture(t, 1))
	requireRefused(t, f.Files.RemovePictures(ended, account))
	f.requirePicture(t, url, Picture(t, 1))
	_, err := f.Files.PutPicture(ended, account, Picture(t, 2))
	requireRefused(t, err)
}

// stored lists the account's pictures, page by page.
func (f FilesFixture) stored(t *testing.T, account string) (names []string) {
	t.Helper()
	for after := ""; ; {
		page, next, err := f.Stored.Pictures(t.Context(), after, 2)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), 2)
		for _, p := range page {
			if p.AccountID == account {
				require.WithinDuration(t, time.Now(), p.StoredAt, time.Hour)
				names = append(names, p.Name)
			}
		}
		if next == "" {
			return names
		}
		require.Greater(t, next, after)
		after = next
	}
}

func filesStored(t *testing.T, f FilesFixture) {
	account, other := f.NewAccount(), f.NewAccount()
	one, two, three := f.put(t, account, Picture(t, 1)), f.put(t, account, Picture(t, 2)), f.put(t, account, Picture(t, 3))
	others := f.put(t, other, Picture(t, 1))
	names := f.stored(t, account)
	require.Len(t, names, 3)
	require.IsIncreasing(t, names)
	for _, url := range []string{one, two, three} {
		require.True(t, slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(url, "/"+name) }), url)
	}
	gone := one[strings.LastIndex(one, account):]
	for range 2 { // absent is done
		require.NoError(t, f.Stored.RemovePicture(t.Context(), gone))
		f.requireNone(t, one)
		require.Len(t, f.stored(t, account), 2)
	}
	f.requirePicture(t, two, Picture(t, 2))
	f.requirePicture(t, others, Picture(t, 1))
	for _, name := range []string{"", account, account + "/", account + "/a.png", "../" + gone, "/" + gone, gone + "x"} {
		requireRefused(t, f.Stored.RemovePicture(t.Context(), name))
	}
}

// filesAtOnce stores, one picture from several sides, and removes one account's
// while another's are stored.
func filesAtOnce(t *testing.T, f FilesFixture) {
	account, leaves := f.NewAccount(), f.NewAccount()
	gone := f.put(t, leaves, Picture(t, 1))
	urls := make([]string, crowd)
	atOnce(t, func(i int) (err error) {
		if i%4 == 0 {
			return f.Files.RemovePictures(t.Context(), leaves)
		}
		urls[i], err = f.Files.PutPicture(t.Context(), account, Picture(t, i/2))
		if err != nil {
			return fmt.Errorf("picture %d: %w", i, err)
		}
		return nil
	})
	f.requireNone(t, gone)
	for i, url := range urls {
		if i%4 != 0 {
			f.requirePicture(t, url, Picture(t, i/2))
		}
	}
}
