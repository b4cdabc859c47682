package app

import (
	"context"
	"time"
)

// Listings reads accounts and sessions page by page. Safe for concurrent use.
// Errors are Internal.
type Listings interface {
	// PageOfAccounts lists accounts whose id is after the given one, in order of
	// id, at most limit; those in one of the statuses. An account that cannot be
	// opened is left out and logged.
	PageOfAccounts(ctx context.Context, statuses []Status, after string, limit int) ([]Account, error)
	// PageOfSessions lists the account's open sessions that have not run out by
	// now and whose id is after the given one, in order of id, at most limit.
	PageOfSessions(ctx context.Context, accountID string, now time.Time, after string, limit int) ([]Session, error)
	// OldestSessions lists the account's open sessions that have not run out by now,
	// but the keep of them that opened last, oldest first and at most limit.
	OldestSessions(ctx context.Context, accountID string, now time.Time, keep, limit int) ([]Session, error)
	// OpenSession finds an open session of the account, or NotFound.
	OpenSession(ctx context.Context, accountID, id string) (Session, error)
	// UnclosedOf returns the account's sessions that are open or reserved: by their
	// ids, the ends of their Gitea tokens, empty where none is recorded.
	UnclosedOf(ctx context.Context, accountID string) (tokenEnds map[string]string, err error)
}
