package sagatest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"accord/saga"
)

// call is one that waits for the scheduler.
type call struct {
	actor   *actor
	text    string
	system  string // "journal", or a remote one
	write   bool   // of a journal
	reply   bool   // its effect is done, only the reply is on its way
	r       *Replica
	ctx     context.Context
	arrived int
	verdict chan fate
}

// fate is what becomes of a call.
type fate uint8

const (
	proceeds fate = iota + 1
	// refuses: no effect, and the caller knows.
	refuses
	// failsBefore: no effect, and the caller cannot know.
	failsBefore
	// losesReply: an effect, and the caller cannot know.
	losesReply
	// comesLate: the caller has given up; the effect follows.
	comesLate
	// slowReply: an effect; the reply waits for the scheduler once more.
	slowReply
	// diesBefore and diesAfter end the process, before and after the effect.
	diesBefore
	diesAfter
)

var fateNames = map[fate]string{
	proceeds: "ok", refuses: "refused", failsBefore: "failed", losesReply: "reply lost", comesLate: "request late",
	slowReply: "reply late", diesBefore: "crash before", diesAfter: "crash after",
}

var errFault = errors.New("sagatest: injected fault")

// lateEffect is a request that its sender has given up.
type lateEffect struct {
	text     string
	deadline time.Time
	effect   func()
}

// longestLate is how long after it was given up a request may take effect. It
// is less than the engine's settle time by more than clocks may differ.
const longestLate = 25 * time.Second

// arrive waits for the scheduler.
func (s *Simulation) arrive(c *call) fate {
	c.verdict = make(chan fate)
	s.mu.Lock()
	s.arrived++
	c.arrived = s.arrived
	if c.r.gone {
		s.mu.Unlock()
		return diesBefore
	}
	s.pending = append(s.pending, c)
	s.mu.Unlock()
	return <-c.verdict
}

// waiting are the calls that wait, in an order that does not depend on which
// goroutine was faster.
func (s *Simulation) waiting() []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortFunc(s.pending, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.actor.name, b.actor.name), cmp.Compare(a.text, b.text), cmp.Compare(a.arrived, b.arrived))
	})
	return slices.Clone(s.pending)
}

// release lets a call go on to its fate.
func (s *Simulation) release(c *call, v fate) {
	s.mu.Lock()
	s.pending = slices.DeleteFunc(s.pending, func(other *call) bool { return other == c })
	s.mu.Unlock()
	s.note("%s %s %s: %s", c.r.name, c.actor.name, c.text, fateNames[v])
	if v == diesAfter {
		s.kill(c.r)
	}
	c.verdict <- v
}

// Remote is one call of a step on a remote system. effect carries it out, and
// may be run after Remote has returned: it must not use ctx. fail makes an
// error of the system's kind out of a cause. The text tells calls of one step's
// stage apart; it is the same each time.
func (r *Replica) Remote(ctx context.Context, system, text string, fail func(error) error, effect func() error) error {
	return r.RemoteCut(ctx, system, text, fail, effect, effect)
}

// RemoteCut is Remote for a call that the system carries out by cut, not by
// effect, when its caller has gone away before.
func (r *Replica) RemoteCut(ctx context.Context, system, text string, fail func(error) error, effect, cut func() error) error {
	if ctx.Err() == nil {
		r.sim.alone(&call{actor: actorOf(ctx), text: system + "." + text, r: r})
	}
	return r.carry(ctx, system, text, fail, effect, cut)
}

// Look is Remote for a call that changes nothing. It may be made outside of any
// saga, so nothing is said of whose it is.
func (r *Replica) Look(ctx context.Context, system, text string, fail func(error) error, effect func() error) error {
	return r.carry(ctx, system, text, fail, effect, effect)
}

func (r *Replica) carry(ctx context.Context, system, text string, fail func(error) error, effect, cut func() error) error {
	s := r.sim
	if err := ctx.Err(); err != nil {
		return saga.Refused(fail(err))
	}
	c := &call{actor: actorOf(ctx), text: system + "." + text, system: system, r: r, ctx: ctx}
	switch s.arrive(c) {
	case refuses:
		return saga.Refused(fail(errFault))
	case losesReply, diesAfter:
		_ = effect()
	case comesLate:
		s.postpone(c.text, cut)
	case slowReply:
		err := effect()
		again := &call{actor: c.actor, text: "reply of " + c.text, system: system, reply: true, r: r, ctx: ctx}
		if s.arrive(again) == proceeds {
			return err
		}
	case proceeds:
		return effect()
	}
	return fail(errFault)
}

// alone checks that nobody else has taken over the sagas that its actor is at: a
// step is part of one of them.
func (s *Simulation) alone(c *call) {
	s.mu.Lock()
	var overtaken []string
	for _, run := range c.actor.runs {
		if w := s.sagas[run.saga]; w != nil && w.epoch > run.epoch {
			overtaken = append(overtaken, fmt.Sprintf("epoch %d of %s, which is at %d", run.epoch, run.saga, w.epoch))
		}
	}
	none := len(overtaken) == 0 || len(overtaken) < len(c.actor.runs) || s.skewed || c.r.gone
	s.mu.Unlock()
	if !none {
		s.Violate("exclusive say", "%s begins %s under %s", c.r.name, c.text, strings.Join(overtaken, " and "))
	}
}

func (s *Simulation) postpone(text string, effect func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = append(s.late, lateEffect{text, time.Now().Add(longestLate), func() { _ = effect() }})
}

// deliver lets a late request take effect.
func (s *Simulation) deliver(i int) {
	l := s.late[i]
	s.late = slices.Delete(s.late, i, i+1)
	s.note("late: %s", l.text)
	s.Count("late effect")
	l.effect()
}

// overdue delivers what can be held up no longer.
func (s *Simulation) overdue() {
	for len(s.late) > 0 && !time.Now().Before(s.late[0].deadline) {
		s.deliver(0)
	}
}

// pass lets time pass, at most until the next late request has to arrive.
func (s *Simulation) pass(d time.Duration) {
	if len(s.late) > 0 {
		d = min(d, time.Until(s.late[0].deadline))
	}
	if d > 0 {
		s.note("wait %s", d)
		s.sleep(d)
	}
	s.overdue()
}
