package sagatest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"accord/saga"
)

// fault is one way for a step to go wrong, at its first try only.
type fault string

const (
	none          fault = ""
	refuse        fault = "refuses"
	fail          fault = "fails before its effect"
	loseReply     fault = "loses the reply"
	hang          fault = "hangs"
	repeat        fault = "arrives twice"
	late          fault = "takes effect after the undo"
	die           fault = "dies after its effect"
	undoFail      fault = "cannot be undone at first"
	undoLoseReply fault = "loses the reply of its undo"
	undoDie       fault = "dies after its undo"
)

var errInjected = errors.New("injected fault")

// hangTime is how long a hanging step is waited for.
const hangTime = 10 * time.Millisecond

// injected is a definition with one fault in it.
type injected[S any] struct {
	definition saga.Definition[S]
	life       *life
	// late is what a delayed request does when it arrives.
	late func() error
}

// life is that of the process which runs the flow first.
type life struct {
	dead atomic.Bool
	end  context.CancelFunc // ends what waits for an answer
}

func (l *life) die() {
	l.dead.Store(true)
	l.end()
}

// alive returns an error in place of what a dead process cannot do.
func (l *life) alive() error {
	if l.dead.Load() {
		return errors.Join(errInjected, errors.New("the process is dead"))
	}
	return nil
}

// inject puts a fault into the named step.
func inject[S any](d saga.Definition[S], name string, f fault, l *life) *injected[S] {
	in := &injected[S]{definition: copied(d), life: l, late: func() error { return nil }}
	for _, stage := range in.definition.Stages {
		for i := range stage {
			if stage[i].Name == name {
				in.into(stage, i, f)
			}
		}
	}
	return in
}

// copied lets steps be replaced without touching the caller's.
func copied[S any](d saga.Definition[S]) saga.Definition[S] {
	d.Stages = slices.Clone(d.Stages)
	for i := range d.Stages {
		d.Stages[i] = slices.Clone(d.Stages[i])
	}
	return d
}

// into wraps a step; its stage-mates let a copy of the state be taken before
// any of them writes to it.
func (in *injected[S]) into(stage saga.Stage[S], at int, f fault) {
	before := &snapshot[S]{}
	for i := range stage {
		do := stage[i].Do
		stage[i].Do = func(ctx context.Context, s *S) error {
			if err := before.take(s); err != nil {
				return saga.Refused(err)
			}
			return do(ctx, s)
		}
	}
	s := &stage[at]
	switch f {
	case undoFail, undoLoseReply, undoDie:
		s.Undo = first(in.faulty(f, s.Undo, before), s.Undo)
	default:
		s.Do = first(in.faulty(f, s.Do, before), s.Do)
	}
}

// first is for the first call, rest for all others.
func first[S any](one, rest saga.Action[S]) saga.Action[S] {
	var called atomic.Bool
	return func(ctx context.Context, s *S) error {
		if called.CompareAndSwap(false, true) {
			return one(ctx, s)
		}
		return rest(ctx, s)
	}
}

func (in *injected[S]) faulty(f fault, do saga.Action[S], before *snapshot[S]) saga.Action[S] {
	return func(ctx context.Context, s *S) error {
		if err := before.take(s); err != nil {
			return saga.Refused(err)
		}
		switch f {
		case none:
			return do(ctx, s)
		case refuse:
			return saga.Refused(errInjected)
		case hang:
			ctx, cancel := context.WithTimeout(ctx, hangTime)
			defer cancel()
			<-ctx.Done()
			return ctx.Err()
		case loseReply, undoLoseReply:
			return errors.Join(errInjected, do(ctx, before.copy()))
		case repeat:
			err := do(ctx, s)
			_ = do(ctx, before.copy()) // the answer to the second is nobody's
			return err
		case late:
			ctx := context.WithoutCancel(ctx)
			in.late = func() error { return do(ctx, before.copy()) }
		case die, undoDie:
			err := do(ctx, before.copy())
			in.life.die()
			return errors.Join(errInjected, err)
		}
		return errInjected
	}
}

// mortal is the definition as the first process runs it: a dead one has no
// effect on anything.
func (in *injected[S]) mortal() saga.Definition[S] {
	d := copied(in.definition)
	for _, stage := range d.Stages {
		for i := range stage {
			stage[i].Do, stage[i].Undo = in.living(stage[i].Do), in.living(stage[i].Undo)
		}
	}
	return d
}

func (in *injected[S]) living(a saga.Action[S]) saga.Action[S] {
	if a == nil {
		return nil
	}
	return func(ctx context.Context, s *S) error {
		if err := in.life.alive(); err != nil {
			return err
		}
		return a(ctx, s)
	}
}

// snapshot is a copy of the state as it was before a stage.
type snapshot[S any] struct {
	once sync.Once
	data []byte
	err  error
}

func (c *snapshot[S]) take(s *S) error {
	c.once.Do(func() { c.data, c.err = json.Marshal(s) })
	return c.err
}

func (c *snapshot[S]) copy() *S {
	s := new(S)
	if err := json.Unmarshal(c.data, s); err != nil {
		panic(err) // what json has written it reads
	}
	return s
}
