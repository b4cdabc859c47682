package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"accord/saga"
)

// Departures is the account store, seen by the sweep of accounts whose grace
// period is over. Safe for concurrent use. Errors are Internal.
type Departures interface {
	// Postpone keeps Accounts.Departed from listing a leaving account before
	// until, for that reason, of which the first 200 characters are kept.
	// Idempotent; an account that is not leaving is left alone. A postponement ends
	// with the account's leaving.
	Postpone(ctx context.Context, id string, until time.Time, reason string) error
	// Postponement returns until when the removal of an account is postponed, and
	// why; zero values if it is not.
	Postponement(ctx context.Context, id string) (until time.Time, reason string, err error)
	// CountPostponed counts the leaving accounts that are postponed beyond now.
	CountPostponed(ctx context.Context, now time.Time) (int, error)
}

// How long a removal that did not begin is postponed: for an owner who is needed,
// and for any other reason.
const (
	ownerPause   = time.Hour
	removalPause = time.Minute
)

// postpone leaves the removal of an account that err kept from beginning to a
// later sweep, so that it stands before no other. While another saga holds the
// account, or the outcome is not decided, there is nothing to postpone.
func (s *Service) postpone(ctx context.Context, a Account, err error) error {
	if errors.Is(err, saga.ErrBusy) || errors.Is(err, saga.ErrUndecided) || KindOf(err) == Busy || KindOf(err) == NotFound {
		return nil
	}
	pause := removalPause
	if KindOf(err) == LastOwner {
		pause = ownerPause
		s.Logger.LogAttrs(ctx, slog.LevelWarn,
			"account is not removed: others would lose their organization; give it another owner in Gitea, or restore the account",
			slog.String("account", a.ID), slog.String("cause", err.Error()), slog.Duration("next try in", pause))
	}
	return s.Departures.Postpone(ctx, a.ID, s.Now().Add(pause), err.Error())
}
