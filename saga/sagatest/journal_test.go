package sagatest_test

import (
	"testing"

	"accord/saga"
	"accord/saga/sagatest"
)

func TestMemoryJournal(t *testing.T) {
	sagatest.TestJournal(t, func(*testing.T) saga.Journal { return sagatest.NewJournal() })
}
