package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startLimit bounds the start of a server as a process.
const startLimit = 30 * time.Second

// process is `accord serve` as a process of its own.
type process struct {
	client
	cmd  *exec.Cmd
	done chan struct{} // its output has ended
}

var servingURL = regexp.MustCompile(`msg=serving url=(\S+)`)

// spawn starts `accord serve` on the configuration and returns when it serves.
func (s site) spawn(t testing.TB) *process {
	t.Helper()
	file := filepath.Join(t.TempDir(), configFile)
	require.NoError(t, s.Write(file))
	p := &process{cmd: exec.Command("accord", "serve", "--config", file), done: make(chan struct{})}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	output, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	found := make(chan string, 1)
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if match := servingURL.FindStringSubmatch(lines.Text()); match != nil {
				found <- match[1]
			}
		}
		_, _ = io.Copy(io.Discard, output) // after a line that is too long
	}()
	select {
	case p.url = <-found:
	case <-p.done:
		require.Fail(t, "accord serve ended before it served")
	case <-time.After(startLimit):
		require.Fail(t, "accord serve does not serve")
	}
	return p
}

// kill ends the process without letting it do anything more. Repeatable.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
	_ = p.cmd.Wait() // its end is not its own
}
