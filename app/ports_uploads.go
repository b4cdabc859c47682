package app

import (
	"context"
	"time"
)

// StoredPicture is an uploaded picture in the file store.
type StoredPicture struct {
	// Name is the picture's in the store: the accountId, a slash and a name made
	// from the content. Its URL ends with it.
	Name      string
	AccountID string
	// StoredAt is when it was last uploaded.
	StoredAt time.Time
}

// StoredPictures lists and deletes uploaded pictures. Safe for concurrent use.
// Errors are StorageFailed.
type StoredPictures interface {
	// Pictures lists pictures by name, those after that name, at most limit. What
	// is in the store and is no picture of ours is passed over, so that fewer are
	// no sign of the end; next is the name to go on after, empty at the end.
	Pictures(ctx context.Context, after string, limit int) (page []StoredPicture, next string, err error)
	// RemovePicture deletes one by its name. Idempotent; absent is done. A name
	// that is none of a picture is refused.
	RemovePicture(ctx context.Context, name string) error
}
