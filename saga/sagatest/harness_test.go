package sagatest_test

import (
	"context"
	"maps"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"accord/saga"
	"accord/saga/sagatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// signup is a flow's state in small: a name, and the number the remote gave it.
type signup struct {
	Name   string
	Number int
	Secret string
}

// town is three systems in small: a local one, whose writes take part in the
// journal's transaction, and two remote ones.
type town struct {
	mu     sync.Mutex
	local  map[string]string
	remote map[string]int
	store  map[string]bool
	mails  int
}

func (w *town) setLocal(ctx context.Context, name, status string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := maps.Clone(w.local)
	if status == "" {
		delete(w.local, name)
	} else {
		w.local[name] = status
	}
	sagatest.Rollback(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.local = before
	})
	return nil
}

func (w *town) definition() saga.Definition[signup] {
	local := func(status string) saga.Action[signup] {
		return func(ctx context.Context, s *signup) error { return w.setLocal(ctx, s.Name, status) }
	}
	remote := func(f func(s *signup)) saga.Action[signup] {
		return func(ctx context.Context, s *signup) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			f(s)
			return ctx.Err()
		}
	}
	d := saga.Sequence("signup",
		saga.One(saga.Step[signup]{
			Name: "reserve", Kind: saga.Compensable, Local: true, Do: local("reserved"), Undo: local(""),
		}),
		saga.Parallel(
			saga.Step[signup]{
				Name: "remote", Kind: saga.Compensable,
				Do:   remote(func(s *signup) { w.remote[s.Name], s.Number = 7, 7 }),
				Undo: remote(func(s *signup) { delete(w.remote, s.Name) }),
			},
			saga.Step[signup]{
				Name: "store", Kind: saga.Compensable,
				Do:   remote(func(s *signup) { w.store[s.Name] = true }),
				Undo: remote(func(s *signup) { delete(w.store, s.Name) }),
			},
		),
		saga.One(saga.Step[signup]{Name: "open", Kind: saga.Pivot, Local: true, Do: local("open")}),
		saga.One(saga.Step[signup]{
			Name: "greet", Kind: saga.Retriable, Detached: true,
			Do: remote(func(*signup) { w.mails++ }),
		}),
	)
	d.Exclusive = true
	return d
}

func newTown() *town {
	return &town{local: map[string]string{}, remote: map[string]int{}, store: map[string]bool{}}
}

func (w *town) world(d saga.Definition[signup]) sagatest.World[signup] {
	return sagatest.World[signup]{
		Definition: d, Journal: sagatest.NewJournal(), Subject: "ann", State: signup{Name: "ann", Secret: "s3cret"},
		Check: func(t *testing.T, committed bool) {
			if committed {
				require.Equal(t, map[string]string{"ann": "open"}, w.local)
				require.Equal(t, map[string]int{"ann": 7}, w.remote)
				require.Equal(t, map[string]bool{"ann": true}, w.store)
				require.Positive(t, w.mails)
				return
			}
			require.Empty(t, w.local)
			require.Empty(t, w.remote)
			require.Empty(t, w.store)
			require.Zero(t, w.mails)
		},
	}
}

func TestFailEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(*testing.T, *sagatest.Clock) sagatest.World[signup] {
		w := newTown()
		return w.world(w.definition())
	})
}

// TestFailEveryStepRemotePivot is the same for a flow whose pivot is remote, in
// front of steps that are waited for.
func TestFailEveryStepRemotePivot(t *testing.T) {
	sagatest.FailEveryStep(t, func(*testing.T, *sagatest.Clock) sagatest.World[signup] {
		w := newTown()
		d := w.definition()
		d.Stages[2], d.Stages[3] = saga.One(saga.Step[signup]{
			Name: "pivot", Kind: saga.Pivot, Do: func(context.Context, *signup) error { return nil },
		}), saga.Parallel(
			saga.Step[signup]{Name: "first", Kind: saga.Retriable, Do: d.Stages[3][0].Do},
			saga.Step[signup]{Name: "second", Kind: saga.Retriable, Do: d.Stages[3][0].Do},
		)
		d.Stages = append(d.Stages, saga.One(saga.Step[signup]{
			Name: "open", Kind: saga.Retriable, Local: true, Do: func(ctx context.Context, s *signup) error {
				return w.setLocal(ctx, s.Name, "open")
			},
		}))
		return w.world(d)
	})
}
