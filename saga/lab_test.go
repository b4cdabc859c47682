package saga_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"accord/saga"
	"accord/saga/sagatest"
)

func TestMain(m *testing.M) {
	// A walk through the rules takes microseconds, and what one finds may take
	// thousands. A command line overrides this.
	if err := flag.Set("rapid.checks", "20000"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

const secret = "s3cret-of-the-state"

// order is the state of the flows under test.
type order struct {
	Secret string
	Notes  map[string]int
}

var (
	errA = errors.New("fault a")
	errB = errors.New("fault b")
)

// lab is a journal, a runner over it, and a record of what the steps did.
type lab struct {
	t       *testing.T
	journal *sagatest.Interposed
	clock   *sagatest.Clock
	now     func() time.Time // the clock's, or the bubble's
	logs    *logBook
	r       *saga.Runner

	mu     sync.Mutex
	calls  []string
	script map[string][]action
	writes int
}

type action func(ctx context.Context, o *order) error

func newLab(t *testing.T, o saga.Options) *lab {
	l := &lab{t: t, clock: sagatest.NewClock(), logs: &logBook{}, script: map[string][]action{}}
	if l.now = l.clock.Now; o.Now != nil {
		l.now = o.Now
	}
	l.journal = &sagatest.Interposed{Journal: sagatest.NewJournal(), Before: l.count}
	l.r = saga.NewRunner(l.journal, l.options("one", o))
	return l
}

func (l *lab) options(owner string, o saga.Options) saga.Options {
	o.Owner = owner
	if o.Now == nil {
		o.Now = l.now
	}
	o.Jitter = func() float64 { return 0.5 }
	o.Logger = slog.New(slog.NewTextHandler(l.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return o
}

// logBook is a log that can be read while it is written.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// lines are those that tell of a saga.
func (b *logBook) lines() []string {
	return strings.Split(strings.TrimSpace(b.String()), "\n")
}

func (l *lab) count(op sagatest.Op) error {
	if op == sagatest.OpBegin || op == sagatest.OpAppend {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.writes++
	}
	return nil
}

func (l *lab) counted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writes
}

// on scripts the calls of "do NAME" or "undo NAME", one action each; further
// calls succeed.
func (l *lab) on(call string, actions ...action) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.script[call] = append(l.script[call], actions...)
}

func returns(err error) action {
	return func(context.Context, *order) error { return err }
}

func hangs(ctx context.Context, _ *order) error {
	<-ctx.Done()
	return ctx.Err()
}

func (l *lab) call(name string) saga.Action[order] {
	return func(ctx context.Context, o *order) error {
		l.mu.Lock()
		l.calls = append(l.calls, name)
		var a action
		if queue := l.script[name]; len(queue) > 0 {
			a, l.script[name] = queue[0], queue[1:]
		}
		l.mu.Unlock()
		if a != nil {
			return a(ctx, o)
		}
		return nil
	}
}

// took returns the calls since it was last asked.
func (l *lab) took() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls = nil
	return calls
}

// takes requires that the calls were these; calls of one stage come in any
// order and are given sorted.
func (l *lab) takes(want ...string) {
	l.t.Helper()
	require.Equal(l.t, want, l.took())
}

func (l *lab) compensable(name string) saga.Step[order] {
	return saga.Step[order]{Name: name, Kind: saga.Compensable, Do: l.call("do " + name), Undo: l.call("undo " + name)}
}

func (l *lab) pivot(name string) saga.Step[order] {
	return saga.Step[order]{Name: name, Kind: saga.Pivot, Do: l.call("do " + name)}
}

func (l *lab) retriable(name string) saga.Step[order] {
	return saga.Step[order]{Name: name, Kind: saga.Retriable, Do: l.call("do " + name)}
}

func local(s saga.Step[order]) saga.Step[order] {
	s.Local = true
	return s
}

func detached(s saga.Step[order]) saga.Step[order] {
	s.Detached = true
	return s
}

// sequence is a flow of stages of one.
func sequence(steps ...saga.Step[order]) saga.Definition[order] {
	d := saga.Definition[order]{Name: "flow"}
	for _, s := range steps {
		d.Stages = append(d.Stages, saga.One(s))
	}
	return d
}

// register is the flow that most tests run: [reserve] (a ‖ b) [pivot] [mail].
func (l *lab) register() saga.Definition[order] {
	return saga.Sequence("flow",
		saga.One(local(l.compensable("reserve"))),
		saga.Parallel(l.compensable("a"), l.compensable("b")),
		saga.One(local(l.pivot("pivot"))),
		saga.One(detached(l.retriable("mail"))),
	)
}

// simple is [a] [b] [pivot] [end], all remote.
func (l *lab) simple() saga.Definition[order] {
	return sequence(l.compensable("a"), l.compensable("b"), l.pivot("pivot"), l.retriable("end"))
}

func (l *lab) bind(r *saga.Runner, d saga.Definition[order]) *saga.Flow[order] {
	l.t.Helper()
	f, err := saga.Bind(r, d)
	require.NoError(l.t, err)
	return f
}

// execute runs the flow about "subject".
func (l *lab) execute(d saga.Definition[order]) (order, saga.Receipt, error) {
	l.t.Helper()
	return l.bind(l.r, d).Execute(l.t.Context(), "subject", order{Secret: secret})
}

// second starts another runner on the same journal, with the same clock.
func (l *lab) second(o saga.Options, ds ...saga.Definition[order]) *saga.Runner {
	l.t.Helper()
	r := saga.NewRunner(l.journal, l.options("two", o))
	for _, d := range ds {
		l.bind(r, d)
	}
	return r
}

// drain waits until no pass of the runner is under way. It runs no more.
func (l *lab) drain(r *saga.Runner) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(l.t, r.Run(ctx))
}

func (l *lab) tick(r *saga.Runner) int {
	l.t.Helper()
	n, err := r.Tick(l.t.Context())
	require.NoError(l.t, err)
	return n
}

func (l *lab) load(id string) saga.Record {
	l.t.Helper()
	rec, err := l.journal.Load(l.t.Context(), id)
	require.NoError(l.t, err)
	return rec
}

// events is the history of a saga, as "event step".
func (l *lab) events(id string) []string {
	l.t.Helper()
	entries, err := l.journal.Entries(l.t.Context(), id)
	require.NoError(l.t, err)
	var all []string
	for _, e := range entries {
		text := string(e.Event)
		if e.Step != "" {
			text += " " + e.Step
		}
		all = append(all, text)
		require.NotContains(l.t, e.Cause, secret)
		require.False(l.t, e.At.IsZero())
		require.NotZero(l.t, e.Epoch)
	}
	return all
}

// put journals a saga as a runner that is gone left it, its lease just over.
func (l *lab) put(phase saga.Phase, steps map[string]saga.StepStatus) string {
	l.t.Helper()
	rec := saga.Record{
		ID: "left", Flow: "flow", Subject: "subject", Phase: phase, Steps: steps,
		State: []byte(`{"Secret":"` + secret + `"}`), Epoch: 3, Owner: "gone", Due: l.now(),
		CreatedAt: l.now(), UpdatedAt: l.now(),
	}
	require.NoError(l.t, l.journal.Journal.Begin(l.t.Context(), func(context.Context) (saga.Write, error) {
		return saga.Write{Record: rec}, nil
	}))
	return rec.ID
}

// until ticks, the clock moving to each due time, until the saga has ended or
// is stuck.
func (l *lab) until(r *saga.Runner, id string) saga.Record {
	l.t.Helper()
	for range 100 {
		rec := l.load(id)
		if rec.Phase.Ended() || rec.Stuck {
			return rec
		}
		l.clock.Reach(rec.Due)
		l.tick(r)
	}
	require.Fail(l.t, "it does not end")
	return saga.Record{}
}

func sorted(calls []string) []string {
	slices.Sort(calls)
	return calls
}

const long = time.Hour
