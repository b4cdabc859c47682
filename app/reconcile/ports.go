// Package reconcile compares what the account store says with what Gitea and the
// storage show, and mends what differs: Plan, which changes nothing, and Apply,
// by which each repair is a saga. The store is the truth.
package reconcile

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"accord/app"
)

// Pace holds a reader up before each request, as long as the operator's limit
// wants it. Its error is ctx's.
type Pace func(ctx context.Context) error

// Accounts reads the account store. An account that lives is neither deleted nor
// abandoned. Safe for concurrent use. Lists are read page by page, so that what
// changes meanwhile may show either way; a reader that fails yields the error and
// ends.
type Accounts interface {
	// ByGiteaID yields every account that lives in the order of Gitea's numbers,
	// those of one number by accountId.
	ByGiteaID(ctx context.Context) iter.Seq2[app.Facts, error]
	// ByID yields every account that lives in the order of accountIds.
	ByID(ctx context.Context) iter.Seq2[app.Facts, error]
	// Count is how many accounts live.
	Count(ctx context.Context) (int, error)
	// Find returns those of the accounts that exist, in any status, by id.
	Find(ctx context.Context, ids []string) (map[string]app.Facts, error)
	// Busy returns those of the accounts that have a saga which has not ended, or
	// which was at work since then.
	Busy(ctx context.Context, ids []string, since time.Time) (map[string]bool, error)
	// Pending lists sagas that have not ended, oldest first, at most limit, and
	// tells how many there are.
	Pending(ctx context.Context, limit int) ([]PendingSaga, int, error)
	// OpenSessions is that of app.AccountRepairs.
	OpenSessions(ctx context.Context, ids []string) (map[string]string, error)
	// Mirrored returns those of the accounts whose password in Gitea the user knows.
	Mirrored(ctx context.Context, ids []string) (map[string]bool, error)
}

// PendingSaga is one that has not ended.
type PendingSaga struct {
	ID, Flow, Phase string
	// AccountID is the saga's subject; Username is empty where that is no account.
	AccountID, Username string
	// Stuck sagas wait for an operator.
	Stuck bool
}

// Directory reads Gitea. Safe for concurrent use. Errors are those of
// app.Directory; app.ErrDenied is in the chain where the administrator was
// turned away.
type Directory interface {
	// EachUser yields every user by number. A reading that is not whole ends with
	// ErrIncomplete.
	EachUser(ctx context.Context, pace Pace) iter.Seq2[app.DirectoryView, error]
	// EachSecondAddress yields the addresses of users that are not their first ones.
	// What changes meanwhile may be passed over.
	EachSecondAddress(ctx context.Context, pace Pace) iter.Seq2[HeldAddress, error]
	// SecondAddresses returns those of the users that bear the mark of an account.
	SecondAddresses(ctx context.Context, accountID string) ([]HeldAddress, error)
	// SessionTokens returns the names of the user's access tokens that are
	// sessions' by app.SessionOfToken. An absent user has none.
	SessionTokens(ctx context.Context, username string) ([]string, error)
	// UserNumbered and UsersMarked are those of app.DirectoryRepairs.
	UserNumbered(ctx context.Context, id int64) (app.DirectoryView, bool, error)
	UsersMarked(ctx context.Context, accountID string) ([]app.DirectoryView, error)
	// Belongings is that of app.Directory.
	Belongings(ctx context.Context, ref app.DirectoryRef) (app.Belongings, error)
}

// HeldAddress is an address of a Gitea user, by Gitea's number of the user.
type HeldAddress struct {
	UserID int64
	Email  string
}

// Storage reads the storage. Safe for concurrent use. Errors are those of
// app.Storage; app.ErrDenied likewise.
type Storage interface {
	// EachUser yields every user, most servers by access key. A reading that is not
	// whole ends with an error.
	EachUser(ctx context.Context) iter.Seq2[app.StorageView, error]
	// User is that of app.StorageRepairs.
	User(ctx context.Context, key string) (app.StorageView, bool, error)
}

// ErrIncomplete says that a reading is not whole: nothing can be concluded from
// what it does not show.
var ErrIncomplete = errors.New("the reading is not complete")

// Incomplete is an ErrIncomplete that says what is missing.
func Incomplete(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrIncomplete, fmt.Sprintf(format, args...))
}
