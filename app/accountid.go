package app

import "time"

// A minute has 10,000 accountIds, drawn at random. Where draws keep meeting
// used ones the minute is crowded, and the next ones are drawn from.
const (
	idTries         = 12
	idTriesAtMinute = 4
)

// idShift is how far after the present minute the try-th draw is made.
func idShift(try int) time.Duration {
	return time.Duration(max(0, try-idTriesAtMinute+1)) * time.Minute
}
