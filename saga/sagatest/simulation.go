package sagatest

import (
	"context"
	"fmt"
	"hash"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"accord/saga"
)

// Scenario is what a simulation runs: several replicas over one journal, and
// requests of clients.
type Scenario struct {
	// Journal is shared by all replicas.
	Journal saga.Journal
	// Open starts a process: it makes a runner with r.Journal and r.Options,
	// binds every flow to it, and returns it. Remote calls of its steps go
	// through r.Remote.
	Open func(r *Replica) *saga.Runner
	// Systems are the remote systems that can be down.
	Systems []string
	// Requests are begun in this order, each on some replica.
	Requests []Request
}

// Request is what one client wants. Do runs in a goroutine of its own, on ctx;
// what it is told counts only if r is alive afterwards.
type Request func(ctx context.Context, r *Replica)

// Outcome is what a simulation came to.
type Outcome struct {
	// Trace is a hash of everything that happened, in order; Lines are its text
	// where it was asked for.
	Trace uint64
	Lines []string
	// Sagas are all that were begun, by id, as the journal has them at the end.
	Sagas map[string]saga.Record
	// Counts tell what was met: faults, takeovers, fenced writes, flows.
	Counts map[string]int
	// Violations of the engine's promises.
	Violations []string
}

// Simulate runs one schedule, the same one for the same seed, in a bubble of
// virtual time of its own. make builds the scenario inside of it; check, which
// may call violate, is run when everything has settled, with all processes
// alive and all faults over. It must not be called inside a bubble.
//
// Every remote call and every journal write waits for the scheduler, which goes
// on only when nothing else can run, and picks by the seed what happens next.
func Simulate(t *testing.T, seed uint64, verbose bool, build func(s *Simulation) Scenario, check func(s *Simulation)) (out Outcome) {
	synctest.Test(t, func(*testing.T) {
		s := newSimulation(seed, verbose)
		s.scenario = build(s)
		s.run(check)
		out = Outcome{
			Trace: s.trace.Sum64(), Lines: s.lines, Sagas: s.records(), Counts: s.counts, Violations: s.violations,
		}
	})
	return out
}

// Simulation is one schedule under way. Its methods are safe for concurrent
// use where that is said.
type Simulation struct {
	// Rand is the seeded source of everything that is left to chance. It may be
	// used while a scenario is built.
	Rand *rand.Rand

	scenario Scenario
	start    time.Time
	verbose  bool
	plan     plan
	replicas []*Replica
	skewed   bool
	lateOnly bool // faults are refusals, and requests that come as late as they can
	inTurn   bool // each request waits for the one before
	chaos    bool // faults may happen
	step     int

	mu         sync.Mutex
	pending    []*call
	arrived    int
	late       []lateEffect
	active     int // requests and ticks under way
	ids        int
	sagas      map[string]*watched
	counts     map[string]int
	violations []string
	trace      hash.Hash64
	lines      []string
	down       map[string]outage
}

const replicaCount = 3

// Bounds of one schedule; what exceeds them is a violation.
const (
	maxChaos  = 400
	maxRounds = 3000
)

func newSimulation(seed uint64, verbose bool) *Simulation {
	s := &Simulation{
		Rand: rand.New(rand.NewPCG(seed, 0)), start: time.Now(), verbose: verbose, chaos: true,
		sagas: map[string]*watched{}, counts: map[string]int{}, trace: fnv.New64a(), down: map[string]outage{},
	}
	return s
}

// Violate tells that a promise was broken: the first word is which. Safe for
// concurrent use.
func (s *Simulation) Violate(promise, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, promise+": "+fmt.Sprintf(format, args...))
}

// Count counts something that was met. Safe for concurrent use.
func (s *Simulation) Count(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[what]++
}

// Now is the virtual time, without any skew. Safe for concurrent use.
func (s *Simulation) Now() time.Time { return at(0).Add(time.Since(s.start)) }

// Chance is true once in n times. For building scenarios.
func (s *Simulation) Chance(n int) bool { return s.Rand.IntN(n) == 0 }

// Saga returns the present record of a saga as the journal has it; false where
// there is none of that id.
func (s *Simulation) Saga(id string) (saga.Record, bool) {
	rec, err := s.scenario.Journal.Load(context.Background(), id)
	return rec, err == nil
}

// Sagas are the ids of all sagas, in the order they began.
func (s *Simulation) Sagas() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Keys(s.sagas), func(a, b string) int { return s.sagas[a].number - s.sagas[b].number })
}

// note writes a line of the trace.
func (s *Simulation) note(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	line = fmt.Sprintf("%4d %12s %s\n", s.step, time.Since(s.start), line)
	_, _ = s.trace.Write([]byte(line))
	if s.verbose {
		s.lines = append(s.lines, line)
	}
}

func (s *Simulation) records() map[string]saga.Record {
	all := map[string]saga.Record{}
	for _, id := range s.Sagas() {
		all[id], _ = s.Saga(id)
	}
	return all
}

// run is the life of a simulation. Whatever happens, nothing is left running.
func (s *Simulation) run(check func(*Simulation)) {
	s.plan = s.newPlan()
	s.skewed = s.Chance(2)
	for i := range replicaCount {
		s.replicas = append(s.replicas, s.boot(i, 0))
	}
	s.storm()
	s.chaos = false
	for i, r := range s.replicas {
		if r.gone {
			s.replicas[i] = s.boot(i, r.generation+1)
		}
	}
	if s.settle() {
		s.unstick()
		check(s)
		s.checkHistory()
	}
	s.bury()
}

// Do carries out a request when that much time has passed and everything has
// settled, and lets everything settle again. For checks.
func (s *Simulation) Do(after time.Duration, do Request) bool {
	s.sleep(after)
	able := s.able()
	s.request(0, do, able[s.Rand.IntN(len(able))])
	return s.settle()
}

// quiet waits until nothing goes on. What others wrote under the lock before can
// then be read without it, and they see what was read: the race detector is told
// so by the lock, since waking by the clock tells it nothing.
func (s *Simulation) quiet() {
	s.mu.Lock()
	s.mu.Unlock() //nolint:staticcheck // orders memory only
	synctest.Wait()
	s.mu.Lock()
	s.mu.Unlock() //nolint:staticcheck // orders memory only
}

// sleep lets virtual time pass, and what it wakes go on as far as it gets.
func (s *Simulation) sleep(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // the clock of a synctest bubble is the one that is handed in
	s.quiet()
}

// bury ends every process and waits until nothing runs any more.
func (s *Simulation) bury() {
	for _, r := range s.replicas {
		s.kill(r)
	}
	for range 100 {
		s.quiet()
		if len(s.pending) == 0 {
			s.sleep(time.Minute)
			s.quiet()
			if len(s.pending) == 0 && s.resting() {
				return
			}
		}
		for len(s.pending) > 0 {
			s.release(s.pending[0], diesBefore)
			s.quiet()
		}
	}
}
