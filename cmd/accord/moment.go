package main

import "time"

// shownTime is the form of times that commands print, in the platform's zone:
// RFC 3339.
const shownTime = time.RFC3339

// shownStep is shownTime with milliseconds: steps follow one another quickly.
const shownStep = "2006-01-02T15:04:05.000Z07:00"

// moment is a time to be read; - for never.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(shownTime)
}

// inZone is the time in that zone; zero stays zero.
func inZone(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}
