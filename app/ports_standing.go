package app

import (
	"context"
	"time"
)

// Standings is what operators change of where accounts stand. Safe for
// concurrent use; takes part in a local step's transaction like Accounts.
// Errors other than those named are Internal.
type Standings interface {
	// Standing locks the account's row until the transaction ends and returns its
	// status, and of a leaving account what it was before. NotFound where there is
	// no such account.
	Standing(ctx context.Context, id string) (now, before Status, err error)
	// Suspend puts a normal or suspended account into the suspended status to,
	// raises its credential epoch, closes its sessions and returns them.
	// Repeatable: one that is in that status has no sessions and stays as it is.
	// NotFound where it is neither normal nor suspended.
	Suspend(ctx context.Context, id string, to Status, at time.Time) ([]Session, error)
	// Resume makes a suspended account Normal. Repeatable; NotFound where it is
	// neither.
	Resume(ctx context.Context, id string, at time.Time) error
	// Dismiss is Accounts.Leave for accounts that are normal or suspended. What
	// they were is kept for Accounts.ComeBack. Repeatable; NotFound where it is
	// neither, nor leaving.
	Dismiss(ctx context.Context, id string, until, at time.Time) ([]Session, error)
}

// Suspended reports whether an operator keeps the account's person out.
func (s Status) Suspended() bool { return s == Paused || s == Locked || s == Stopped }

// kept reports whether the account is there to be suspended, resumed or removed.
func (s Status) kept() bool { return s == Normal || s.Suspended() }
