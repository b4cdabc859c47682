package saga

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"
)

// Runner runs sagas over a journal. It is safe for concurrent use.
type Runner struct {
	journal Journal
	o       Options
	slots   chan struct{} // taken by claimed sagas
	wake    chan struct{} // a slot came free

	mu        sync.Mutex
	stopped   bool
	flows     map[string]*flow
	passes    map[*pass]struct{}
	watches   map[string]*watch
	abandoned map[string]int64 // epochs by id
}

// NewRunner makes a runner. Without Run it renews no lease and recovers
// nothing: its sagas must then end within Options.Lease.
func NewRunner(j Journal, o Options) *Runner {
	o = o.withDefaults()
	return &Runner{
		journal: j, o: o,
		slots: make(chan struct{}, o.Concurrency), wake: make(chan struct{}, 1),
		flows: map[string]*flow{}, passes: map[*pass]struct{}{},
		watches: map[string]*watch{}, abandoned: map[string]int64{},
	}
}

var errStopped = errors.New("saga: the runner stops")

func (r *Runner) bind(f *flow) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, bound := r.flows[f.name]; bound {
		return false
	}
	r.flows[f.name] = f
	return true
}

func (r *Runner) flow(name string) *flow {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.flows[name]
}

// newPass prepares a pass over a saga that this runner holds until then.
func (r *Runner) newPass(base context.Context, f *flow, rec Record, until time.Time) *pass {
	p := &pass{r: r, f: f, id: rec.ID, epoch: rec.Epoch, base: base, rec: rec, over: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancelCause(base)
	p.forward = p.ctx
	p.lease = newLease(r.o.Now, until, p.cancel)
	return p
}

// enlist keeps the pass's lease renewed, unless the runner has stopped.
func (r *Runner) enlist(p *pass) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stopped {
		r.passes[p] = struct{}{}
	}
	return !r.stopped
}

// end lets go of what a pass used.
func (p *pass) end() {
	p.lease.drop(context.Canceled)
	p.r.mu.Lock()
	delete(p.r.passes, p)
	p.r.mu.Unlock()
	close(p.over)
}

// running returns the passes that are under way.
func (r *Runner) running() []*pass {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*pass, 0, len(r.passes))
	for p := range r.passes {
		all = append(all, p)
	}
	return all
}

// stop lets no further saga begin.
func (r *Runner) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
}

func (r *Runner) watch(w *watch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watches[w.id] = w
}

func (r *Runner) unwatch(w *watch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.watches, w.id)
}

func (r *Runner) watcher(id string) *watch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.watches[id]
}

// abandon remembers a lease of ours that no pass uses: renewing would keep it
// from recovery for ever.
func (r *Runner) abandon(id string, epoch int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.abandoned[id] = epoch
}

// orphans returns the abandoned sagas.
func (r *Runner) orphans() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.abandoned)
}

// adopted forgets an abandoned saga.
func (r *Runner) adopted(id string, epoch int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.abandoned[id] == epoch {
		delete(r.abandoned, id)
	}
}
