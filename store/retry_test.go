package store_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/servers/serverstest"
	"accord/app"
	"accord/saga"
	"accord/store"
	"accord/store/storetest"
)

// retries is a log that counts transactions that are tried again and tells of
// each on a channel.
type retries struct {
	slog.Handler
	count atomic.Int32
	seen  chan string
}

func watchRetries() *retries {
	return &retries{Handler: slog.DiscardHandler, seen: make(chan string, 1000)}
}

func (r *retries) Enabled(context.Context, slog.Level) bool { return true }

func (r *retries) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" && strings.Contains(record.Message, "tried again") {
			r.count.Add(1)
			r.seen <- a.Value.String()
		}
		return true
	})
	return nil
}

// TestDeadlock makes two appends write the same two accounts in opposite order,
// each its second only when the other has written its first.
func TestDeadlock(t *testing.T) {
	for name, outcome := range map[string]func(error) error{
		"the step returns the fault": func(err error) error { return err },
		"the step hides the fault":   func(error) error { return nil },
		"the step names it otherwise": func(err error) error {
			if err != nil {
				return errors.New("something went wrong")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) { deadlock(t, outcome) })
	}
}

func deadlock(t *testing.T, outcome func(error) error) {
	log := watchRetries()
	s := open(t, store.MySQL, serverstest.Database(t), log)
	ids := []string{"26030112000001", "26030112000002"}
	for i, id := range ids {
		require.NoError(t, s.Accounts.Reserve(t.Context(), newAccount(id, strings.Repeat("a", i+1))))
		require.NoError(t, s.Journal.Begin(t.Context(), func(context.Context) (saga.Write, error) {
			return saga.Write{Record: running(id)}, nil
		}))
	}
	var met, done sync.WaitGroup
	met.Add(2)
	faults := make([]error, 2)
	var calls atomic.Int32
	for i, id := range ids {
		done.Go(func() {
			first := true
			faults[i] = s.Journal.Append(t.Context(), id, 1, func(ctx context.Context) (saga.Write, error) {
				calls.Add(1)
				err := s.Accounts.Activate(ctx, ids[i], app.Activation{PasswordHash: app.Secret(id), At: at(0)})
				if first {
					first = false
					met.Done()
					met.Wait()
				}
				if err == nil {
					err = s.Accounts.Activate(ctx, ids[1-i], app.Activation{PasswordHash: app.Secret(id), At: at(0)})
				}
				r := running(id)
				r.Attempts = 1
				return saga.Write{Record: r, Entries: []saga.Entry{{Event: saga.EventDone}}}, outcome(err)
			})
		})
	}
	done.Wait()
	require.NoError(t, errors.Join(faults...))
	require.NotZero(t, log.count.Load())
	require.Contains(t, <-log.seen, "1213", "they really met in a deadlock")
	require.Greater(t, calls.Load(), int32(2), "the function is called again")
	hashes := map[app.Secret]bool{}
	for _, id := range ids {
		a, err := s.Accounts.ByID(t.Context(), id)
		require.NoError(t, err)
		hashes[a.PasswordHash] = true
		r, err := s.Journal.Load(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, 1, r.Attempts)
		entries, err := s.Journal.Entries(t.Context(), id)
		require.NoError(t, err)
		require.Len(t, entries, 1, "what was rolled back left nothing")
	}
	require.Len(t, hashes, 1, "the later transaction wrote both accounts")
}

// TestWaitForLock holds what the store needs until it has given up once.
func TestWaitForLock(t *testing.T) {
	for driver, fresh := range databases {
		t.Run(driver, func(t *testing.T) {
			dsn, log := fresh(t), watchRetries()
			s := open(t, driver, impatient(driver, dsn), log)
			require.NoError(t, s.Accounts.Reserve(t.Context(), newAccount("26030112000001", "alice")))
			holder, err := behind(t, driver, dsn).BeginTxx(t.Context(), nil)
			require.NoError(t, err)
			_, err = holder.ExecContext(t.Context(), "UPDATE accounts SET updated_at = 1")
			require.NoError(t, err)

			result := make(chan error)
			go func() { result <- s.Accounts.Activate(t.Context(), "26030112000001", app.Activation{}) }()
			require.Regexp(t, `1205|SQLITE_BUSY`, awaitRetry(t, log, result))
			require.NoError(t, holder.Rollback())
			require.NoError(t, <-result)
		})
	}
}

// TestOpenWaits opens a file that somebody holds before it was ever opened as
// ours, and so has to be switched to WAL.
func TestOpenWaits(t *testing.T) {
	dsn, log := databases[store.SQLite](t), watchRetries()
	holder, err := behind(t, store.SQLite, dsn+"?_txlock=exclusive").BeginTxx(t.Context(), nil)
	require.NoError(t, err)
	result := make(chan error)
	go func() {
		s, err := store.Open(t.Context(), store.Options{
			Driver: store.SQLite, DSN: impatient(store.SQLite, dsn), Sealer: storetest.NewSealer(), Logger: slog.New(log),
		})
		if err == nil {
			err = s.Close()
		}
		result <- err
	}()
	require.Contains(t, awaitRetry(t, log, result), "SQLITE_BUSY")
	require.NoError(t, holder.Rollback())
	require.NoError(t, <-result)
}

// TestWaitIsCanceled has a caller that does not wait to the end.
func TestWaitIsCanceled(t *testing.T) {
	dsn, log := databases[store.SQLite](t), watchRetries()
	s := open(t, store.SQLite, impatient(store.SQLite, dsn), log)
	holder, err := behind(t, store.SQLite, dsn+"?_txlock=immediate").BeginTxx(t.Context(), nil)
	require.NoError(t, err)
	defer holder.Rollback() //nolint:errcheck // the end of the test
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- s.Sessions.Discard(ctx, "absent") }()
	awaitRetry(t, log, result)
	cancel()
	require.ErrorIs(t, <-result, context.Canceled)
}

// awaitRetry returns the cause of the first retry, which comes before the result.
func awaitRetry(t *testing.T, log *retries, result <-chan error) string {
	t.Helper()
	select {
	case cause := <-log.seen:
		return cause
	case err := <-result:
		require.Fail(t, "it did not wait", "%v", err)
		return ""
	}
}

// TestWaitForLockEnds never lets go of the lock.
func TestWaitForLockEnds(t *testing.T) {
	dsn, log := databases[store.SQLite](t), watchRetries()
	s := open(t, store.SQLite, impatient(store.SQLite, dsn), log)
	holder, err := behind(t, store.SQLite, dsn+"?_txlock=immediate").BeginTxx(t.Context(), nil)
	require.NoError(t, err)
	defer holder.Rollback() //nolint:errcheck // the end of the test
	tries := 0
	err = s.Journal.Begin(t.Context(), func(context.Context) (saga.Write, error) {
		tries++
		return saga.Write{Record: running("saga")}, nil
	})
	require.ErrorContains(t, err, "SQLITE_BUSY")
	require.ErrorContains(t, err, "begin saga")
	require.Zero(t, tries, "the transaction never began")
	require.Equal(t, int32(11), log.count.Load())
}

// impatient makes SQLite give up soon; MySQL's patience is not the DSN's to say.
func impatient(driver, dsn string) string {
	if driver == store.SQLite {
		return dsn + "?_busy_timeout=1"
	}
	return dsn
}

// TestLostConnection kills the server's side inside a transaction: that is no
// reason to try again, since a commit may have got through.
func TestLostConnection(t *testing.T) {
	dsn := serverstest.Database(t)
	s, raw := open(t, store.MySQL, dsn, nil), behind(t, store.MySQL, dsn)
	calls := 0
	err := s.Journal.Begin(t.Context(), func(ctx context.Context) (saga.Write, error) {
		calls++
		require.NoError(t, s.Accounts.Reserve(ctx, newAccount("26030112000001", "alice")))
		var connections []int64
		require.NoError(t, raw.Select(&connections,
			"SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"))
		for _, id := range connections {
			_, err := raw.ExecContext(ctx, "KILL ?", id)
			require.NoError(t, err)
		}
		return saga.Write{Record: running("saga")}, s.Accounts.Activate(ctx, "26030112000001", app.Activation{})
	})
	require.ErrorContains(t, err, "activate account")
	require.Equal(t, 1, calls)
	_, err = s.Journal.Load(t.Context(), "saga")
	require.ErrorIs(t, err, saga.ErrNotFound)
	require.NoError(t, s.Accounts.Reserve(t.Context(), newAccount("26030112000001", "alice")), "rolled back, and connected anew")
}
