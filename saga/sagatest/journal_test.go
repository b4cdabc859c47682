package sagatest_test

import (
	"testing"

	"accord/saga"
	"accord/saga/sagatest"
)

func TestMemoryArchive(t *testing.T) {
	sagatest.TestArchive(t, func(*testing.T) (saga.Journal, saga.Archive) {
		j := sagatest.NewJournal()
		return j, j
	})
}

func TestMemoryJournal(t *testing.T) {
	sagatest.TestJournal(t, func(*testing.T) saga.Journal { return sagatest.NewJournal() })
}
