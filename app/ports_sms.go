package app

import "context"

// SMS sends a code to a telephone. Safe for concurrent use. Errors are
// SMSFailed, saga.Refused where certainly nothing was sent. Sending twice sends
// two.
type SMS interface {
	Send(ctx context.Context, m ShortMessage) error
}

// ShortMessage is one verification code for one telephone.
type ShortMessage struct {
	// InternationalCode is the country's, digits only, e.g. "86".
	InternationalCode string
	// Mobile is the national number, digits only.
	Mobile string
	Code   Secret
	// Language is "zh" or "en".
	Language string
}
