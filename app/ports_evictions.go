package app

import (
	"context"
	"time"
)

// Evictions keeps when credentials of accounts are looked for again. Safe for
// concurrent use; takes part in a local step's transaction like Accounts. Errors
// are Internal.
type Evictions interface {
	// EvictAgain notes when credentials are to be looked for again; the zero time:
	// not any more. It does nothing for an absent account.
	EvictAgain(ctx context.Context, accountID string, at time.Time) error
	// PostponeEviction is EvictAgain if that time has come by now, and does nothing
	// otherwise.
	PostponeEviction(ctx context.Context, accountID string, now, at time.Time) error
	// EvictedAgain lists normal accounts for which that time has come by now, the
	// longest due first, at most limit.
	EvictedAgain(ctx context.Context, now time.Time, limit int) ([]Account, error)
}
