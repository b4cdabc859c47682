package app

import (
	"context"
	"time"
)

// Leftover is a kind of row that is of no use once its time is over.
type Leftover string

// The kinds of leftovers.
const (
	// OldCodes count against a target's limits for a day.
	OldCodes Leftover = "codes"
	// OldBudgets, OldAnswers, OldProofs and OldChallenges end at a time of their
	// own. So do OldCounters and OldFailures, which releases before this one wrote.
	OldBudgets    Leftover = "budgets"
	OldCounters   Leftover = "counters"
	OldFailures   Leftover = "failures"
	OldAnswers    Leftover = "answers"
	OldProofs     Leftover = "proofs"
	OldChallenges Leftover = "challenges"
	// ClosedSessions ended before that time.
	ClosedSessions Leftover = "closed sessions"
	// ReservedSessions were to be opened and never were.
	ReservedSessions Leftover = "reserved sessions"
)

// Leftovers finds what nobody needs any more. Safe for concurrent use; rows that
// another holds are passed over. Errors are Internal.
type Leftovers interface {
	// Clear deletes rows of that kind whose time was over at before, oldest
	// first, at most limit, and returns how many.
	Clear(ctx context.Context, kind Leftover, before time.Time, limit int) (int, error)
	// AbandonReserved frees name and address of accounts that were reserved
	// before that time and have no saga that has not ended, at most limit.
	AbandonReserved(ctx context.Context, before, at time.Time, limit int) (int, error)
	// Strip takes what tells of a person from accounts that were abandoned before
	// that time, at most limit. Their ids stay used, and their marks known.
	Strip(ctx context.Context, before time.Time, limit int) (int, error)
	// Position is what SetPosition kept under that name, empty at first.
	Position(ctx context.Context, name string) (string, error)
	SetPosition(ctx context.Context, name, position string) error
}

// Archive keeps the sagas that have ended. Safe for concurrent use.
type Archive interface {
	// Prune deletes sagas that ended before that time, with their history, oldest
	// first, at most limit, and returns how many.
	Prune(ctx context.Context, before time.Time, limit int) (int, error)
}
