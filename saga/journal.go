package saga

import (
	"context"
	"time"
)

// Phase is where a saga stands. See the diagram in doc.go.
type Phase string

const (
	// Running: before the pivot, going forward.
	Running Phase = "running"
	// Unwinding: compensating.
	Unwinding Phase = "unwinding"
	// Settling: compensated once; waiting to look again for late effects.
	Settling Phase = "settling"
	// Completing: the pivot is decided; the rest goes forward until it is done.
	Completing Phase = "completing"
	// Lingering: everything is done; an exclusive saga holds its subject until no
	// late effect of a try that was given up can follow, and then does once more
	// what reverses one of its steps.
	Lingering Phase = "lingering"
	// Committed: ended, everything done.
	Committed Phase = "committed"
	// Aborted: ended, everything undone.
	Aborted Phase = "aborted"
)

// Ended reports whether the phase is final.
func (p Phase) Ended() bool { return p == Committed || p == Aborted }

// StepStatus is how far one step has come. A step not named in Record.Steps
// has not been started.
type StepStatus string

const (
	// Started: Do may be under way; after a crash its effect is unknown.
	Started StepStatus = "started"
	// Done: Do succeeded.
	Done StepStatus = "done"
	// DoneUnsettled: Do succeeded after a try of unknown effect, which may take
	// effect once more. Only in exclusive sagas.
	DoneUnsettled StepStatus = "done-unsettled"
	// RefusedStep: Do certainly did nothing.
	RefusedStep StepStatus = "refused"
	// Unknown: Do failed and may yet have, or take, effect.
	Unknown StepStatus = "unknown"
	// Undone: the compensation succeeded and nothing can follow.
	Undone StepStatus = "undone"
	// UndoneUnsettled: compensated after an unknown Do; looked at again when
	// the settle time has passed.
	UndoneUnsettled StepStatus = "undone-unsettled"
)

// Record is the present state of one saga, one row in a journal.
type Record struct {
	// ID is chosen by the runner, unique for ever.
	ID string
	// Flow is the Definition's name.
	Flow string
	// Subject is what the saga is about: an accountId.
	Subject string
	// Origin is who asked for it; it never changes.
	Origin Origin
	// Exclusive sagas hold their Subject until they end.
	Exclusive bool
	Phase     Phase
	// Steps holds the status of each step that was started.
	Steps map[string]StepStatus
	// State is the flow's typed state as JSON. It may hold secrets: a journal
	// seals it at rest, and it is empty once the saga has ended.
	State []byte
	// Epoch counts the leases taken; an append with another epoch is fenced.
	Epoch int64
	// Owner is the runner that holds the lease; empty while parked or ended.
	Owner string
	// Due is the end of the lease while owned, the time to go on while parked,
	// and zero when ended or stuck.
	Due time.Time
	// Attempts counts passes since the last progress that failed, or whose
	// runner went away.
	Attempts int
	// Stuck sagas wait for an operator in the phase they are in.
	Stuck bool
	// Reason is the cause of unwinding or of being stuck; never a secret.
	Reason               string
	CreatedAt, UpdatedAt time.Time
}

// Event is what an Entry tells of.
type Event string

// The events of a saga's history.
const (
	EventBegan     Event = "began"
	EventStarted   Event = "started"
	EventDone      Event = "done"
	EventRefused   Event = "refused"
	EventUnknown   Event = "unknown"
	EventUndone    Event = "undone"
	EventUndoFault Event = "undo-failed"
	EventPivot     Event = "pivot"
	EventUnwinding Event = "unwinding"
	EventSettling  Event = "settling"
	EventTakenOver Event = "taken-over"
	EventParked    Event = "parked"
	EventStuck     Event = "stuck"
	EventCommitted Event = "committed"
	EventAborted   Event = "aborted"

	// An operator's moves; the cause tells who made one, and why.
	EventRetried  Event = "retried"
	EventSkipped  Event = "skipped"
	EventResolved Event = "resolved"
)

// Entry is one line of a saga's history. It is appended, never changed.
type Entry struct {
	Event Event
	// Step is empty for events of the whole saga.
	Step string
	// Cause is the text of an error; never a secret.
	Cause string
	Epoch int64
	At    time.Time
}

// Write is what one journal transaction leaves behind.
type Write struct {
	Record  Record
	Entries []Entry
	// Also are further subjects that an exclusive saga holds together with its
	// own, each as long. Only Begin reads it.
	Also []string
}

// WriteFunc runs inside a journal's transaction, carried by ctx, and returns
// what to write. It may be called again when the transaction is retried, and
// so starts from the same input each time. Its error rolls everything back.
type WriteFunc func(ctx context.Context) (Write, error)

// Journal keeps sagas durably. All methods are safe for concurrent use, from
// several processes too. Times are kept to the millisecond or better.
type Journal interface {
	// Begin stores a new saga, with what fn wrote, in one transaction. The
	// lease is the record's Owner and Due at the record's Epoch. It returns
	// ErrExists for a used id, ErrBusy if the record is exclusive and its subject
	// or one of Also is held, in either role, by another, and fn's error unchanged in the chain. A saga that begins
	// in an ended phase is kept without state and holds nothing. A record that
	// does not precede is ErrBusy also if a subject is reserved at its UpdatedAt;
	// one that precedes ends its own reservations.
	Begin(ctx context.Context, fn WriteFunc) error
	// Reserve keeps the subjects, until that time, from sagas that do not precede,
	// see Record.Precedes. The saga of that id waits for them; it is not in the
	// journal yet. Reservations of several sagas stand beside one another. It takes
	// nothing from a saga that holds a subject. Idempotent: a later call moves the
	// end of the reservation.
	Reserve(ctx context.Context, id string, subjects []string, now, until time.Time) error
	// Append replaces the record and adds the entries, with what fn wrote, in
	// one transaction, if the stored epoch is still the given one; else
	// ErrFenced and nothing is written; ErrNotFound where there is no such saga.
	// fn runs after the epoch was checked, and the record is locked from that
	// check to the end of the transaction: appends to one saga never overlap.
	// A record whose phase has ended loses its state and its holds in the same
	// transaction. The epoch, origin and creation time of the written record are
	// the stored ones, and its lease is no shorter than the stored one of the same
	// owner: an append and a renewal can overtake each other.
	Append(ctx context.Context, id string, epoch int64, fn WriteFunc) error
	// Claim takes over at most limit sagas that have not ended, are not stuck
	// and were due at now, oldest due first: each gets the next epoch, owner
	// and until as its lease, and where it had an owner an EventTakenOver entry
	// and one more attempt.
	// Two claimants never get the same saga at the same epoch.
	Claim(ctx context.Context, owner string, now, until time.Time, limit int) ([]Record, error)
	// Renew extends every lease that owner holds to until, unless it is longer, and
	// returns how many there are. It leaves leases of other owners and parked sagas
	// alone.
	Renew(ctx context.Context, owner string, until time.Time) (int, error)
	// Load returns a record, or ErrNotFound.
	Load(ctx context.Context, id string) (Record, error)
	// Entries returns a saga's history in order, or ErrNotFound.
	Entries(ctx context.Context, id string) ([]Entry, error)
}
