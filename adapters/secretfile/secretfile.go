// Package secretfile opens files that hold secrets and refuses those that others
// on the machine may read: one rule for configurations, key rings and files of one
// secret.
package secretfile

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
)

const (
	groupBits = 0o070
	otherBits = 0o007
)

// Open opens a regular file for reading. Symbolic links are followed, since
// Kubernetes mounts secrets through them. The error is that of Check if others may
// use the file, and fs.ErrNotExist is in its chain if there is none.
func Open(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = Check(path, info)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// Check returns an error with the remedy if info describes a file that is not
// regular or that others than its owner may use. Members of the file's group may
// use it if this process is one of them: Kubernetes hands files to a pod by the
// group that fsGroup names, with mode 0440 or 0660. On systems without such modes
// every regular file passes.
func Check(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	group, known := groupOf(info)
	if !known {
		return nil
	}
	mode := info.Mode().Perm()
	switch {
	case mode&otherBits != 0:
		return fmt.Errorf("%s has mode %04o, so every user of this machine may use the secrets in it: "+
			"chmod 600 it, and replace the secrets if others could have read them", path, mode)
	case mode&groupBits != 0 && !memberOf(group):
		return fmt.Errorf("%s has mode %04o and belongs to group %d, which this process is not in: "+
			"chmod 600 it, or give it to a group of this process", path, mode, group)
	}
	return nil
}

// memberOf reports whether this process is in the group.
func memberOf(group int) bool {
	groups, err := os.Getgroups()
	return group == os.Getegid() || err == nil && slices.Contains(groups, group)
}
