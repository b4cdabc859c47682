package saga_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
	"accord/saga/sagatest"
)

// how a journal write goes wrong.
type how string

const (
	unsent     how = "does not reach the journal"
	rolledBack how = "is rolled back"
	replyLost  how = "loses its reply"
)

// failing makes the nth write go wrong; the writes of probes count too.
func (l *lab) failing(n int, h how) {
	inner := l.journal.Journal
	l.journal.Journal = &failure{Journal: inner, fails: func(point how) error {
		if point == h && l.counted() == n {
			return errJournal
		}
		return nil
	}}
}

// failure is a journal whose writes can fail at three points.
type failure struct {
	saga.Journal
	fails func(how) error
}

func (f *failure) Begin(ctx context.Context, fn saga.WriteFunc) error {
	return f.write(fn, func(fn saga.WriteFunc) error { return f.Journal.Begin(ctx, fn) })
}

func (f *failure) Append(ctx context.Context, id string, epoch int64, fn saga.WriteFunc) error {
	return f.write(fn, func(fn saga.WriteFunc) error { return f.Journal.Append(ctx, id, epoch, fn) })
}

func (f *failure) write(fn saga.WriteFunc, call func(saga.WriteFunc) error) error {
	if err := f.fails(unsent); err != nil {
		return err
	}
	err := call(func(ctx context.Context) (saga.Write, error) {
		w, err := fn(ctx)
		if err == nil {
			err = f.fails(rolledBack)
		}
		return w, err
	})
	if err == nil {
		err = f.fails(replyLost)
	}
	return err
}

// TestFaultOfTheJournal: each write of a flow goes wrong once. Only the local
// steps of a transaction that was rolled back run again.
func TestFaultOfTheJournal(t *testing.T) {
	local := map[int]string{1: "do reserve", 2: "do pivot"}
	for _, h := range []how{unsent, rolledBack, replyLost} {
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprintf("write %d %s", n, h), func(t *testing.T) {
				timed(t, saga.Options{}, func(t *testing.T, l *lab) {
					l.failing(n, h)
					_, receipt, err := l.execute(l.register())
					if n == 1 && h == unsent {
						require.ErrorIs(t, err, errJournal)
						require.NotErrorIs(t, err, saga.ErrUndecided, "nothing can have begun")
						require.Empty(t, l.took())
						return
					}
					require.NoError(t, err)
					l.drain(l.r)
					require.Equal(t, saga.Committed, l.load(receipt.ID).Phase)
					want := []string{"do a", "do b", "do mail", "do pivot", "do reserve"}
					if again, found := local[n]; found && h == rolledBack {
						want = append(want, again)
					}
					require.Equal(t, sorted(want), sorted(l.took()))
				})
			})
		}
	}
}

// TestLostReplyOnTheWayBack is the same for a saga that unwinds.
func TestLostReplyOnTheWayBack(t *testing.T) {
	for n := 2; n <= 4; n++ {
		timed(t, saga.Options{}, func(t *testing.T, l *lab) {
			l.on("do pivot", returns(errA))
			l.failing(n, replyLost)
			_, receipt, err := l.execute(l.register())
			require.ErrorIs(t, err, errA)
			require.Equal(t, saga.Aborted, l.load(receipt.ID).Phase)
			require.Equal(t, []string{
				"do a", "do b", "do pivot", "do reserve", "undo a", "undo b", "undo reserve",
			}, sorted(l.took()))
		})
	}
}

// TestUnclearBegin: the journal goes down with the reply of Begin. A saga that
// did begin is not run; it is released when the journal is back.
func TestUnclearBegin(t *testing.T) {
	for _, h := range []how{rolledBack, replyLost} {
		t.Run("begin "+string(h), func(t *testing.T) {
			timed(t, saga.Options{}, func(t *testing.T, l *lab) {
				down := true
				l.journal.Before = func(op sagatest.Op) error {
					_ = l.count(op)
					if down && op != sagatest.OpBegin {
						return errJournal
					}
					return nil
				}
				l.failing(1, h)
				_, receipt, err := l.execute(l.register())
				require.ErrorIs(t, err, saga.ErrUndecided)
				require.ErrorIs(t, err, errJournal)
				require.NotEmpty(t, receipt.ID)
				l.takes("do reserve")
				down = false
				if h == rolledBack {
					require.Zero(t, l.tick(l.r))
					_, err := l.journal.Load(t.Context(), receipt.ID)
					require.ErrorIs(t, err, saga.ErrNotFound)
					return
				}
				require.Equal(t, 1, l.tick(l.r), "released and claimed in one round")
				require.Equal(t, []string{"undo a", "undo b", "undo reserve"}, sorted(l.took()))
				require.Equal(t, saga.Settling, l.load(receipt.ID).Phase)
			})
		})
	}
}

// TestJournalDownInTheMiddle: the runner stops, keeps no lease alive by its
// heartbeat, and the saga is recovered when the journal is back.
func TestJournalDownInTheMiddle(t *testing.T) {
	timed(t, saga.Options{}, func(t *testing.T, l *lab) {
		var down atomic.Bool
		l.journal.Before = func(sagatest.Op) error {
			if down.Load() {
				return errJournal
			}
			return nil
		}
		f := l.bind(l.r, l.simple())
		l.runs(l.r)
		l.on("do a", func(context.Context, *order) error {
			down.Store(true)
			time.AfterFunc(30*time.Second, func() { down.Store(false) })
			return nil
		})
		_, receipt, err := f.Execute(t.Context(), "subject", order{})
		require.ErrorIs(t, err, saga.ErrUndecided)
		require.ErrorIs(t, err, errJournal)
		l.takes("do a")
		<-time.After(35 * time.Second)
		synctest.Wait()
		l.takes("undo a")
		require.Equal(t, saga.Settling, l.load(receipt.ID).Phase)
	})
}

// TestRunnerWithAForeignRecord: what is in the journal is neither what was
// there nor what was to be written.
func TestRunnerWithAForeignRecord(t *testing.T) {
	timed(t, saga.Options{}, func(t *testing.T, l *lab) {
		meddled := false
		l.journal.After = func(op sagatest.Op) error {
			if op != sagatest.OpAppend || meddled {
				return nil
			}
			meddled = true
			return errJournal
		}
		l.on("do b", func(context.Context, *order) error { return errA })
		inner := l.journal.Journal
		l.journal.Journal = &meddler{Journal: inner, meddled: &meddled}
		_, receipt, err := l.execute(l.simple())
		require.Error(t, err)
		l.takes("do a")
		rec := l.load(receipt.ID)
		require.Equal(t, "operator", rec.Owner)
	})
}

// meddler gives a saga another owner once a write has lost its reply.
type meddler struct {
	saga.Journal
	meddled *bool
}

func (m *meddler) Load(ctx context.Context, id string) (saga.Record, error) {
	rec, err := m.Journal.Load(ctx, id)
	if err == nil && *m.meddled {
		rec.Owner = "operator"
	}
	return rec, err
}

func TestGraver(t *testing.T) {
	refused, unclear, later := saga.Refused(errors.New("no")), errors.New("lost"), errors.New("lost again")
	for _, tt := range []struct{ first, next, want error }{
		{nil, nil, nil},
		{nil, refused, refused},
		{refused, nil, refused},
		{refused, unclear, unclear},
		{unclear, refused, unclear},
		{unclear, later, unclear},
	} {
		require.Equal(t, tt.want, saga.Graver(tt.first, tt.next))
	}
}
