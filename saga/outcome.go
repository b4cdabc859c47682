package saga

// Outcome is what one journal transaction decides about a saga.
type Outcome struct {
	// Event is EventCommitted where the pivot is done or EventAborted where the
	// saga turns back, one of them once for each saga; or an operator's move:
	// EventRetried, EventSkipped or EventResolved.
	Event Event
	// Step is the one that was skipped.
	Step string
	// Cause is why the saga was aborted: the failed step's error, ErrLate,
	// ErrInterrupted or ErrResolved.
	Cause error
	// By is who asked for the saga, or made the move.
	By Origin
}

// decision tells whether the saga's outcome was decided between two records.
func decision(sh shape, before, after Record, cause error) (Outcome, bool) {
	o := Outcome{By: after.Origin}
	switch {
	case committed(sh, before) || unwound(before):
		return o, false
	case committed(sh, after):
		o.Event = EventCommitted
		return o, true
	case unwound(after):
		o.Event, o.Cause = EventAborted, cause
		if cause == nil {
			o.Cause = ErrInterrupted
		}
		return o, true
	}
	return o, false
}
