package app_test

import (
	"cmp"
	"context"
	"slices"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// The requests of administrators and operators.

// manager and managed are mostly who has the most and the least to say.
func (w *simWorld) manager() *simPerson { return w.byRole(slices.MaxFunc) }
func (w *simWorld) managed() *simPerson { return w.byRole(slices.MinFunc) }

func (w *simWorld) byRole(choose func([]*simPerson, func(a, b *simPerson) int) *simPerson) *simPerson {
	if w.sim.Chance(4) {
		return pickOf(w.sim, w.people...)
	}
	return choose(w.people, func(a, b *simPerson) int {
		return cmp.Compare(slices.Index(app.Roles(), a.role), slices.Index(app.Roles(), b.role))
	})
}

// managing makes a request of a manager about a person.
func (w *simWorld) managing(flow string, do func(context.Context, *app.Service, app.Principal) (saga.Receipt, error)) sagatest.Request {
	actor := w.manager()
	return func(ctx context.Context, r *sagatest.Replica) {
		account, err := w.store.Accounts.ByID(ctx, actor.id)
		must(err)
		receipt, err := do(ctx, service(r), app.Principal{Account: account})
		w.told(r, flow, receipt, err)
	}
}

func (w *simWorld) modify(p ...*simPerson) sagatest.Request {
	in := app.PersonModification{PersonChange: simChange(w.sim.Rand.IntN(3))}
	if w.sim.Chance(2) {
		email := pickOf(w.sim, p[0].email, "new@example.com", "dave@example.com", "Third@example.com")
		in.Email = &email
	}
	return w.managing("modify", func(ctx context.Context, s *app.Service, actor app.Principal) (saga.Receipt, error) {
		return s.ModifyPerson(ctx, actor, p[0].userID, in)
	})
}

func (w *simWorld) setPassword(p ...*simPerson) sagatest.Request {
	password := pickOf(w.sim, p[0].passwords...)
	return w.managing("set password", func(ctx context.Context, s *app.Service, actor app.Principal) (saga.Receipt, error) {
		return s.SetPasswordFor(ctx, actor, p[0].userID, password)
	})
}

func (w *simWorld) setRole(p ...*simPerson) sagatest.Request {
	role := pickOf(w.sim, app.Roles()...)
	return w.managing("set role", func(ctx context.Context, s *app.Service, actor app.Principal) (saga.Receipt, error) {
		return s.SetRole(using(ctx, string(role)), actor, p[0].userID, role)
	})
}

func (w *simWorld) removePerson(p ...*simPerson) sagatest.Request {
	return w.managing("remove person", func(ctx context.Context, s *app.Service, actor app.Principal) (saga.Receipt, error) {
		return s.RemovePerson(ctx, actor, p[0].userID)
	})
}

// powers takes from anybody what he may do to others: his role, or the account.
func (w *simWorld) powers(...*simPerson) sagatest.Request {
	return pickOf(w.sim, w.setRole, w.setRole, w.removePerson, w.remove)(pickOf(w.sim, w.people...))
}

// create registers a newcomer, whose number needs no code.
func (w *simWorld) create(...*simPerson) sagatest.Request {
	in, uses, _ := w.registration()
	if in.MobileCode != "" {
		in.MobileCode, uses = "", uses[:len(uses)-1]
	}
	in.Role = pickOf(w.sim, app.Roles()...)
	return w.managing("create person", func(ctx context.Context, s *app.Service, actor app.Principal) (saga.Receipt, error) {
		_, receipt, err := s.CreatePerson(using(ctx, uses...), actor, in)
		return receipt, err
	})
}

func (w *simWorld) suspend(p ...*simPerson) sagatest.Request {
	to := pickOf(w.sim, app.Paused, app.Locked, app.Stopped)
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).Suspend(ctx, p[0].id, to)
		w.told(r, "suspend", receipt, err)
	}
}

func (w *simWorld) resume(p ...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).Resume(ctx, p[0].id)
		w.told(r, "resume", receipt, err)
	}
}

func (w *simWorld) evict(p ...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) {
		_, receipt, err := service(r).Evict(ctx, p[0].id, false)
		w.told(r, "evict", receipt, err)
	}
}

// expel removes the account, whatever its person says, at once or for a while,
// and at times brings it back.
func (w *simWorld) expel(p ...*simPerson) sagatest.Request {
	how := w.sim.Rand.IntN(3)
	restore := w.restore(p...)
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).Remove(ctx, p[0].id, how == 0)
		w.told(r, "expel", receipt, err)
		if err == nil && how == 2 {
			restore(ctx, r)
		}
	}
}
