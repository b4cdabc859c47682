package servers

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// writeFile replaces a file at once and for its owner only: a reader sees the old content or the whole of the given one.
func writeFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// recall reads a value kept by keep. It reports false when there is none.
func recall(path string, value any) (bool, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(content, value); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return true, nil
}

// keep writes a value down, readable by its owner only.
func keep(path string, value any) error {
	content, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return writeFile(path, append(content, '\n'))
}

// login is a name with its password.
type login struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// loginIn returns the login kept in the file; the first time it makes one with a random password.
func loginIn(path, user string) (login, error) {
	var kept login
	found, err := recall(path, &kept)
	if err != nil || found {
		return kept, err
	}
	kept = login{User: user, Password: rand.Text()}
	return kept, keep(path, kept)
}
