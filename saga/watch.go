package saga

import (
	"errors"
	"fmt"
	"sync"
)

var errGoesOn = errors.New("saga: a step after the pivot goes on")

// watch is what Execute waits on: the progress of one saga, told by the passes
// of this runner or read from the journal. A nil watch takes no notice.
type watch struct {
	id    string
	f     *flow
	ready chan struct{} // closed when there is an answer

	mu           sync.Mutex
	answered     bool
	idle         bool // no pass of this runner works on it
	rec          Record
	state        any // shared with nobody
	cause, fault error
}

func newWatch(id string, f *flow) *watch {
	return &watch{id: id, f: f, ready: make(chan struct{})}
}

// follow takes over where a pass has come to; over says that it let go.
func (w *watch) follow(p *pass, over bool) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.rec.Epoch < w.rec.Epoch {
		return
	}
	w.rec, w.idle, w.fault = p.rec, over, p.fault
	if p.cause != nil {
		w.cause = p.cause
	}
	if !w.answered && committed(w.f.shape, w.rec) {
		w.keep(p, over)
	}
	w.judge()
}

// keep has a state of its own while the pass goes on with its.
func (w *watch) keep(p *pass, over bool) {
	if over {
		w.state = p.state
		return
	}
	if state, err := w.f.decode(p.rec.State); err == nil {
		w.state = state
	}
}

// lost tells that the pass had to stop without knowing. What is left to do after
// the pivot is another pass's then: the journal tells how it went.
func (w *watch) lost(err error) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle, w.fault = true, err
	if unwound(w.rec) {
		w.judge()
	}
}

// observe takes over what another runner left in the journal.
func (w *watch) observe(r Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Epoch < w.rec.Epoch || !w.idle {
		return
	}
	w.rec, w.idle = r, r.Owner == ""
	if len(r.State) > 0 {
		if state, err := w.f.decode(r.State); err == nil {
			w.state = state
		}
	}
	w.judge()
	w.idle = true
}

// resumed tells that a pass of this runner works on the saga again.
func (w *watch) resumed() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = false
}

// left reports whether nobody here works on it.
func (w *watch) left() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.idle
}

// judge answers where the outcome is decided and nothing more is waited for.
func (w *watch) judge() {
	_, untried := awaited(w.f.shape, w.rec)
	decided := committed(w.f.shape, w.rec) && untried == 0 ||
		w.idle && (committed(w.f.shape, w.rec) || unwound(w.rec))
	if decided && !w.answered {
		w.answered = true
		close(w.ready)
	}
}

// result is the answer as far as it is known, and ends the following.
func (w *watch) result() (state any, pending, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered = true
	switch {
	case unwound(w.rec) && w.cause != nil:
		return nil, nil, w.cause
	case unwound(w.rec):
		return nil, nil, errors.New("saga: undone: " + w.rec.Reason)
	case !committed(w.f.shape, w.rec):
		return nil, nil, undecided(w.fault)
	case w.state == nil:
		return nil, nil, undecided(ErrElsewhere)
	}
	if open, _ := awaited(w.f.shape, w.rec); open == 0 {
		return w.state, nil, nil
	}
	if w.fault == nil {
		return w.state, errGoesOn, nil
	}
	return w.state, w.fault, nil
}

func undecided(cause error) error {
	if cause == nil {
		return ErrUndecided
	}
	return fmt.Errorf("%w: %w", ErrUndecided, cause)
}
