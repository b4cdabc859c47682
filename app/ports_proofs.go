package app

import (
	"context"
	"time"
)

// Proofs remember for a short while what somebody has shown, by name, for all
// replicas. Safe for concurrent use; Consume and GiveBack take part in a local
// step's transaction. Errors other than those named are Internal.
type Proofs interface {
	// Put keeps a proof under a name of at most 512 bytes until ends. One that is
	// there already lasts at least as long as before. Repeatable.
	Put(ctx context.Context, name string, ends, now time.Time) error
	// Has reports whether a proof of that name is good at now. It changes nothing.
	Has(ctx context.Context, name string, now time.Time) (bool, error)
	// Consume uses the proof up, for one of those who ask at an instant, and
	// returns what GiveBack needs; the zero value where there is none that is
	// good at now, which is no error.
	Consume(ctx context.Context, name string, now time.Time) (ProofRef, error)
	// ConsumeOneOf is Consume for the first to end of the proofs of a group, whose
	// names are the group's, ProofMark, and a name of each.
	ConsumeOneOf(ctx context.Context, group string, now time.Time) (ProofRef, error)
	// GiveBack undoes a Consume. Repeatable; the zero value is done.
	GiveBack(ctx context.Context, ref ProofRef) error
}

// ProofMark ends the name of a group of proofs in the name of each.
const ProofMark = "#"

// ProofRef is a proof that was used up; the zero value is none.
type ProofRef struct {
	Name string
	Ends time.Time
}
