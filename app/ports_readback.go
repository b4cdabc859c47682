package app

import (
	"context"
	"time"
)

// DirectoryDoor looks at Gitea from where a person's programs are. Safe for
// concurrent use. Errors are DirectoryFailed. It changes nothing.
type DirectoryDoor interface {
	// LetsIn reports whether Gitea takes the access token now.
	LetsIn(ctx context.Context, token Secret) (bool, error)
	// Tokens lists the access tokens of a user of ours whose name begins so, at
	// most a thousand. An absent user, or one without the mark, has none.
	Tokens(ctx context.Context, ref DirectoryRef, prefix string) ([]DirectoryToken, error)
}

// DirectoryToken is an access token as an administrator sees it.
type DirectoryToken struct {
	Name string
	// End is that of EndOfToken.
	End       string
	CreatedAt time.Time
}

// StorageDoor looks at the storage from where a person's programs are. Safe for
// concurrent use. Errors are StorageFailed. It changes nothing.
type StorageDoor interface {
	// LetsIn reports whether the storage takes the credentials for their home
	// now.
	LetsIn(ctx context.Context, g Grant) (bool, error)
}
