package keyring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockTries bounds how often a file is replaced just before its lock is got.
const lockTries = 100

// Update replaces the ring of a key file by what change makes of it; an error of
// change leaves it. Updates in other processes wait for each other. A reader
// meets the old file or the whole new one, which is on disk when Update returns
// and has the old one's owner and mode. Not repeatable as such: change is
// called once.
func Update(path string, change func(*Ring) (*Ring, error)) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	file, err := lockFile(path)
	if err != nil {
		return fmt.Errorf("keyring: lock %s: %w", path, err)
	}
	defer func() { _ = file.Close() }() // which unlocks it
	ring, err := read(file, path)
	if err != nil {
		return err
	}
	next, err := change(ring)
	if err != nil {
		return err
	}
	if err := next.replace(path, file); err != nil {
		return fmt.Errorf("keyring: replace %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

// lockFile opens the file and waits until nobody else has it locked. Whoever had
// it has put another in its place: then that one is locked.
func lockFile(path string) (*os.File, error) {
	for range lockTries {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if err == nil && isStill(path, file) {
			return file, nil
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("it is replaced all the time")
}

func isStill(path string, file *os.File) bool {
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	ours, err := file.Stat()
	return err == nil && os.SameFile(there, ours)
}

// replace puts the ring in the place of the old file.
func (r *Ring) replace(path string, old *os.File) error {
	data, err := r.encode()
	if err != nil {
		return err
	}
	if _, err := Parse(data); err != nil { // it would be refused at the next start
		return err
	}
	draft, err := writeDraft(filepath.Dir(path), data)
	if err != nil {
		return err
	}
	err = keepOwner(draft, old)
	if err == nil {
		err = os.Rename(draft, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	return nil
}

// keepOwner gives the draft the owner of the old file: an administrator may
// rotate the keys of a server that runs as another user.
func keepOwner(draft string, old *os.File) error {
	info, err := old.Stat()
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || (int(owner.Uid) == os.Geteuid() && int(owner.Gid) == os.Getegid()) {
		return nil
	}
	return os.Chown(draft, int(owner.Uid), int(owner.Gid))
}
