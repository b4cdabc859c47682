package store

import (
	"context"
	"errors"
)

// ErrWrongKeys says that what is sealed in the database was sealed under
// another key ring: nothing of it can be opened with this one.
var ErrWrongKeys = errors.New("store: the database was sealed under another key ring: put that one back from its copy")

// knownText is sealed in the database, to know the key ring again.
const knownText = "accord"

// plantKeys seals the known text, unless it is there already.
func (s *Store) plantKeys(ctx context.Context) error {
	sealed, err := s.sealing.seal([]byte(knownText), "key_check", "sealed", "1")
	if err != nil {
		return err
	}
	return s.db.atomically(ctx, "plant the key check", func(ctx context.Context) error {
		_, err := s.db.exec(ctx, "UPDATE key_check SET sealed = ? WHERE id = 1 AND sealed IS NULL", sealed)
		return err
	})
}

// checkKeys returns ErrWrongKeys where the known text does not open, and
// ErrUnmigrated where it is not there yet.
func (s *Store) checkKeys(ctx context.Context) error {
	var sealed []byte
	if err := s.db.one(ctx, &sealed, "SELECT sealed FROM key_check WHERE id = 1"); err != nil {
		return during("check the key ring", err)
	}
	if len(sealed) == 0 {
		return ErrUnmigrated
	}
	if text, err := s.sealing.open(sealed, "key_check", "sealed", "1"); err != nil || string(text) != knownText {
		return ErrWrongKeys
	}
	return nil
}
