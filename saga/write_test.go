package saga_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
	"accord/saga/sagatest"
)

// failing makes the nth Begin or Append fail, before or after it took place,
// and, while down, every other call.
type failing struct {
	l     *lab
	after bool
	down  func(op sagatest.Op) bool
}

func (f failing) at(n int) {
	fail := func(op sagatest.Op) error {
		writes := f.l.counted()
		if (op == sagatest.OpBegin || op == sagatest.OpAppend) && writes == n {
			return errJournal
		}
		if f.down != nil && writes > n && f.down(op) {
			return errJournal
		}
		return nil
	}
	f.l.journal.Before = func(op sagatest.Op) error {
		_ = f.l.count(op)
		if f.after && f.l.counted() == n {
			return nil
		}
		return fail(op)
	}
	if f.after {
		f.l.journal.After = func(op sagatest.Op) error {
			if f.l.counted() > n {
				return nil
			}
			return fail(op)
		}
	}
}

// TestLostReplyOfTheJournal: each write of a flow loses its reply, or fails,
// once; nothing runs twice but the steps of a transaction that was rolled back.
func TestLostReplyOfTheJournal(t *testing.T) {
	for _, after := range []bool{true, false} {
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprintf("write %d, took place: %t", n, after), func(t *testing.T) {
				timed(t, saga.Options{}, func(t *testing.T, l *lab) {
					failing{l: l, after: after}.at(n)
					_, receipt, err := l.execute(l.register())
					if n == 1 && !after {
						require.ErrorIs(t, err, errJournal)
						require.NotErrorIs(t, err, saga.ErrUndecided, "nothing can have begun")
						require.Empty(t, l.took())
						return
					}
					require.NoError(t, err)
					l.drain(l.r)
					require.Equal(t, saga.Committed, l.load(receipt.ID).Phase)
					require.Equal(t, []string{"do a", "do b", "do mail", "do pivot", "do reserve"}, sorted(l.took()))
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
			failing{l: l, after: true}.at(n)
			_, receipt, err := l.execute(l.register())
			require.ErrorIs(t, err, errA)
			require.Equal(t, saga.Aborted, l.load(receipt.ID).Phase)
			require.Equal(t, []string{
				"do a", "do b", "do pivot", "do reserve", "undo a", "undo b", "undo reserve",
			}, sorted(l.took()))
		})
	}
}

// TestUnclearBegin: the journal goes down with the reply of Begin. The saga
// did begin; it is not run, and is released when the journal is back.
func TestUnclearBegin(t *testing.T) {
	for _, after := range []bool{true, false} {
		t.Run(fmt.Sprintf("took place: %t", after), func(t *testing.T) {
			timed(t, saga.Options{}, func(t *testing.T, l *lab) {
				down := true
				begin := func(op sagatest.Op) error {
					if down && op == sagatest.OpBegin {
						return errJournal
					}
					return nil
				}
				l.journal.Before = func(op sagatest.Op) error {
					if down && op != sagatest.OpBegin {
						return errJournal
					}
					return nil
				}
				if after {
					l.journal.After = begin
				} else {
					l.journal.Journal = &lateFailure{Journal: l.journal.Journal, fail: begin}
				}
				_, receipt, err := l.execute(l.register())
				require.ErrorIs(t, err, saga.ErrUndecided)
				require.ErrorIs(t, err, errJournal)
				require.NotEmpty(t, receipt.ID)
				down = false
				require.Equal(t, 0, mustTick(l, l.r, after))
				if !after {
					_, err := l.journal.Load(t.Context(), receipt.ID)
					require.ErrorIs(t, err, saga.ErrNotFound)
					return
				}
				require.Equal(t, saga.Settling, l.load(receipt.ID).Phase)
				require.Equal(t, []string{"do reserve", "undo a", "undo b", "undo reserve"}, sorted(l.took()))
			})
		})
	}
}

// mustTick releases and claims in one round.
func mustTick(l *lab, r *saga.Runner, found bool) int {
	n := l.tick(r)
	if found {
		return n - 1
	}
	return n
}

// lateFailure is a journal whose Begin runs its function and then rolls back.
type lateFailure struct {
	saga.Journal
	fail func(sagatest.Op) error
}

func (f *lateFailure) Begin(ctx context.Context, fn saga.WriteFunc) error {
	return f.Journal.Begin(ctx, func(ctx context.Context) (saga.Write, error) {
		w, err := fn(ctx)
		if err == nil {
			err = f.fail(sagatest.OpBegin)
		}
		return w, err
	})
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
