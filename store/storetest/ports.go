package storetest

import (
	"testing"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
	"accord/store"
)

// Fake is a fake of the store's ports.
type Fake struct {
	// Store has those of its fields that are ports of People, Roster, Standings,
	// Evictions, Mobiles, Accounts, Sessions, Codes, Proofs, Places and Invites, and the
	// Journal.
	*store.Store
	// SetStatus changes an account behind the ports' back.
	SetStatus func(id string, status app.Status)
}

// RunPorts runs the part of the suite that needs no database behind the ports:
// for fakes of them. fresh makes an empty one.
func RunPorts(t *testing.T, fresh func() Fake) {
	for name, test := range portTests() {
		t.Run(name, func(t *testing.T) {
			fake := fresh()
			test(t, &database{
				Store:     fake.Store,
				setStatus: func(_ *testing.T, id string, status app.Status) { fake.SetStatus(id, status) },
				replica:   func(*testing.T) *store.Store { return fake.Store },
			})
		})
	}
	t.Run("journal", func(t *testing.T) {
		sagatest.TestJournal(t, func(*testing.T) saga.Journal { return fresh().Journal })
	})
}

func portTests() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"accounts: every field is kept":                   accountKept,
		"accounts: names and addresses are unique":        accountTaken,
		"accounts: only the case of letters is ignored":   accountFolding,
		"accounts: activate":                              accountActivate,
		"accounts: abandon frees name and address":        accountAbandon,
		"accounts: times":                                 accountTimes,
		"accounts: 64 at once, one name":                  accountRaceName,
		"accounts: 64 at once, one address":               accountRaceEmail,
		"changes: credentials still hold":                 accountStillAt,
		"changes: credentials are held":                   accountStillAtHolds,
		"changes: profile":                                accountProfile,
		"changes: password":                               accountPassword,
		"changes: password against opening sessions":      accountPasswordRace,
		"changes: mobile":                                 accountMobile,
		"changes: 64 at once, one number":                 accountMobileRace,
		"addresses: reserve and release":                  emailReserve,
		"addresses: a refusal inside a transaction":       emailRefusedInside,
		"addresses: change":                               emailChange,
		"addresses: verify":                               emailVerify,
		"leaving: leave":                                  leave,
		"leaving: whose time is over":                     departed,
		"leaving: come back":                              comeBack,
		"leaving: bury":                                   bury,
		"leaving: bury against come back":                 leaveRace,
		"people: found by what others know":               peopleFound,
		"people: pages":                                   peoplePages,
		"people: search":                                  peopleSearch,
		"people: attributes":                              peopleAttributes,
		"roster: ranks":                                   rosterRanks,
		"roster: the last super-administrator":            rosterLast,
		"roster: two demote each other":                   rosterRace,
		"roster: all leave or are demoted at once":        rosterRaceAll,
		"invites: from made to revoked":                   inviteLife,
		"invites: given back once":                        inviteGivenBack,
		"invites: listed":                                 inviteList,
		"invites: 64 at once on five uses":                inviteRace,
		"leaving: who holds nobody up":                    departedHeld,
		"leaving: a postponed removal waits":              departedPostponed,
		"evictions: who is evicted again":                 evictionAgain,
		"standings: suspend and resume":                   suspend,
		"standings: who is not suspended":                 suspendRefused,
		"standings: dismiss and come back":                dismissAndBack,
		"standings: suspend against opening sessions":     suspendRace,
		"codes: from put to redeemed":                     codeLife,
		"codes: purpose":                                  codePurpose,
		"codes: one of each purpose":                      codeOfEachPurpose,
		"codes: one is live":                              codeReplaced,
		"codes: five wrong tries":                         codeTries,
		"codes: one that has run out":                     codeExpired,
		"codes: withdrawn":                                codeWithdrawn,
		"codes: part of a transaction":                    codeInside,
		"codes: redeemed 64 times at once":                codeRedeemRace,
		"proofs: from kept to used up":                    proofLife,
		"proofs: kept again":                              proofAgain,
		"proofs: a group":                                 proofGroup,
		"proofs: part of a transaction":                   proofInside,
		"proofs: used up 64 times at once":                proofRace,
		"proofs: two of a group used up 64 times at once": proofGroupRace,
		"proofs: kept 64 times at once":                   proofPutRace,
		"places: from strange to known to forgotten":      placeLife,
		"places: an account that is buried":               placeBuried,
		"ownership: disown":                               disown,
		"mobiles: who has a number":                       mobileFound,
		"sessions: from reserved to closed":               sessionLife,
		"sessions: storage credentials":                   sessionGrants,
		"sessions: who may not open":                      sessionRefused,
		"sessions: discard":                               sessionDiscard,
		"sessions: expiry":                                sessionExpiry,
		"sessions: what the client says is clipped":       sessionClipped,
		"transactions: a failed function leaves nothing":  txRollback,
		"transactions: a fenced append leaves nothing":    txFenced,
		"transactions: an ended context":                  txContext,
	}
}
