package app_test

import (
	"context"
	"slices"
	"strings"

	"accord/adapters/memory"
	"accord/saga"
	"accord/saga/sagatest"
)

// simSquatted are the addresses that people add to their Gitea users without a
// proof: ones that others want, and first ones of others.
var simSquatted = []string{"new@example.com", "Third@example.com", "other@example.com", "alice@example.com", "bob@example.com"}

// squat adds an address to the person's user in Gitea, past Accord, unless a user
// there has it.
func (w *simWorld) squat(p ...*simPerson) sagatest.Request {
	address := pickOf(w.sim, simSquatted...)
	return func(context.Context, *sagatest.Replica) { w.addAddress(p[0], address) }
}

func (w *simWorld) addAddress(p *simPerson, address string) {
	all := w.directory.Entries()
	taken := slices.ContainsFunc(all, func(e memory.Entry) bool {
		return slices.ContainsFunc(e.Emails, func(held string) bool { return strings.EqualFold(held, address) })
	})
	at := slices.IndexFunc(all, func(e memory.Entry) bool { return e.Mark == p.id })
	if taken || at < 0 || all[at].ShutOut {
		return
	}
	w.directory.AddEmails(all[at].Username, address)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.squatted[address] = p.id
	w.sim.Count("squatted")
}

// checkSquatted wants a second address to be where it was added, unless a saga
// that may take it was committed or its user's own sagas may have removed it.
func (w *simWorld) checkSquatted() {
	own := map[string]bool{}
	for _, id := range w.sim.Sagas() {
		rec, _ := w.sim.Saga(id)
		if rec.Phase == saga.Committed && slices.Contains([]string{"register", "change e-mail"}, rec.Flow) {
			return
		}
		if !slices.Contains([]string{"sign in", "sign out", "edit"}, rec.Flow) {
			own[rec.Subject] = true
		}
	}
	for _, e := range w.directory.Entries() {
		for address, id := range w.squatted {
			// The first address of an account is put back by undos.
			if id == "" || e.Mark != id || own[id] || address == "alice@example.com" || address == "bob@example.com" {
				continue
			}
			if !slices.Contains(e.Emails, address) {
				w.sim.Violate("nothing is taken from others", "%s has lost %s", e.Username, address)
			}
			w.sim.Count("a second address stays")
		}
	}
}

// oneAddress reports whether a user in Gitea has the account's address, and
// beside it none but what its person added.
func oneAddress(user memory.Entry, email string) bool {
	return strings.EqualFold(user.Emails[0], email) && !slices.ContainsFunc(user.Emails[1:], func(second string) bool {
		return !slices.Contains(simSquatted, second)
	})
}
