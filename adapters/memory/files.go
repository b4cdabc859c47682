package memory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/png"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"accord/app"
	"accord/saga"
)

// PicturesURL is what the URL of every picture begins with.
const PicturesURL = "http://storage.invalid/homes-public/"

// Files is a fake of app.Files with the behaviour of the real adapter. Its
// methods' names are those of its faults. Safe for concurrent use.
type Files struct {
	*Faults

	// Now is the clock by which pictures are stored; set it before the first use.
	Now func() time.Time

	mu sync.Mutex
	// pictures by URL.
	pictures map[string][]byte
	// stored is when, by URL.
	stored map[string]time.Time
}

var (
	_ app.Files          = (*Files)(nil)
	_ app.StoredPictures = (*Files)(nil)
)

// NewFiles makes a store without pictures but the generated ones.
func NewFiles() *Files {
	f := &Files{Faults: newFaults(app.StorageFailed), Now: time.Now, pictures: map[string][]byte{}, stored: map[string]time.Time{}}
	var dot bytes.Buffer
	if err := png.Encode(&dot, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err) // a buffer takes everything
	}
	for n := range app.GeneratedAvatars {
		f.pictures[PicturesURL+app.GeneratedAvatar(n)] = dot.Bytes()
	}
	return f
}

// PutPicture is that of app.Files.
func (f *Files) PutPicture(ctx context.Context, accountID string, png []byte) (string, error) {
	const call = "PutPicture"
	sum := sha256.Sum256(png)
	url := PicturesURL + accountID + "/" + hex.EncodeToString(sum[:]) + ".png"
	err := f.run(ctx, call, func() error {
		if !plain(accountID) {
			return saga.Refused(f.failure(call, errNoAccount))
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.pictures[url], f.stored[url] = bytes.Clone(png), f.Now()
		return nil
	})
	if err != nil {
		return "", err
	}
	return url, nil
}

// RemovePictures is that of app.Files.
func (f *Files) RemovePictures(ctx context.Context, accountID string) error {
	const call = "RemovePictures"
	return f.run(ctx, call, func() error {
		if !plain(accountID) {
			return saga.Refused(f.failure(call, errNoAccount))
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		maps.DeleteFunc(f.pictures, func(url string, _ []byte) bool {
			return strings.HasPrefix(url, PicturesURL+accountID+"/")
		})
		return nil
	})
}

// Pictures implements app.StoredPictures.
func (f *Files) Pictures(ctx context.Context, after string, limit int) (page []app.StoredPicture, next string, err error) {
	err = f.run(ctx, "Pictures", func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, url := range slices.Sorted(maps.Keys(f.pictures)) {
			name := strings.TrimPrefix(url, PicturesURL)
			if name <= after || !pictureName.MatchString(name) {
				continue
			}
			if len(page) == limit {
				next = page[limit-1].Name
				break
			}
			account, _, _ := strings.Cut(name, "/")
			page = append(page, app.StoredPicture{Name: name, AccountID: account, StoredAt: f.stored[url]})
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return page, next, nil
}

// pictureName matches what PutPicture calls a picture.
var pictureName = regexp.MustCompile(`^[^./][^/]*/[0-9a-f]{64}\.png$`)

// RemovePicture implements app.StoredPictures.
func (f *Files) RemovePicture(ctx context.Context, name string) error {
	const call = "RemovePicture"
	return f.run(ctx, call, func() error {
		if !pictureName.MatchString(name) {
			return saga.Refused(f.failure(call, errors.New("not the name of a picture")))
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.pictures, PicturesURL+name)
		return nil
	})
}

var errNoAccount = errors.New("not an accountId")

// Picture is what everybody reads at the URL; false where there is nothing.
func (f *Files) Picture(url string) ([]byte, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	png, found := f.pictures[url]
	return bytes.Clone(png), found
}
