package sagatest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"accord/saga"
)

// Replica is one process of a simulation. Its methods are safe for concurrent
// use.
type Replica struct {
	// Service is the scenario's own.
	Service any

	sim        *Simulation
	runner     *saga.Runner
	name       string
	index      int
	generation int
	skew       time.Duration
	jitter     float64
	// gone: it has crashed, or was shut down. ends: it is shutting down.
	gone, ends bool
}

// The engine's times in simulations; those not named are the defaults.
const (
	simLease    = 4 * time.Second
	simAttempts = 8
	// mostSkew keeps two clocks less than half a lease apart.
	mostSkew = 900 * time.Millisecond
)

var errProcessGone = errors.New("sagatest: the process is gone")

// boot starts a process.
func (s *Simulation) boot(index, generation int) *Replica {
	r := &Replica{
		sim: s, index: index, generation: generation, name: fmt.Sprintf("r%d.%d", index, generation),
		jitter: float64(s.Rand.IntN(4)) / 4,
	}
	if s.skewed {
		r.skew = time.Duration(s.Rand.IntN(19)-9) * mostSkew / 9
	}
	s.note("boot %s", r.name)
	r.runner = s.scenario.Open(r)
	return r
}

// Now is the replica's own clock.
func (r *Replica) Now() time.Time { return r.sim.Now().Add(r.skew) }

// Alive reports whether the process is there: else nobody hears its answers.
func (r *Replica) Alive() bool {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	return !r.gone
}

// Options are those of the replica's runner.
func (r *Replica) Options() saga.Options {
	return saga.Options{
		Owner: r.name, Now: r.Now, NewID: r.sim.newID, Jitter: func() float64 { return r.jitter },
		Lease: simLease, MaxAttempts: simAttempts, Logger: slog.New(slog.DiscardHandler),
	}
}

// Journal is the scenario's, as this process reaches it.
func (r *Replica) Journal() saga.Journal { return &simJournal{Journal: r.sim.scenario.Journal, r: r} }

func (s *Simulation) newID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	return fmt.Sprintf("saga-%03d", s.ids)
}

// kill crashes a process: nothing of it has an effect any more. What it has
// sent may still arrive.
func (s *Simulation) kill(r *Replica) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.gone = true
}

type actorKey struct{}

// actor is who makes calls: a request, or a round of recovery.
type actor struct {
	name string
	// runs are the sagas that it began or claimed and is at: several if a step begins
	// one, or if the steps of one go on after its answer.
	runs []tenure
}

// tenure is a saga under an epoch.
type tenure struct {
	saga  string
	epoch int64
}

// wrote takes note of a saga's record: whoever wrote it is done with it where it
// ended or was left to others.
func (a *actor) wrote(rec saga.Record) {
	if !rec.Phase.Ended() && rec.Owner != "" {
		return
	}
	left := slices.DeleteFunc(slices.Clone(a.runs), func(r tenure) bool { return r.saga == rec.ID })
	if len(left) > 0 { // else what it does now is done under that one
		a.runs = left
	}
}

func actorOf(ctx context.Context) *actor {
	a, _ := ctx.Value(actorKey{}).(*actor)
	return a
}

// spawn starts an actor, and counts it until it is through.
func (s *Simulation) spawn(name string, do func(ctx context.Context)) {
	ctx := context.WithValue(context.Background(), actorKey{}, &actor{name: name})
	s.mu.Lock()
	s.active++
	s.mu.Unlock()
	go func() {
		do(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.active--
	}()
}

// resting reports whether every actor is through.
func (s *Simulation) resting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active == 0
}

// tick is one round of recovery on a replica.
func (s *Simulation) tick(r *Replica) {
	name := fmt.Sprintf("tick%d", s.step)
	s.note("%s on %s", name, r.name)
	s.spawn(name, func(ctx context.Context) { _, _ = r.runner.Tick(ctx) })
}

// shutDown ends a process in good order.
func (s *Simulation) shutDown(r *Replica) {
	r.ends = true
	s.Count("fault: shut down")
	name := fmt.Sprintf("end%d", s.step)
	s.note("%s of %s", name, r.name)
	s.spawn(name, func(ctx context.Context) {
		ctx, stop := context.WithCancel(ctx)
		stop()
		_ = r.runner.Run(ctx)
		s.kill(r)
	})
}

// able are the replicas that take requests.
func (s *Simulation) able() []*Replica {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Replica
	for _, r := range s.replicas {
		if !r.gone && !r.ends {
			all = append(all, r)
		}
	}
	return all
}
