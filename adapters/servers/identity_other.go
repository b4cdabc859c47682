//go:build unix && !linux

package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// attributes puts the child in a process group of its own, so that its descendants end with it and a Ctrl-C in the terminal
// reaches only us.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// identity tells one process from others that have or will have its number: the moment of its start. It fails when no such
// process runs.
func identity(pid int) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", fmt.Errorf("process %d: %w", pid, err)
	}
	state, start, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if state == "" || state[0] == 'Z' {
		return "", os.ErrProcessDone
	}
	return strings.TrimSpace(start), nil
}
