// Package saga runs compensating sagas over a durable journal.
//
// A flow is a list of named steps over one typed state. Compensable steps can
// be undone; the pivot is the point of no return; retriable steps after it go
// forward until they succeed (H. Garcia-Molina and K. Salem, "Sagas", 1987).
//
//	   Begin
//	     │
//	     ▼   a step fails, or the runner died
//	 Running ───────────────▶ Unwinding ──▶ Aborted
//	     │                        │            ▲
//	     │ pivot done             │ an effect  │ looked again,
//	     │ or of unknown effect   ▼ is unknown │ all undone
//	     ▼                     Settling ───────┘
//	Completing ──▶ Committed
//	     │             ▲
//	     ▼ Do unknown  │ settled
//	 Lingering ────────┘
//
// Unwinding, Settling, Completing and Lingering are retried with backoff, then marked
// stuck in the phase they are in, until an operator decides at a Desk:
//
//	retried    it goes on in its phase, as if it had never failed
//	skipped    one step, never the pivot, counts as done or undone; it goes on
//	resolved   it ends: Committed from Completing, or where the pivot was tried
//	           and nobody knows; Aborted unless the pivot is done
//
// The journal records a step as started before its Do runs. A step that was
// started and is not known to be done or refused is of unknown effect: it is
// undone, and undone again once no late effect can follow. So is a step whose
// undoing failed without being refused, or was left to another runner: what
// such an undo did, or will do, may be half of it; where that is the second
// look, the saga goes back to Unwinding and settles anew. An exclusive saga
// keeps its subject as long, after its end is decided: a late request would
// otherwise meet what somebody else has made of the subject since. A step that
// reverses an earlier one (Reverses) is done once more then, and where that is of
// unknown effect, the saga goes back to Completing and lingers anew. The same goes for
// further subjects that its definition names (Also), so that sagas about
// different accounts take turns over what they share. A saga that another than
// its subject asks for (Record.Precedes) reserves its subject while it waits, and
// comes before the subject's own. A runner holds a
// saga by a lease with an epoch; an append under an older epoch is fenced.
//
// Transactions are shared: Begin carries the leading local steps and the first
// started marks; the append after a remote stage carries its outcomes, the
// local steps that follow, and the next started marks or the end.
package saga
