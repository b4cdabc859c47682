package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// startLimit bounds the start of a server as a process.
const startLimit = 30 * time.Second

// process is `accord serve` as a process of its own.
type process struct {
	client
	owner  string // its name in the leases of sagas
	cmd    *exec.Cmd
	done   chan struct{} // its output has ended
	output []string      // its lines, once done
}

var serving = regexp.MustCompile(`msg=serving url=(\S+) version=.* owner=(\S+)`)

// spawn starts `accord serve` on the configuration and returns when it serves.
func (s site) spawn(t testing.TB) *process {
	t.Helper()
	file := filepath.Join(t.TempDir(), configFile)
	require.NoError(t, s.Write(file))
	p, err := launch(file, io.Discard)
	require.NoError(t, err)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Log("accord serve said:\n" + strings.Join(p.output, "\n"))
		}
	})
	return p
}

// launch starts `accord serve` on that configuration file and returns when it
// serves. Its output goes to log too.
func launch(file string, log io.Writer) (*process, error) {
	p := &process{cmd: exec.CommandContext(context.Background(), "accord", "serve", "--config", file), done: make(chan struct{})}
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	output, err := p.cmd.StderrPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	found := make(chan []string, 1)
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(io.TeeReader(output, log))
		for lines.Scan() {
			p.output = append(p.output, lines.Text())
			if match := serving.FindStringSubmatch(lines.Text()); match != nil {
				found <- match[1:]
			}
		}
		_, _ = io.Copy(log, output) // after a line that is too long
	}()
	select {
	case match := <-found:
		p.url, p.owner = match[0], match[1]
		return p, nil
	case <-p.done:
		_ = p.cmd.Wait() // why is in its words
		return nil, errors.New("accord serve ended before it served: " + strings.Join(p.output, "\n"))
	case <-time.After(startLimit):
		p.kill()
		return nil, errors.New("accord serve does not serve: " + strings.Join(p.output, "\n"))
	}
}

// kill ends the process without letting it do anything more. Repeatable.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
	_ = p.cmd.Wait() // its end is not its own
}

// registering starts a registration and returns when it stands at the gate.
func registering(t testing.TB, c client, g *gate, p person) <-chan answer {
	t.Helper()
	answers := make(chan answer, 1)
	go func() {
		a, _ := c.register(p) // an answer may be lost
		answers <- a
	}()
	select {
	case <-g.reached:
	case <-time.After(soon):
		require.Fail(t, "the registration does not come by")
	}
	return answers
}

// TestSIGTERMFinishesWhatRuns stops a server in the middle of a registration.
func TestSIGTERMFinishesWhatRuns(t *testing.T) {
	s, g, alice := newSite(t, store.SQLite), newGate(false), newPerson()
	g.then = answered
	beforeGitea(t, g, &s)
	server := s.spawn(t)
	answers := registering(t, server.client, g, alice)
	require.NoError(t, server.cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool { return !accepts(server.url) }, soon, 20*time.Millisecond, "it accepts no more")
	close(g.opened)
	require.Equal(t, "General.Success", (<-answers).Code)
	<-server.done
	require.NoError(t, server.cmd.Wait())
	require.Contains(t, strings.Join(server.output, "\n"), "msg=stopping")
}

// TestASecondSignalDoesNotWait leaves the registration to the next start.
func TestASecondSignalDoesNotWait(t *testing.T) {
	s, g, alice := newSite(t, store.SQLite), newGate(false), newPerson()
	beforeGitea(t, g, &s)
	defer close(g.opened)
	server := s.spawn(t)
	answers := registering(t, server.client, g, alice)
	require.NoError(t, server.cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool { return !accepts(server.url) }, soon, 20*time.Millisecond)
	require.NoError(t, server.cmd.Process.Signal(syscall.SIGINT))
	<-server.done
	var exit *exec.ExitError
	require.ErrorAs(t, server.cmd.Wait(), &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, server.output, "accord: "+errForced.Error())
	require.Empty(t, (<-answers).Code)
}

func accepts(url string) bool {
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", strings.TrimPrefix(url, "http://"))
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}
