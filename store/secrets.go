package store

import (
	"context"
	"crypto/rand"
	"errors"
)

// digestSecret is the row of the key of app.Digests.
const digestSecret = "digest"

// secretLength is the length of a secret in bytes.
const secretLength = 32

// plantSecrets draws the secrets that have none.
func (s *Store) plantSecrets(ctx context.Context) error {
	fresh := make([]byte, secretLength)
	_, _ = rand.Read(fresh) // never fails
	sealed, err := s.sealing.seal(fresh, "secrets", "sealed", digestSecret)
	if err != nil {
		return err
	}
	return s.db.atomically(ctx, "plant secrets", func(ctx context.Context) error {
		_, err := s.db.exec(ctx, "UPDATE secrets SET sealed = ? WHERE id = ? AND sealed IS NULL", sealed, digestSecret)
		return err
	})
}

// DigestKey returns the key of the digests that stand for accounts in logs, and in
// the names of budgets and proofs. It is the same for every replica, and stays when
// the key ring rotates.
func (s *Store) DigestKey(ctx context.Context) ([]byte, error) {
	const op = "read the key of digests"
	var sealed []byte
	if err := s.db.one(ctx, &sealed, "SELECT sealed FROM secrets WHERE id = ?", digestSecret); err != nil {
		return nil, during(op, err)
	}
	key, err := s.sealing.open(sealed, "secrets", "sealed", digestSecret)
	if err == nil && len(key) != secretLength {
		err = errors.New("store: the key of digests is missing")
	}
	return key, during(op, err)
}
