package app

import (
	"context"
	"time"
)

// Ownership keeps whose an account is. Safe for concurrent use; takes part in a
// local step's transaction like Accounts.
type Ownership interface {
	// Disown takes the account from its holder: no password is right until one is
	// set, its password in Gitea is noted as RandomPassword, its number is unbound,
	// the credential epoch rises, sessions that are reserved are discarded, and all
	// open ones are closed and returned. NotFound for a tombstone.
	Disown(ctx context.Context, id string, at time.Time) ([]Session, error)
}
