package storetest

import (
	"testing"

	"accord/saga"
	"accord/saga/sagatest"
	"accord/store"
)

// RunPorts runs the part of the suite that needs no database behind the ports:
// for fakes of them. fresh makes an empty one; of the store's fields it fills
// Accounts, Sessions, Codes and Journal.
func RunPorts(t *testing.T, fresh func() *store.Store) {
	tests := map[string]func(*testing.T, *database){
		"accounts: every field is kept":                 accountKept,
		"accounts: names and addresses are unique":      accountTaken,
		"accounts: only the case of letters is ignored": accountFolding,
		"accounts: abandon frees name and address":      accountAbandon,
		"accounts: times":                               accountTimes,
		"changes: credentials are held":                 accountStillAtHolds,
		"addresses: reserve and release":                emailReserve,
		"addresses: a refusal inside a transaction":     emailRefusedInside,
		"addresses: change":                             emailChange,
		"addresses: verify":                             emailVerify,
		"codes: from put to redeemed":                   codeLife,
		"codes: one is live":                            codeReplaced,
		"codes: five wrong tries":                       codeTries,
		"codes: limits":                                 codeLimits,
		"codes: withdrawn":                              codeWithdrawn,
		"codes: part of a transaction":                  codeInside,
		"sessions: from reserved to closed":             sessionLife,
		"sessions: discard":                             sessionDiscard,
		"sessions: expiry":                              sessionExpiry,
		"sessions: what the client says is clipped":     sessionClipped,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, &database{Store: fresh()}) })
	}
	t.Run("journal", func(t *testing.T) {
		sagatest.TestJournal(t, func(*testing.T) saga.Journal { return fresh().Journal })
	})
}
