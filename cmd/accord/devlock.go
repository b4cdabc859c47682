package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockDir makes the data directory where needed and keeps other runs out of it
// until the file is closed.
func lockDir(dir string) (*os.File, error) {
	unusable := func(err error) error { return fmt.Errorf("the data directory %s cannot be used: %w", dir, err) }
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unusable(err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errors.New("another `accord dev` is running on it: stop it, or name another by --data DIR")
	}
	if err != nil {
		return nil, errors.Join(unusable(err), lock.Close())
	}
	return lock, nil
}
