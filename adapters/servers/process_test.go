package servers_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/servers"
	"accord/adapters/servers/serverstest"
)

const (
	wait = 20 * time.Second
	tick = 10 * time.Millisecond
	// parentOf, when set, makes this test program the parent of a MinIO in the directory it names.
	parentOf = "ACCORD_TEST_PARENT_OF"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentOf); dir != "" {
		server, err := servers.StartMinIO(context.Background(), servers.Options{Dir: dir})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(server.PID())
		<-server.Exited()
	}
	os.Exit(serverstest.Run(m))
}

// parent starts another process that starts the program as the MinIO of the directory, and returns that process and the
// number of its child.
func parent(t *testing.T, dir, bin string) (process *exec.Cmd, child int) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	process = exec.CommandContext(t.Context(), self)
	process.Env = append(os.Environ(), parentOf+"="+dir, "ACCORD_MINIO_BIN="+bin)
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	child, err = strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	return process, child
}

// program is the MinIO under test.
func program(t *testing.T) string {
	t.Helper()
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", serverstest.MinIO(t).PID()))
	require.NoError(t, err)
	return path
}

// script writes a shell script and returns its path.
func script(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+strings.Join(lines, "\n")+"\n"), 0o700))
	return path
}

// kill ends a process in the way that leaves it no chance to tidy up.
func kill(t *testing.T, process *exec.Cmd) {
	t.Helper()
	require.NoError(t, process.Process.Kill())
	require.Error(t, process.Wait())
}

// running tells whether the process exists and is more than a corpse that awaits its burial.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func pidIn(file string) int {
	content, _ := os.ReadFile(file)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(content)))
	return pid
}

func TestAServerEndsWithItsKilledParent(t *testing.T) {
	process, child := parent(t, t.TempDir(), program(t))
	require.True(t, running(child))
	kill(t, process)
	require.Eventually(t, func() bool { return !running(child) }, wait, tick)
}

func TestAServerThatOutlivedItsParentIsEndedByTheNextStart(t *testing.T) {
	dir := t.TempDir()
	// The shell does not hear that its parent is gone, and the MinIO below it is not told.
	process, child := parent(t, dir, script(t, "trap '' TERM HUP", program(t)+` "$@"`, ":"))
	kill(t, process)
	require.True(t, running(child))

	server, err := servers.StartMinIO(t.Context(), servers.Options{Dir: dir})
	require.NoError(t, err)
	require.False(t, running(child))
	require.NotEqual(t, child, server.PID())
	require.NoError(t, server.Stop(t.Context()))
}

func TestAStrangerWithTheNumberOfAnEarlierServerIsLeftAlone(t *testing.T) {
	stranger := exec.CommandContext(t.Context(), "sleep", "1000")
	stranger.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, stranger.Start())
	dir := t.TempDir()
	line := fmt.Sprintf("%d someone-else/12345\n", stranger.Process.Pid)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pid"), []byte(line), 0o600))

	server, err := servers.StartMinIO(t.Context(), servers.Options{Dir: dir})
	require.NoError(t, err)
	require.NoError(t, server.Stop(t.Context()))
	require.True(t, running(stranger.Process.Pid))
	kill(t, stranger)
}

func TestStopEndsAFrozenServer(t *testing.T) {
	server, err := servers.StartMinIO(t.Context(), servers.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGSTOP))
	require.NoError(t, server.Stop(t.Context()))
	<-server.Exited()
	require.False(t, running(server.PID()))
	require.NoError(t, server.Stop(t.Context()))
}

func TestStopKillsAServerThatDoesNotListenAndItsDescendants(t *testing.T) {
	// The shell and the sleep below it ignore SIGTERM; the MinIO beside that answers for them.
	descendant := filepath.Join(t.TempDir(), "descendant")
	stubborn := script(t, "trap '' TERM", "sleep 1000 &", "echo $! > "+descendant, program(t)+` "$@"`, "wait")
	server, err := servers.StartMinIO(t.Context(), servers.Options{Dir: t.TempDir(), Bin: stubborn})
	require.NoError(t, err)
	require.True(t, running(pidIn(descendant)))

	ctx, cancel := context.WithCancel(t.Context())
	cancel() // no patience
	require.NoError(t, server.Stop(ctx))
	require.Eventually(t, func() bool { return !running(pidIn(descendant)) }, wait, tick)
}

func TestAServerThatDiesByItselfIsNoticed(t *testing.T) {
	server, err := servers.StartMinIO(t.Context(), servers.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
	<-server.Exited()
	require.NoError(t, server.Stop(t.Context()))
}
