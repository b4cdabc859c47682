package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"accord/adapters/secretfile"
)

// maxFile bounds a key file, in bytes; a ring of ten keys has about 4,000.
const maxFile = 1 << 20

// Load reads the ring of a key file. fs.ErrNotExist is in the error's chain if there
// is none. A file that others may use is refused, see secretfile.Check. Every fault
// of the document is reported at once.
func Load(path string) (*Ring, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	defer func() { _ = file.Close() }()
	return read(file, path)
}

func read(file *os.File, path string) (*Ring, error) {
	info, err := file.Stat()
	if err == nil {
		err = secretfile.Check(path, info)
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("keyring: %s is over %d bytes", path, maxFile)
	}
	ring, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ring, nil
}

// LoadOrGenerate is Load, or where there is no file a fresh ring that is saved
// first. Callers that race for one path, in several processes too, all get the
// ring of the one that won.
func LoadOrGenerate(path string) (*Ring, error) {
	ring, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	if ring, err = Generate(); err != nil {
		return nil, err
	}
	if err = ring.SaveNew(path); errors.Is(err, fs.ErrExist) {
		return Load(path)
	}
	if err != nil {
		return nil, err
	}
	return ring, nil
}

// SaveNew writes the ring to a file of mode 0600 that must not exist; an error
// that is fs.ErrExist where it does, and it is left as it is. The file appears
// whole or not at all, and is on disk when SaveNew returns.
func (r *Ring) SaveNew(path string) error {
	data, err := r.encode()
	if err != nil {
		return err
	}
	draft, err := writeDraft(filepath.Dir(path), data)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	defer func() { _ = os.Remove(draft) }()
	// A link, unlike a rename, never takes the place of keys that exist.
	if err := os.Link(draft, path); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// writeDraft stores data under a passing name in dir, for its owner only.
func writeDraft(dir string, data []byte) (name string, err error) {
	file, err := os.CreateTemp(dir, ".keys-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		_ = os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}

// syncDir makes an added name last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}
