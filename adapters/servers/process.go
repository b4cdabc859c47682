package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a running server. Its methods may be called from several goroutines.
type Process struct {
	home   *home
	cmd    *exec.Cmd
	exited chan struct{}

	stopping sync.Once
	stopped  error
}

// spawn starts the program in the home directory, its output going to the file log.
func spawn(h *home, bin string, args, env []string) (*Process, error) {
	output, err := os.OpenFile(h.path("log"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.name, err)
	}
	defer output.Close()
	cmd := exec.CommandContext(context.Background(), bin, args...) // ended by Stop, not by a context
	cmd.Dir = h.dir
	cmd.Env = append(environment(h), env...)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = attributes()
	p := &Process{home: h, cmd: cmd, exited: make(chan struct{})}
	if err := p.run(); err != nil {
		return nil, fmt.Errorf("%s: %w", h.name, err)
	}
	if err := h.record(cmd.Process.Pid); err != nil {
		return nil, errors.Join(err, p.end(context.Background()))
	}
	h.log.Info("started", "pid", cmd.Process.Pid)
	return p, nil
}

// environment is what every program of a server gets: nothing of ours but the path.
func environment(h *home) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "LANG=C.UTF-8"}
}

// run starts the command and reaps it in one goroutine that keeps its thread: the kernel's promise to end the child with
// its parent is tied to the thread that started it.
func (p *Process) run() error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended stays in cmd.ProcessState
			close(p.exited)
		}
	}()
	return <-started
}

// PID returns the number of the server's process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the server's process has ended, asked or not.
func (p *Process) Exited() <-chan struct{} { return p.exited }

func (p *Process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// Stop asks the server to end, and kills it and its descendants when it takes over 10 s or ctx ends before. When it returns
// the process is gone and its directory is free for the next start. The error tells of a directory that could not be
// released; that the server had to be killed is not one. Repeated calls return what the first one did.
func (p *Process) Stop(ctx context.Context) error {
	p.stopping.Do(func() { p.stopped = errors.Join(p.end(ctx), p.home.release()) })
	return p.stopped
}

func (p *Process) end(ctx context.Context) error {
	if p.ended() { // its number may belong to a stranger by then
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGCONT} { // a frozen server is thawed to hear it
		if err := p.signal(signal); err != nil {
			return err
		}
	}
	select {
	case <-p.exited:
	case <-ctx.Done():
		p.home.log.Warn("killing a server that does not end", "pid", p.PID())
	}
	err := p.signal(syscall.SIGKILL) // also what the server itself left running
	<-p.exited
	p.home.log.Info("stopped", "pid", p.PID())
	return err
}

// signal reaches the whole process group. That none of it is left is fine; macOS says EPERM when only the dead are.
func (p *Process) signal(signal syscall.Signal) error {
	err := syscall.Kill(-p.PID(), signal)
	if err != nil && !errors.Is(err, syscall.ESRCH) && !errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("%s: %w", p.home.name, err)
	}
	return nil
}

// await polls until the server answers. It fails with the end of the server's log when the process exits first, or when
// the server does not answer in time.
func (p *Process) await(ctx context.Context, answers func(context.Context) error) error {
	var last error
	ready := waitUntil(ctx, startLimit, func() bool {
		probe, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		last = answers(probe)
		return last == nil || p.ended()
	})
	switch {
	case p.ended():
		return fmt.Errorf("%s exited while starting (%s); the end of its log:\n%s", p.home.name, p.cmd.ProcessState, p.logTail())
	case !ready:
		return fmt.Errorf("%s does not answer: %w; the end of its log:\n%s", p.home.name, last, p.logTail())
	}
	return nil
}

// logTail returns the last lines that the server wrote.
func (p *Process) logTail() string {
	const lines, size = 15, 8 << 10
	file, err := os.Open(p.home.path("log"))
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err.Error()
	}
	text := make([]byte, min(size, info.Size()))
	if _, err := file.ReadAt(text, info.Size()-int64(len(text))); err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
