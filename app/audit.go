package app

import (
	"context"
	"errors"
	"time"

	"accord/saga"
)

// Outcomes in the trail that are no failure of a step.
const (
	outcomeCommitted   = "committed"
	outcomeAborted     = "aborted"
	outcomeInterrupted = "aborted: interrupted"
	outcomeLate        = "aborted: too late"
	outcomeResolved    = "aborted: resolved by an operator"
)

// Audited makes what tells the trail of every saga's outcome and every move of
// an operator's: for saga.Options.Decided. Codes and notices that
// are sent are left out: anyone may ask for a code, and a notice has a change
// before it, which is in the trail.
func Audited(trail Audit, now func() time.Time) func(context.Context, saga.Record, saga.Outcome) error {
	return func(ctx context.Context, r saga.Record, o saga.Outcome) error {
		if AccountOfSaga(r) == "" {
			return nil
		}
		e := AuditEntry{
			At: now(), Actor: o.By.Actor, Channel: o.By.Channel, Request: o.By.Request,
			AccountID: r.Subject, SagaID: r.ID,
		}
		e.Action, e.Outcome = told(r, o)
		return trail.Append(ctx, e)
	}
}

// AccountOfSaga returns the accountId that a saga is about; "" for one that sends a
// code or a notice.
func AccountOfSaga(r saga.Record) string {
	if r.Subject == codeSubject || r.Subject == noticeSubject {
		return ""
	}
	return r.Subject
}

// told names what was done and what came of it.
func told(r saga.Record, o saga.Outcome) (action, outcome string) {
	switch o.Event {
	case saga.EventCommitted:
		return r.Flow, outcomeCommitted
	case saga.EventAborted:
		return r.Flow, aborted(o.Cause)
	case saga.EventSkipped:
		return "saga skip", o.Step
	case saga.EventResolved:
		return "saga resolve", string(r.Phase)
	case saga.EventRetried:
		return "saga retry", string(r.Phase)
	}
	return r.Flow, string(o.Event)
}

func aborted(cause error) string {
	switch {
	case errors.Is(cause, saga.ErrInterrupted):
		return outcomeInterrupted
	case errors.Is(cause, saga.ErrLate):
		return outcomeLate
	case errors.Is(cause, saga.ErrResolved):
		return outcomeResolved
	}
	return outcomeAborted + ": " + KindOf(cause).String()
}
