package sagatest

import (
	"context"
	"errors"
	"slices"
	"time"

	"accord/saga"
)

// watched is what the simulation knows of one saga, from the writes that took
// place.
type watched struct {
	number    int
	epoch     int64
	owner     *Replica
	flow      string
	subject   string
	exclusive bool
	// also are the further subjects that it holds.
	also  []string
	phase saga.Phase
	stuck bool
}

func (w *watched) holds(subject string) bool {
	return w.subject == subject || slices.Contains(w.also, subject)
}

// simJournal is a journal as one process reaches it.
type simJournal struct {
	saga.Journal
	r *Replica
}

// reach waits for the scheduler, then calls, and tells the caller what it may
// know.
func (j *simJournal) reach(ctx context.Context, op, text string, do func(ctx context.Context) error) error {
	s := j.r.sim
	c := &call{actor: actorOf(ctx), text: "journal." + op + " " + text, system: "journal", write: true, r: j.r, ctx: ctx}
	switch s.arrive(c) {
	case proceeds:
		return do(ctx)
	case losesReply, diesAfter:
		if err := do(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return errFault
}

// Begin implements saga.Journal.
func (j *simJournal) Begin(ctx context.Context, fn saga.WriteFunc) error {
	return j.reach(ctx, "begin", "", func(ctx context.Context) error {
		var written saga.Write
		err := j.Journal.Begin(ctx, capture(fn, &written))
		if err == nil {
			j.r.sim.began(j.r, actorOf(ctx), written)
		}
		return err
	})
}

// Reserve implements saga.Journal.
func (j *simJournal) Reserve(ctx context.Context, id string, subjects []string, now, until time.Time) error {
	return j.reach(ctx, "reserve", id, func(ctx context.Context) error {
		return j.Journal.Reserve(ctx, id, subjects, now, until)
	})
}

// Append implements saga.Journal.
func (j *simJournal) Append(ctx context.Context, id string, epoch int64, fn saga.WriteFunc) error {
	return j.reach(ctx, "append", id, func(ctx context.Context) error {
		var written saga.Write
		err := j.Journal.Append(ctx, id, epoch, capture(fn, &written))
		switch {
		case err == nil:
			j.r.sim.appended(j.r, actorOf(ctx), id, epoch, written.Record)
		case errors.Is(err, saga.ErrFenced):
			j.r.sim.Count("fenced")
		}
		return err
	})
}

// Claim implements saga.Journal. It takes one saga at a time, so that each
// round of recovery is about one.
func (j *simJournal) Claim(ctx context.Context, owner string, now, until time.Time, limit int) (claimed []saga.Record, err error) {
	err = j.reach(ctx, "claim", "", func(ctx context.Context) (err error) {
		claimed, err = j.Journal.Claim(ctx, owner, now, until, min(limit, 1))
		for _, rec := range claimed {
			j.r.sim.claimed(j.r, actorOf(ctx), rec)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// Renew implements saga.Journal.
func (j *simJournal) Renew(ctx context.Context, owner string, until time.Time) (n int, err error) {
	err = j.reach(ctx, "renew", "", func(ctx context.Context) (err error) {
		n, err = j.Journal.Renew(ctx, owner, until)
		return err
	})
	return n, err
}

// Load implements saga.Journal. Reads change nothing and wait for nobody.
func (j *simJournal) Load(ctx context.Context, id string) (saga.Record, error) {
	if !j.r.Alive() {
		return saga.Record{}, errProcessGone
	}
	return j.Journal.Load(ctx, id)
}

func capture(fn saga.WriteFunc, into *saga.Write) saga.WriteFunc {
	return func(ctx context.Context) (saga.Write, error) {
		w, err := fn(ctx)
		*into = w
		return w, err
	}
}

func (s *Simulation) began(r *Replica, a *actor, written saga.Write) {
	rec := written.Record
	s.mu.Lock()
	var holder string
	for id, w := range s.sagas {
		if rec.Exclusive && w.exclusive && !w.phase.Ended() && (w.holds(rec.Subject) || slices.ContainsFunc(written.Also, w.holds)) {
			holder = id
		}
	}
	s.sagas[rec.ID] = &watched{
		number: len(s.sagas), epoch: rec.Epoch, owner: r, flow: rec.Flow, subject: rec.Subject, exclusive: rec.Exclusive, also: written.Also,
		phase: rec.Phase, stuck: rec.Stuck,
	}
	a.runs = append(a.runs, tenure{rec.ID, rec.Epoch})
	s.counts["flow: "+rec.Flow]++
	s.mu.Unlock()
	if holder != "" {
		s.Violate("one at a time", "%s begins on %s and %v, of which %s holds one", rec.ID, rec.Subject, written.Also, holder)
	}
}

func (s *Simulation) appended(r *Replica, a *actor, id string, epoch int64, rec saga.Record) {
	s.mu.Lock()
	a.wrote(rec)
	w := s.sagas[id]
	fenced, stranger := w.epoch != epoch, w.owner != r
	w.phase, w.stuck = rec.Phase, rec.Stuck
	s.mu.Unlock()
	if fenced || stranger {
		s.Violate("fencing", "%s wrote %s under epoch %d; it is at %d", r.name, id, epoch, w.epoch)
	}
}

func (s *Simulation) claimed(r *Replica, a *actor, rec saga.Record) {
	s.mu.Lock()
	w := s.sagas[rec.ID]
	next := w.epoch + 1
	w.epoch, w.owner = rec.Epoch, r
	a.runs = []tenure{{rec.ID, rec.Epoch}}
	s.counts["claimed"]++
	s.mu.Unlock()
	if rec.Epoch != next {
		s.Violate("exclusive say", "%s got %s at epoch %d, the next is %d", r.name, rec.ID, rec.Epoch, next)
	}
}

// checkHistory looks at what the journal keeps of each saga.
func (s *Simulation) checkHistory() {
	for _, id := range s.Sagas() {
		rec, found := s.Saga(id)
		if !found {
			s.Violate("no saga lost", "%s is not in the journal", id)
			continue
		}
		if rec.Phase.Ended() && len(rec.State) > 0 {
			s.Violate("no secret kept", "%s of %s has ended and keeps its state", id, rec.Flow)
		}
		s.Count("outcome: " + rec.Flow + " " + string(rec.Phase))
		entries, err := s.scenario.Journal.Entries(context.Background(), id)
		if err != nil {
			s.Violate("no saga lost", "%s has no history: %v", id, err)
		}
		for _, e := range entries {
			if e.Event == saga.EventTakenOver {
				s.Count("taken over")
			}
		}
	}
}
