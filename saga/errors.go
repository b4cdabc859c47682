package saga

import "errors"

var (
	// ErrFenced says that another runner took the saga over: the writer's epoch
	// is no longer the record's, and nothing was written.
	ErrFenced = errors.New("saga: fenced: another runner holds the lease")
	// ErrBusy says that another saga holds the subject.
	ErrBusy = errors.New("saga: the subject is held by another saga")
	// ErrNotFound says that the journal has no such saga.
	ErrNotFound = errors.New("saga: not found")
	// ErrExists says that the journal already has a saga of that id.
	ErrExists = errors.New("saga: id already used")
	// ErrUndecided says that the wait ended before the outcome was decided; the
	// saga goes on in the background. It wraps the last cause where there is one.
	ErrUndecided = errors.New("saga: outcome not decided yet")
	// ErrLate says that the deadline of the forward phase passed.
	ErrLate = errors.New("saga: the deadline of the forward phase passed")
	// ErrInterrupted says that the runner went away before the pivot.
	ErrInterrupted = errors.New("saga: the runner went away before the pivot")
	// ErrElsewhere comes with ErrUndecided and tells more: another runner took the
	// saga over and committed it, and what its state held is gone. Where nobody
	// needs that, it is as good as done.
	ErrElsewhere = errors.New("saga: committed by another runner, which scrubbed the state")
)

// refusal marks an error as "certainly did nothing".
type refusal struct{ err error }

func (r refusal) Error() string { return r.err.Error() }
func (r refusal) Unwrap() error { return r.err }

// Refused wraps err to promise that the try changed nothing, so that its own
// compensation is not needed. Refused(nil) is nil.
func Refused(err error) error {
	if err == nil {
		return nil
	}
	return refusal{err}
}

// IsRefused reports whether err, or an error it wraps, was made by Refused.
func IsRefused(err error) bool {
	var r refusal
	return errors.As(err, &r)
}

// Graver returns the one fault that is reported of two parts of a try, either of
// which may be nil: a refusal of one part says nothing of the other, whose effect may
// not be known. Of equals it is the first.
func Graver(first, next error) error {
	if first == nil || IsRefused(first) && next != nil && !IsRefused(next) {
		return next
	}
	return first
}

// progress marks an error as "came nearer to the end".
type progress struct{ err error }

func (p progress) Error() string { return p.err.Error() }
func (p progress) Unwrap() error { return p.err }

// Progressed wraps err to promise that the try of a retriable step, although it
// failed, did a part of the work for good, or waited for another saga that will end.
// The tries before it then do not count towards Options.MaxAttempts.
// Progressed(nil) is nil.
func Progressed(err error) error {
	if err == nil {
		return nil
	}
	return progress{err}
}

// HasProgressed reports whether err, or an error it wraps, was made by Progressed.
func HasProgressed(err error) bool {
	var p progress
	return errors.As(err, &p)
}
