package servers

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// attributes puts the child in a process group of its own, so that its descendants end with it and a Ctrl-C in the terminal
// reaches only us. Should the parent die without ending it, the kernel does.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// identity tells one process from every other that has or will have its number: the boot, and the moment of its start in
// clock ticks since then. It fails when no such process runs.
func identity(pid int) (string, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The second field is the program's name in brackets and may hold anything; the state follows it, then, as the 22nd field
	// of the line, the start.
	const state, start = 0, 19
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) <= start {
		return "", fmt.Errorf("/proc/%d/stat cannot be understood", pid)
	}
	if fields[state] == "Z" || fields[state] == "X" {
		return "", os.ErrProcessDone
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[start], nil
}
