package memory_test

import (
	"testing"

	"accord/adapters/memory"
	"accord/saga/sagatest"
	"accord/store"
	"accord/store/storetest"
)

func TestStoreConformance(t *testing.T) {
	storetest.RunPorts(t, func() storetest.Fake {
		s := memory.NewStore(sagatest.NewJournal())
		return storetest.Fake{SetStatus: s.SetStatus, Store: &store.Store{
			Accounts: s.Accounts, Sessions: s.Sessions, People: s.People, Roster: s.Roster, Standings: s.Standings, Departures: s.Departures, Evictions: s.Evictions, Mobiles: s.Mobiles,
			Ownership: s.Ownership, Codes: s.Codes, Proofs: s.Proofs, Places: s.Places, Invites: s.Invites, Journal: s.Journal,
		}}
	})
}
