package sagatest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// journalFault is one way for a journal write to go wrong.
type journalFault struct {
	name          string
	before, after func(*life) error
}

func fails(*life) error { return errInjected }

func dies(l *life) error {
	l.die()
	return errInjected
}

func journalFaults() []journalFault {
	return []journalFault{
		{name: "fails", before: fails},
		{name: "loses its reply", after: fails},
		{name: "never comes: the process dies", before: dies},
		{name: "is the last: the process dies", after: dies},
	}
}

// maxWrites is more journal writes than any flow takes.
const maxWrites = 40

// eachWrite lets the first, the second … journal write go wrong, until there
// are no more.
func eachWrite[S any](t *testing.T, open func(*testing.T, *Clock) World[S], how journalFault, back bool) {
	way := "forward"
	if back {
		way = "back"
	}
	for n := 1; ; n++ {
		require.Less(t, n, maxWrites, "a flow that never stops writing")
		reached := false
		t.Run(fmt.Sprintf("%s: journal write %d %s", way, n, how.name), func(t *testing.T) {
			tr := newTrial(t, open)
			want := either
			if back {
				want = tr.turnBack()
			}
			done := tr.failWrite(n, how)
			tr.finish(want)
			reached = done()
		})
		if !reached {
			return
		}
	}
}

// failWrite makes the nth write go wrong. The write count is that of the first
// runner; its probes after a fault are not counted.
func (tr *trial[S]) failWrite(n int, how journalFault) func() bool {
	var mu sync.Mutex
	writes, done := 0, false
	l := tr.flow.life
	hook := func(f func(*life) error, op Op) error {
		mu.Lock()
		defer mu.Unlock()
		if f == nil || done || op != OpBegin && op != OpAppend {
			return nil
		}
		if writes++; writes < n {
			return nil
		}
		done = true
		return f(l)
	}
	tr.journal.Before = func(op Op) error {
		if err := l.alive(); err != nil {
			return err
		}
		return hook(how.before, op)
	}
	tr.journal.After = func(op Op) error { return hook(how.after, op) }
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		return done
	}
}
