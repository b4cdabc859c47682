package app

import "context"

// Pictures fetches and prepares avatars. Safe for concurrent use.
type Pictures interface {
	// Fetch reads the picture behind a URL of our own file store or of an
	// allowed host, and returns it re-encoded as a square PNG of at most 512
	// pixels a side. Invalid (field "avatarUrl") for an address that is not
	// allowed, too large, not a picture, or that names or leads to an inner
	// network; PictureFailed where the host did not answer.
	Fetch(ctx context.Context, url string) ([]byte, error)
	// Normalize does the same with bytes that a person uploaded. Invalid (field
	// "file") where they are no picture of a known type within the bounds.
	Normalize(data []byte) ([]byte, error)
}
