package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/store"
	"accord/store/storetest"
)

// Set in the environment of a process of this test that acts on a database and
// runs no tests: what it does there, and where.
const (
	childAct    = "ACCORD_STORE_TEST_ACT"
	childDriver = "ACCORD_STORE_TEST_DRIVER"
	childDSN    = "ACCORD_STORE_TEST_DSN"
)

// childKey is the key of all such processes.
var childKey = [32]byte{1}

var childActs = map[string]func(ctx context.Context, s *store.Store) error{
	"migrate": func(ctx context.Context, s *store.Store) error {
		return errors.Join(s.Migrate(ctx), s.CheckSchema(ctx))
	},
	"die": dieInTransaction,
}

// act is the whole of such a process. It returns the exit code.
func act(name string) int {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{
		Driver: os.Getenv(childDriver), DSN: os.Getenv(childDSN), Sealer: storetest.SealerOf(childKey),
	})
	if err == nil {
		err = errors.Join(childActs[name](ctx, s), s.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func child(t *testing.T, act, driver, dsn string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childAct+"="+act, childDriver+"="+driver, childDSN+"="+dsn)
	return cmd
}

// dieInTransaction commits one saga and dies inside a transaction that goes on with it.
func dieInTransaction(ctx context.Context, s *store.Store) error {
	err := s.Journal.Begin(ctx, func(context.Context) (saga.Write, error) {
		return saga.Write{Record: running("committed")}, nil
	})
	if err != nil {
		return err
	}
	return s.Journal.Append(ctx, "committed", 1, func(ctx context.Context) (saga.Write, error) {
		if err := s.Accounts.Reserve(ctx, newAccount("26030112000001", "alice")); err != nil {
			return saga.Write{}, err
		}
		return saga.Write{}, syscall.Kill(os.Getpid(), syscall.SIGKILL)
	})
}

func TestDeathInTransaction(t *testing.T) {
	for driver, fresh := range databases {
		t.Run(driver, func(t *testing.T) {
			dsn := fresh(t)
			s := open(t, driver, dsn, nil)
			out, err := child(t, "die", driver, dsn).CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			status, ok := exit.Sys().(syscall.WaitStatus)
			require.True(t, ok)
			require.Equal(t, syscall.SIGKILL, status.Signal(), "%s", out)

			kept, err := s.Journal.Load(t.Context(), "committed")
			require.NoError(t, err)
			require.Equal(t, saga.Running, kept.Phase)
			_, err = s.Accounts.ByID(t.Context(), "26030112000001")
			require.Equal(t, app.NotFound.String(), app.KindOf(err).String())
			require.NoError(t, s.Accounts.Reserve(t.Context(), newAccount("26030112000001", "alice")), "no lock is left")
			claimed, err := s.Journal.Claim(t.Context(), "two", at(1e12), at(2e12), 10)
			require.NoError(t, err)
			require.Len(t, claimed, 1)
		})
	}
}

// TestProcessesMigrateTogether starts four processes on an empty database.
func TestProcessesMigrateTogether(t *testing.T) {
	for driver, fresh := range databases {
		t.Run(driver, func(t *testing.T) {
			dsn := fresh(t)
			outputs := make(chan error)
			const processes = 4
			for range processes {
				go func() {
					out, err := child(t, "migrate", driver, dsn).CombinedOutput()
					if err != nil {
						err = fmt.Errorf("%w: %s", err, out)
					}
					outputs <- err
				}()
			}
			for range processes {
				require.NoError(t, <-outputs)
			}
			s, err := store.Open(t.Context(), store.Options{Driver: driver, DSN: dsn, Sealer: storetest.SealerOf(childKey)})
			require.NoError(t, err)
			require.NoError(t, errors.Join(s.CheckSchema(t.Context()), s.Close()))
		})
	}
}
