package memory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"sync"

	"accord/app"
	"accord/saga"
)

// PicturesURL is what the URL of every picture begins with.
const PicturesURL = "http://storage.invalid/homes-public/"

// Files is a fake of app.Files with the behaviour of the real adapter. Its
// methods' names are those of its faults. Safe for concurrent use.
type Files struct {
	*Faults

	mu sync.Mutex
	// pictures by URL.
	pictures map[string][]byte
}

var _ app.Files = (*Files)(nil)

// NewFiles makes a store without pictures.
func NewFiles() *Files {
	return &Files{Faults: newFaults(app.StorageFailed), pictures: map[string][]byte{}}
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
		f.pictures[url] = bytes.Clone(png)
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

var errNoAccount = errors.New("not an accountId")

// Picture is what everybody reads at the URL; false where there is nothing.
func (f *Files) Picture(url string) ([]byte, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	png, found := f.pictures[url]
	return bytes.Clone(png), found
}
