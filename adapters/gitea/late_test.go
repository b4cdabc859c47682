package gitea_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/servers"
	"accord/app"
	"accord/saga"
)

// started is a Gitea of the test's own; the program is optional.
func started(t *testing.T, program string) server {
	t.Helper()
	g, err := servers.StartGitea(t.Context(), servers.Options{Dir: filepath.Join(t.TempDir(), "gitea"), Bin: program})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Stop(context.Background())) })
	return server{g}
}

func (s server) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	process, err := os.FindProcess(s.PID())
	require.NoError(t, err)
	require.NoError(t, process.Signal(signal))
}

// A request that lies in the socket of a frozen Gitea is carried out when it
// thaws, long after the caller gave up: the outcome is unknown, and "absent"
// right after it proves nothing.
func TestLateEffect(t *testing.T) {
	s := started(t, "")
	d := newDirectory(t, s.options())
	u := app.DirectoryUser{
		AccountID: "26010100000001", Username: "late", Email: "late@example.com", Password: "abcdefg7",
	}
	require.Empty(t, s.describe(t, u.Username))
	s.signal(t, syscall.SIGSTOP)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := d.CreateUser(ctx, u)
	s.signal(t, syscall.SIGCONT)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, saga.IsRefused(err), "%v", err)

	require.Eventually(t, func() bool {
		status, _ := s.ask(t, http.MethodGet, "/users/late", nil)
		return status == http.StatusOK
	}, 20*time.Second, 20*time.Millisecond)
	require.Equal(t, u.AccountID, s.markOf(t, u.Username))
	require.NoError(t, d.RemoveUser(t.Context(), u.Username, u.AccountID))
	require.Empty(t, s.describe(t, u.Username))
}
