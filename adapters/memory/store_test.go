package memory_test

import (
	"testing"

	"accord/adapters/memory"
	"accord/saga/sagatest"
	"accord/store"
	"accord/store/storetest"
)

func TestStoreConformance(t *testing.T) {
	storetest.RunPorts(t, func() *store.Store {
		s := memory.NewStore(sagatest.NewJournal())
		return &store.Store{Accounts: s.Accounts, Sessions: s.Sessions, Codes: s.Codes, Journal: s.Journal}
	})
}
