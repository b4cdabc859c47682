package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"accord/adapters/servers/serverstest"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

// TestDevOnADatabaseOfOnesOwn names the database once, in the environment; the
// second run remembers it.
func TestDevOnADatabaseOfOnesOwn(t *testing.T) {
	dsn, data, alice := serverstest.Database(t), t.TempDir(), newPerson()

	first := runDev(t, data, []string{"ACCORD_DATABASE_DSN=" + dsn}, "--database", store.MySQL)
	require.Equal(t, store.MySQL, first.Database.Driver)
	require.Equal(t, dsn, first.Database.DSN)
	require.Nil(t, first.PIDs.MariaDB)
	registered, err := client{first.API}.register(alice)
	require.NoError(t, err)
	require.Equal(t, "General.Success", registered.Code)
	first.end()

	second := runDev(t, data, nil)
	require.Equal(t, dsn, second.Database.DSN)
	client{second.API}.signIn(t, alice)
}

// TestDevWelcomeNamesTheProgramThatRuns since it need not be on the PATH.
func TestDevWelcomeNamesTheProgramThatRuns(t *testing.T) {
	var said bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetOut(&said)
	d := &devRun{devFlags: devFlags{data: "/data", serversOnly: true}, cmd: cmd}
	require.NoError(t, d.welcome(config.Default()))
	require.Contains(t, said.String(), os.Args[0]+" serve --config /data/accord.yaml\n")
}

type runningDev struct {
	devState
	end func()
}

// runDev runs `accord dev` until end is called or the test ends.
func runDev(t testing.TB, data string, environ []string, args ...string) runningDev {
	t.Helper()
	args = append([]string{
		"dev", "--data", data, "--listen", "localhost:0", "--gitea-listen", "localhost:0", "--storage-listen", "localhost:0",
	}, args...)
	cmd := exec.CommandContext(context.Background(), "accord", args...)
	cmd.Env = append(environ, "PATH="+os.Getenv("PATH"))
	for name, path := range builtServers(t) {
		cmd.Env = append(cmd.Env, name+"="+path)
	}
	require.NoError(t, cmd.Start())
	ended := false
	run := runningDev{end: func() {
		if !ended {
			ended = true
			require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
			require.NoError(t, cmd.Wait())
		}
	}}
	t.Cleanup(run.end)
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(filepath.Join(data, stateFile))
		return err == nil && json.Unmarshal(text, &run.devState) == nil
	}, time.Minute, 20*time.Millisecond)
	return run
}
