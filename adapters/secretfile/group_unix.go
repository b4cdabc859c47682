//go:build unix

package secretfile

import (
	"io/fs"
	"syscall"
)

// groupOf returns the file's group.
func groupOf(info fs.FileInfo) (group int, known bool) {
	stat, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 0, false
	}
	return int(stat.Gid), true
}
