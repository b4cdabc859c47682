package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// home is a server's private directory. The file `pid` in it is locked for as long as we serve from the directory, and
// names the child, so that one left behind by a killed parent is found: then the lock is free, but the child still there.
type home struct {
	name string
	dir  string
	pid  *os.File
	log  *slog.Logger
}

// openHome creates the directory where needed, locks it and ends a child that an earlier parent left in it.
func openHome(ctx context.Context, name string, opts Options) (*home, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil || opts.Dir == "" {
		return nil, fmt.Errorf("%s: no usable directory %q", name, opts.Dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("%s: its directory cannot be made: %w", name, err)
	}
	pid, err := os.OpenFile(filepath.Join(dir, "pid"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s: its directory is not writable: %w", name, err)
	}
	h := &home{name: name, dir: dir, pid: pid, log: opts.logger().With("server", name)}
	err = syscall.Flock(int(pid.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errors.New("in use by another running program")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %s: %w", name, dir, err), pid.Close())
	}
	if err := h.endOrphan(ctx); err != nil {
		return nil, errors.Join(err, h.release())
	}
	return h, nil
}

// path names something in the directory.
func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

// record writes down which process serves from here.
func (h *home) record(pid int) error {
	id, err := identity(pid)
	if err != nil {
		return fmt.Errorf("%s: %w", h.name, err)
	}
	return h.write(fmt.Sprintf("%d %s\n", pid, id))
}

// release forgets the process and unlocks the directory.
func (h *home) release() error {
	return errors.Join(h.write(""), h.pid.Close())
}

func (h *home) write(line string) error {
	if err := h.pid.Truncate(0); err != nil {
		return err
	}
	_, err := h.pid.WriteAt([]byte(line), 0)
	return err
}

// endOrphan ends the recorded process if it is still that very process, and not another one that got its number since.
func (h *home) endOrphan(ctx context.Context) error {
	line, err := io.ReadAll(io.LimitReader(h.pid, 1024))
	if err != nil {
		return fmt.Errorf("%s: %w", h.name, err)
	}
	number, recorded, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	pid, _ := strconv.Atoi(number)
	if pid <= 1 { // nothing recorded
		return nil
	}
	alive := func() bool {
		id, err := identity(pid)
		return err == nil && id == recorded
	}
	if !alive() {
		return nil
	}
	h.log.Warn("ending a server that its parent left behind", "pid", pid)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for _, s := range []syscall.Signal{signal, syscall.SIGCONT} { // a frozen one is thawed to hear it
			if err := syscall.Kill(-pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("%s: process %d is left from an earlier run and cannot be ended: %w", h.name, pid, err)
			}
		}
		if waitUntil(ctx, stopGrace, func() bool { return !alive() }) {
			return nil
		}
	}
	return fmt.Errorf("%s: process %d is left from an earlier run and does not end", h.name, pid)
}

// waitUntil looks until the condition holds, and reports whether it did within the limit and before ctx ended.
func waitUntil(ctx context.Context, limit time.Duration, holds func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}
