package app_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// What must hold when everything has settled. The first word of a violation is
// the promise that was broken.

func (w *simWorld) check(s *sagatest.Simulation) {
	w.checkSystems()
	w.checkOrganizations()
	w.checkAnswers()
	w.checkUses()
	w.checkRoles()
	w.checkMail()
	w.checkSecrets()
	w.checkIntruders()
	w.checkSquatted()
	if !s.Do(keepTTL, w.sweepAll) || !s.Do(0, w.resumeAll) {
		return
	}
	w.checkSystems()
	w.checkOrganizations()
	w.checkRoles()
	for _, e := range w.directory.Entries() {
		if tokens := ofSessions(e); len(tokens) > 0 {
			s.Violate("no live token", "%s keeps %v in Gitea after every session has ended", e.Username, tokens)
		}
	}
	w.checkSecrets()
}

// sweepAll ends all that has run out.
func (w *simWorld) sweepAll(ctx context.Context, r *sagatest.Replica) {
	for _, sweep := range []func(context.Context) (int, error){service(r).EndExpired, service(r).EndDeparted} {
		for range 20 {
			switch n, err := sweep(ctx); {
			case err != nil:
				w.sim.Violate("sweeps work", "%v", err)
				return
			case n == 0:
			default:
				continue
			}
			break
		}
	}
}

// resumeAll lets in again who was suspended: then his password can be tried.
func (w *simWorld) resumeAll(ctx context.Context, r *sagatest.Replica) {
	for _, id := range w.store.AccountIDs() {
		a, err := w.store.Accounts.ByID(ctx, id)
		must(err)
		if !a.Status.Suspended() {
			continue
		}
		if _, err := service(r).Resume(ctx, id); err != nil {
			w.sim.Violate("let in or shut out", "%s is not resumed: %v", id, err)
		}
	}
}

func (w *simWorld) checkSystems() {
	users := map[string]memory.Entry{}
	for i, e := range w.directory.Entries() {
		switch _, twice := users[e.Mark]; {
		case e.Organization:
			continue
		case e.Mark == "" && (i >= len(w.foreigners) || !reflect.DeepEqual(e, w.foreigners[i])):
			w.sim.Violate("foreign users untouched", "%+v", e)
		case e.Mark != "" && twice:
			w.sim.Violate("whole or absent", "two users of %s in Gitea", e.Mark)
		}
		users[e.Mark] = e
	}
	for _, f := range w.foreigners {
		if !w.directory.SignsIn(f.Username, "foreign1") {
			w.sim.Violate("foreign users untouched", "%s cannot sign in", f.Username)
		}
	}
	keys := w.storage.Users()
	if !slices.Contains(keys, simForeignKey) {
		w.sim.Violate("foreign users untouched", "the storage user is gone")
	}
	known := 1
	for _, id := range w.store.AccountIDs() {
		a, err := w.store.Accounts.ByID(context.Background(), id)
		must(err)
		user, there := users[id]
		stored := slices.Contains(keys, app.StorageKeyOf(id))
		if stored {
			known++
		}
		delete(users, id)
		w.checkPicture(a)
		switch a.Status {
		case app.Normal, app.Paused, app.Locked, app.Stopped, app.Leaving:
			w.checkWhole(a, user, there && stored)
		case app.Abandoned, app.Deleted:
			if there || stored {
				w.sim.Violate("whole or absent", "%s is in status %s; in Gitea: %t, in storage: %t", id, a.Status, there, stored)
			}
		default:
			w.sim.Violate("whole or absent", "%s is in status %s", id, a.Status)
		}
	}
	delete(users, "")
	if len(users) > 0 || known != len(keys) {
		w.sim.Violate("whole or absent", "users of no account: %v, %v", users, keys)
	}
	if left := w.store.Addresses(); len(left) > 0 {
		w.sim.Violate("whole or absent", "addresses stay reserved: %v", left)
	}
	w.checkSessions()
}

// checkPicture wants what a person uploaded to be there as long as the account.
func (w *simWorld) checkPicture(a app.Account) {
	url, uploaded := w.pictures[a.ID]
	gone := a.Status == app.Abandoned || a.Status == app.Deleted
	if _, there := w.files.Picture(url); uploaded && there == gone {
		w.sim.Violate("whole or absent", "%s is in status %s; its picture is there: %t", a.ID, a.Status, there)
	}
}

// checkWhole compares an account on all three systems.
func (w *simWorld) checkWhole(a app.Account, user memory.Entry, there bool) {
	normal := a.Status == app.Normal
	switch {
	case !there:
		w.sim.Violate("whole or absent", "%s is in status %s and not everywhere", a.ID, a.Status)
		return
	case user.ShutOut == normal || w.storage.Active(a.StorageKey) != normal:
		w.sim.Violate("let in or shut out", "%s is in status %s; shut out of Gitea: %t, let into storage: %t",
			a.ID, a.Status, user.ShutOut, w.storage.Active(a.StorageKey))
	case user.Username != a.Username || !oneAddress(user, a.Email):
		w.sim.Violate("one name and address", "%s <%s>, in Gitea %s %v", a.Username, a.Email, user.Username, user.Emails)
	case user.FullName != a.Nickname || user.Location != a.Location || user.Website != a.Website:
		w.sim.Violate("one profile", "%s: %+v, in Gitea %+v", a.ID, a.Profile, user)
	case a.AvatarURL != "" && !slices.Equal(w.directory.Avatar(a.Username), simPNGs()[a.AvatarURL]):
		w.sim.Violate("one profile", "%s: another picture in Gitea", a.ID)
	case a.GiteaID != user.ID:
		w.sim.Violate("whole or absent", "%s has number %d, in Gitea %d", a.ID, a.GiteaID, user.ID)
	}
	w.checkAttributes(a)
	password := simPasswordOf(a)
	if normal && password != "" && !w.directory.SignsIn(a.Username, password) { // after a change of owner there is none
		w.sim.Violate("one password", "%s of %s is not the one in Gitea", password.Reveal(), a.ID)
	}
}

// checkAttributes wants them and the profile to be of one change.
func (w *simWorld) checkAttributes(a app.Account) {
	profile, more, err := w.store.People.Hold(context.Background(), a.ID)
	must(err)
	want := app.Attributes{InvitedBy: more.InvitedBy}
	if n, changed := strings.CutPrefix(profile.Nickname, simNick); changed {
		number, err := strconv.Atoi(n)
		must(err)
		want = simAttributes(number)
	}
	if more != want {
		w.sim.Violate("one profile", "%s: %+v with %+v", a.ID, profile, more)
	}
}

func (w *simWorld) checkSessions() {
	open := map[string]app.Session{}
	for _, session := range w.store.OpenSessions() {
		open[session.ID] = session
		a, err := w.store.Accounts.ByID(context.Background(), session.AccountID)
		must(err)
		if a.CredentialEpoch != session.CredentialEpoch || !a.MaySignIn() {
			w.sim.Violate("no session without credentials", "%s is open at epoch %d; %s is %s at %d",
				session.ID, session.CredentialEpoch, a.ID, a.Status, a.CredentialEpoch)
		}
	}
	if n := w.store.ReservedSessions(); n > 0 {
		w.sim.Violate("whole or absent", "%d sessions stay reserved", n)
	}
	tokens := map[string]bool{}
	for _, e := range w.directory.Entries() {
		for _, name := range ofSessions(e) {
			id := strings.TrimPrefix(name, "accord-")
			tokens[id] = true
			if open[id].AccountID != e.Mark {
				w.sim.Violate("no live token", "%s of %s in Gitea", name, e.Username)
			}
		}
	}
	grants := w.storage.LiveSessions()
	for _, id := range grants {
		if _, found := open[id]; !found {
			w.sim.Violate("no live token", "storage credentials of %s", id)
		}
	}
	for id, session := range open {
		if !tokens[id] || w.sim.Now().Before(session.ExpiresAt) && !slices.Contains(grants, id) {
			w.sim.Violate("whole or absent", "session %s is open and not everywhere", id)
		}
	}
}

// ofSessions are the user's tokens but an intruder's.
func ofSessions(e memory.Entry) []string {
	return slices.DeleteFunc(slices.Clone(e.Tokens), func(name string) bool { return name == simIntruders })
}

// checkIntruders wants each to be out if a change that throws out is committed, and
// no token to end otherwise.
func (w *simWorld) checkIntruders() {
	thrownOut := map[string]string{}
	for _, id := range w.sim.Sagas() {
		rec, _ := w.sim.Saga(id)
		if rec.Phase == saga.Committed && slices.Contains([]string{"reset password", "set password", "change owner", "suspend", "delete", "evict"}, rec.Flow) {
			thrownOut[rec.Subject] = rec.Flow
		}
	}
	for _, p := range w.people {
		i := slices.IndexFunc(w.directory.Entries(), func(e memory.Entry) bool { return e.Mark == p.id })
		if !p.intruded || i < 0 {
			continue
		}
		in := slices.Contains(w.directory.Entries()[i].Tokens, simIntruders)
		switch by, out := thrownOut[p.id]; {
		case in && out:
			w.sim.Violate("no one stays in", "an intruder's token of %s lives after %q", p.name, by)
		case !in && !out:
			w.sim.Violate("no one stays in", "a token of %s has ended, and nothing was to end it", p.name)
		case !in:
			w.sim.Count("an intruder is out")
		}
	}
}

// checkAnswers compares what clients were told with what came of it.
func (w *simWorld) checkAnswers() {
	for _, a := range w.answers {
		if errors.Is(a.err, saga.ErrUndecided) || a.receipt.ID == "" {
			continue
		}
		rec, begun := w.sim.Saga(a.receipt.ID)
		// These answer what is still to be done.
		goesOn := slices.Contains([]string{"sign out", "delete", "remove person", "expel", "suspend", "evict"}, a.flow)
		switch {
		case a.err == nil && rec.Phase != saga.Committed:
			w.sim.Violate("answers agree", "%s was answered as done; %s is %q", a.flow, a.receipt.ID, rec.Phase)
		case a.err != nil && rec.Flow == "change owner": // the sign-in that was to follow is another saga
		case a.err != nil && begun && rec.Phase != saga.Aborted && !goesOn:
			w.sim.Violate("answers agree", "%s was answered %v; %s is %q", a.flow, a.err, a.receipt.ID, rec.Phase)
		}
	}
}

// checkUses counts: codes and invitations are used up by each saga that is
// committed, and by no other.
func (w *simWorld) checkUses() {
	committed := map[string]int{usesCode: w.verified}
	counted := map[string]bool{}
	for _, id := range w.sim.Sagas() {
		rec, _ := w.sim.Saga(id)
		// A notice has the origin of the change that it is about, and so has the saga
		// that takes an address. The sagas of a sign-in by code use up one code together.
		if rec.Phase != saga.Committed || rec.Flow == "send notice" || rec.Flow == "take address" || counted[rec.Origin.Request] {
			continue
		}
		counted[rec.Origin.Request] = rec.Origin.Request != ""
		for _, what := range strings.Fields(rec.Origin.Channel) {
			committed[what]++
		}
	}
	if n := w.store.Redeemed(); n != committed[usesCode] {
		w.sim.Violate("codes are used once", "%d are used up by %d sagas", n, committed[usesCode])
	}
	all, err := w.store.Invites.List(context.Background(), 0, 1)
	must(err)
	if n := all[0].Used; n != committed[usesInvite] {
		w.sim.Violate("invitations count", "%d uses by %d registrations", n, committed[usesInvite])
	}
}

// checkRoles wants everybody to have the last role that he was given, and a
// super-administrator where there was one. Operators may suspend everybody.
func (w *simWorld) checkRoles() {
	roles, left := map[string]app.Role{}, w.supers == 0
	for _, p := range w.people {
		roles[p.id] = p.role
	}
	for _, id := range w.sim.Sagas() {
		rec, _ := w.sim.Saga(id)
		left = left || rec.Flow == "suspend"
		if rec.Flow == "set role" && rec.Phase == saga.Committed {
			roles[rec.Subject] = app.Role(rec.Origin.Channel)
		}
	}
	for _, id := range w.store.AccountIDs() {
		a, err := w.store.Accounts.ByID(context.Background(), id)
		must(err)
		left = left || a.Role == app.SuperAdministrator && a.MaySignIn()
		if want, known := roles[id]; known && a.Role != want && a.Status != app.Deleted {
			w.sim.Violate("one role", "%s is %s, and was made %s", id, a.Role, want)
		}
	}
	if !left {
		w.sim.Violate("one super-administrator stays", "there were %d", w.supers)
	}
}

// checkMail wants a welcome for each registration that is committed, as long as
// the account has the address it was registered with and nobody deleted it.
func (w *simWorld) checkMail() {
	welcomed, moved := map[string]bool{}, map[string]bool{}
	for _, m := range w.mailer.Sent() {
		if m.Kind == app.MailWelcome {
			welcomed[m.To] = true
		}
	}
	for _, id := range w.sim.Sagas() {
		rec, _ := w.sim.Saga(id)
		moved[rec.Subject] = moved[rec.Subject] || rec.Flow == "change e-mail" || rec.Flow == "modify" || rec.Flow == "delete"
	}
	for _, id := range w.sim.Sagas() {
		rec, _ := w.sim.Saga(id)
		if rec.Flow != "register" || rec.Phase != saga.Committed {
			continue
		}
		a, err := w.store.Accounts.ByID(context.Background(), rec.Subject)
		if err == nil && a.Username != "" && a.HasEmail() && !moved[a.ID] && !welcomed[a.Email] {
			w.sim.Violate("what follows is done", "%s was never welcomed", a.Username)
		}
	}
}

// checkSecrets looks through all that the journal keeps of ended sagas.
func (w *simWorld) checkSecrets() {
	secret := func(text string) bool {
		return strings.Contains(text, simSecret) || strings.Contains(text, strings.Repeat("0", 30))
	}
	for _, id := range w.sim.Sagas() {
		rec, _ := w.sim.Saga(id)
		entries, err := w.store.Journal.Entries(context.Background(), id)
		must(err)
		texts := []string{rec.Reason, rec.Subject}
		if rec.Phase.Ended() {
			texts = append(texts, string(rec.State))
		}
		for _, e := range entries {
			texts = append(texts, e.Cause, e.Step)
		}
		if slices.ContainsFunc(texts, secret) {
			w.sim.Violate("no secret kept", "%s of %s", id, rec.Flow)
		}
	}
}
