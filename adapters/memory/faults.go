// Package memory has fakes of the ports of app that live in the process. Each
// passes the conformance suite of the real adapter, and each can be made to go
// wrong; see Faults.
package memory

import (
	"context"
	"errors"
	"sync"

	"accord/app"
	"accord/saga"
)

// Fault is what goes wrong with one call.
type Fault uint8

const (
	// Refuse does nothing and says so: the error is saga.Refused.
	Refuse Fault = iota + 1
	// FailBefore does nothing, but the caller cannot know.
	FailBefore
	// LoseReply takes effect, but the caller cannot know.
	LoseReply
	// Hang does nothing and answers only when the caller's context ends.
	Hang
	// Delay fails at once with unknown effect; the effect comes at Release.
	Delay
	// Hold waits for Release and then goes on as if nothing had been wrong. A
	// context that ends first makes it a Hang.
	Hold
)

// Faults makes calls of a fake go wrong, by the method's name, and counts them.
// The zero value is not usable; see newFaults. Safe for concurrent use.
type Faults struct {
	kind app.Kind

	mu     sync.Mutex
	queued map[string][]*Injected
	broken map[string]Fault
	counts map[string]int
}

// newFaults makes a control whose injected errors are of that kind.
func newFaults(kind app.Kind) *Faults {
	return &Faults{kind: kind, queued: map[string][]*Injected{}, broken: map[string]Fault{}, counts: map[string]int{}}
}

// Inject makes the next call of that name fail so, once. Faults injected for
// the same name are used in the order they came, one per call.
func (f *Faults) Inject(call string, fault Fault) *Injected {
	in := newInjected(fault)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queued[call] = append(f.queued[call], in)
	return in
}

// Break makes every call of these names fail so until Mend. Injected faults go
// first. Delay and Hold need a Release and cannot be used here; Break panics.
func (f *Faults) Break(fault Fault, calls ...string) {
	if fault == Delay || fault == Hold {
		panic("memory: Break with a fault that needs Release")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, call := range calls {
		f.broken[call] = fault
	}
}

// Mend ends every Break and forgets injected faults that no call has met.
func (f *Faults) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.broken)
	clear(f.queued)
}

// Count is how many calls of that name were made, failed ones included.
func (f *Faults) Count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[call]
}

// run carries effect out as one call of that name, with the fault that is due.
// The fake holds no lock of its own around run; effect takes it. A context that
// has ended already is refused, as a request that is never sent.
func (f *Faults) run(ctx context.Context, call string, effect func() error) error {
	in := f.next(call)
	close(in.met)
	if err := ctx.Err(); err != nil {
		in.arm(func() error { return nil })
		return saga.Refused(f.failure(call, err))
	}
	switch in.fault {
	case Refuse:
		return saga.Refused(f.failure(call, errInjected))
	case FailBefore:
		return f.failure(call, errInjected)
	case LoseReply:
		_ = effect() // a reply of either sort is what gets lost
		return f.failure(call, errInjected)
	case Hang:
		<-ctx.Done()
		return f.failure(call, ctx.Err())
	case Delay:
		in.arm(effect)
		return f.failure(call, errInjected)
	case Hold:
		select {
		case <-in.released:
			return effect()
		case <-ctx.Done():
			return f.failure(call, ctx.Err())
		}
	}
	return effect()
}

// next counts a call and takes the fault that is due for it, a zero one if none.
func (f *Faults) next(call string) *Injected {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[call]++
	queue := f.queued[call]
	if len(queue) == 0 {
		return newInjected(f.broken[call])
	}
	f.queued[call] = queue[1:]
	return queue[0]
}

func (f *Faults) failure(call string, cause error) error {
	return &app.Error{Kind: f.kind, Op: call, Err: cause}
}

var errInjected = errors.New("memory: injected fault")

// Injected is one fault that waits for its call. Safe for concurrent use.
type Injected struct {
	fault    Fault
	met      chan struct{}
	armed    chan struct{}
	released chan struct{}
	once     sync.Once
	effect   func() error
}

func newInjected(fault Fault) *Injected {
	return &Injected{
		fault: fault, met: make(chan struct{}),
		armed: make(chan struct{}), released: make(chan struct{}),
	}
}

// Met is closed when a call has run into the fault.
func (in *Injected) Met() <-chan struct{} { return in.met }

// Release lets a held call go on, or carries out the effect of a delayed one
// and returns what that came to; it waits for the delayed call if none came
// yet. Later calls of Release do nothing, as does Release of another fault.
func (in *Injected) Release() (err error) {
	in.once.Do(func() {
		close(in.released)
		if in.fault == Delay {
			<-in.armed
			err = in.effect()
		}
	})
	return err
}

func (in *Injected) arm(effect func() error) {
	in.effect = effect
	close(in.armed)
}
