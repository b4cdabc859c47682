package sagatest

import (
	"context"
	"fmt"
	"time"
)

// storm begins the requests and lets everything go wrong that is planned.
func (s *Simulation) storm() {
	requests := s.scenario.Requests
	s.inTurn = s.Chance(2)
	for s.step = 0; s.step < maxChaos; s.step++ {
		s.quiet()
		s.overdue()
		for _, do := range s.plan.at[s.step] {
			do(s)
			s.quiet()
		}
		waiting := s.waiting()
		if len(requests) == 0 && len(waiting) == 0 && s.resting() {
			return
		}
		if s.letGo(waiting) {
			continue
		}
		switch able := s.able(); {
		case len(waiting) > 0 && s.Rand.IntN(10) < 7:
			s.advance(waiting)
		case len(requests) > 0 && len(able) > 0 && (!s.inTurn || s.resting()) && s.Chance(2):
			s.request(len(requests), requests[0], able[s.Rand.IntN(len(able))])
			requests = requests[1:]
		case len(s.late) > 0 && !s.lateOnly && s.Chance(16):
			s.deliver(s.Rand.IntN(len(s.late)))
		default:
			s.idle()
		}
	}
}

// letGo releases a call that its caller has given up, or whose process is gone.
func (s *Simulation) letGo(waiting []*call) bool {
	for _, c := range waiting {
		if c.r.gone || c.ctx.Err() != nil {
			v, _ := s.fateOf(c)
			s.release(c, v)
			return true
		}
	}
	return false
}

// advance lets one of the calls go on, or time where all of them hang.
func (s *Simulation) advance(waiting []*call) {
	for _, i := range s.Rand.Perm(len(waiting)) {
		if v, decided := s.fateOf(waiting[i]); decided {
			s.release(waiting[i], v)
			return
		}
	}
	s.pass(time.Second)
}

// idle is what happens while no call goes on.
func (s *Simulation) idle() {
	lengths := []time.Duration{
		time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, 400 * time.Millisecond, time.Second, 2 * time.Second,
	}
	able := s.able()
	switch s.Rand.IntN(4) {
	case 0:
		if len(able) > 0 {
			s.tick(able[s.Rand.IntN(len(able))])
		}
	case 1:
		for i, r := range s.replicas {
			if r.gone {
				s.replicas[i] = s.boot(i, r.generation+1)
				return
			}
		}
	default:
		s.pass(lengths[s.Rand.IntN(len(lengths))])
	}
}

func (s *Simulation) request(n int, do Request, r *Replica) {
	name := fmt.Sprintf("request%d", n)
	s.note("%s on %s", name, r.name)
	s.spawn(name, func(ctx context.Context) { do(ctx, r) })
}

// settle lets recovery finish everything. It reports whether it could.
func (s *Simulation) settle() bool {
	const poll = 500 * time.Millisecond
	ticked := false
	for range maxRounds {
		s.step++
		s.quiet()
		s.overdue()
		waiting := s.waiting()
		switch due, left := s.nextDue(); {
		case s.letGo(waiting):
		case len(waiting) > 0:
			s.advance(waiting)
		case !s.resting():
			s.pass(100 * time.Millisecond)
		case left && due > 0:
			s.pass(due)
		case left && ticked:
			s.pass(poll)
			ticked = false
		case left:
			able := s.able()
			s.tick(able[s.Rand.IntN(len(able))])
			ticked = true
		case len(s.late) > 0:
			s.pass(longestLate)
		default:
			return true
		}
	}
	s.Violate("no saga lost", "not all have ended or are stuck after %d rounds", maxRounds)
	return false
}

// nextDue tells how long it is until a saga has to be gone on with by every
// replica's clock, and whether any is left.
func (s *Simulation) nextDue() (wait time.Duration, left bool) {
	for _, id := range s.Sagas() {
		if w := s.sagas[id]; w.phase.Ended() || w.stuck {
			continue
		}
		rec, found := s.Saga(id)
		if !found {
			continue
		}
		due := rec.Due.Sub(s.Now()) + mostSkew
		if !s.skewed {
			due -= mostSkew
		}
		if !left || due < wait {
			wait, left = due, true
		}
	}
	return wait, left
}

// unstick does what an operator does when the outages are over: he lets stuck
// sagas go on.
func (s *Simulation) unstick() {
	var longest time.Duration
	for _, o := range s.down {
		longest = max(longest, time.Until(o.until))
	}
	if longest > 0 {
		s.sleep(longest)
	}
	stuck := 0
	for _, id := range s.Sagas() {
		w := s.sagas[id]
		if !w.stuck {
			continue
		}
		stuck++
		rec, _ := s.Saga(id)
		s.note("%s of %s was stuck: %s", id, rec.Flow, rec.Reason)
		if rec.Reason == "" || s.plan.long < patienceAtLeast {
			s.Violate("stuck only for long outages", "%s of %s: %q", id, rec.Flow, rec.Reason)
		}
		rec.Stuck, rec.Attempts, rec.Due = false, 0, s.Now()
		if err := s.scenario.Journal.Append(context.Background(), id, rec.Epoch, writes(rec)); err != nil {
			s.Violate("no saga lost", "%s cannot be retried: %v", id, err)
		}
		w.stuck = false
	}
	if stuck > 0 {
		s.Count("stuck")
		s.settle()
	}
}

// patienceAtLeast is the least time in which a saga can use up its attempts.
const patienceAtLeast = 2 * time.Second
