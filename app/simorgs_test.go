package app_test

import (
	"context"
	"slices"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// simTeam is the organization that people of a simulation share.
const simTeam = "team"

// found makes an organization that has a repository of a third person, who never
// leaves. People own it, or are members.
func (w *simWorld) found() {
	if w.sim.Chance(3) {
		return
	}
	w.directory.Place(memory.Entry{Username: simTeam, Organization: true, Repositories: []string{"of-carol"}}, "")
	w.directory.Join(simTeam, "carol", w.sim.Chance(6))
	for _, p := range w.people {
		w.directory.Join(simTeam, p.name, !w.sim.Chance(5))
	}
	w.team = w.owners() > 0
}

// owners counts the owners of the organization who are people that stay: not
// those who leave or have left. Who was suspended is an operator's business.
func (w *simWorld) owners() int {
	entry, _ := w.organization()
	n := 0
	for _, name := range entry.Owners {
		i := slices.IndexFunc(w.people, func(p *simPerson) bool { return p.name == name })
		if i < 0 {
			n++
			continue
		}
		a, err := w.store.Accounts.ByID(context.Background(), w.people[i].id)
		must(err)
		if a.Status == app.Normal || a.Status.Suspended() {
			n++
		}
	}
	return n
}

func (w *simWorld) organization() (memory.Entry, bool) {
	all := w.directory.Entries()
	i := slices.IndexFunc(all, func(e memory.Entry) bool { return e.Organization })
	if i < 0 {
		return memory.Entry{}, false
	}
	return all[i], true
}

// checkOrganizations wants what others share to outlive those who leave.
func (w *simWorld) checkOrganizations() {
	if !w.team {
		return
	}
	entry, there := w.organization()
	if !there || !slices.Contains(entry.Members, "carol") || !slices.Equal(entry.Repositories, []string{"of-carol"}) {
		w.sim.Violate("organizations stay", "there: %t, %+v", there, entry)
		return
	}
	if w.owners() == 0 {
		w.sim.Violate("organizations have an owner", "all of %v leave or have left", entry.Owners)
	}
}

// partings are requests that let several owners go, and bring them back.
func (w *simWorld) partings() func() sagatest.Request {
	makers := []func(...*simPerson) sagatest.Request{
		w.remove, w.remove, w.expel, w.restore, w.suspend, w.resume, w.sweepDeparted, w.sweepDeparted,
	}
	if w.sim.Chance(2) {
		turn := 0
		return func() sagatest.Request {
			turn++
			return w.remove(w.people[turn%len(w.people)])
		}
	}
	return func() sagatest.Request { return pickOf(w.sim, makers...)(pickOf(w.sim, w.people...)) }
}
