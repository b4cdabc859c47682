package minio

import (
	"bytes"
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/secure-io/sio-go"
	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"

	"accord/app"
)

// A sealed body of the admin interface is
//
//	salt (32 bytes) | suite (1 byte) | nonce (8 bytes) | sio stream
//
// under a key derived from the caller's own password. Servers read all three
// suites. What is sent uses PBKDF2, which costs a few milliseconds; servers
// answer with Argon2id, which costs 64 MiB and ten times as long.
const (
	suiteArgonAES    = 0
	suiteArgonChaCha = 1
	suitePBKDF2AES   = 2

	saltSize   = 32
	nonceSize  = 8
	headerSize = saltSize + 1 + nonceSize
	keySize    = 32

	pbkdf2Rounds = 8192
	argonTime    = 1
	argonMemory  = 64 << 10 // KiB
	argonLanes   = 4
)

// errSealed says that a sealed body is damaged or was made for another password.
var errSealed = errors.New("the encrypted answer cannot be read")

// sealer turns request bodies into sealed ones and sealed answers back. Safe
// for concurrent use.
type sealer struct {
	password app.Secret
	// argon admits one Argon2id derivation at a time: each holds 64 MiB.
	argon *semaphore.Weighted
}

func newSealer(password app.Secret) *sealer {
	return &sealer{password: password, argon: semaphore.NewWeighted(1)}
}

// seal encrypts a body under a fresh salt and nonce.
func (s *sealer) seal(plain []byte) ([]byte, error) {
	header := make([]byte, headerSize)
	_, _ = rand.Read(header) // crypto/rand never fails
	header[saltSize] = suitePBKDF2AES
	key, err := s.key(context.Background(), header[:saltSize], suitePBKDF2AES)
	if err != nil {
		return nil, err
	}
	stream, err := sio.AES_256_GCM.Stream(key)
	if err != nil {
		return nil, err
	}
	sealed := bytes.NewBuffer(header)
	w := stream.EncryptWriter(sealed, header[saltSize+1:], nil)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return sealed.Bytes(), nil
}

// reader decrypts a sealed answer as it is read. What was read is not to be
// trusted before the end of it, which is an error where the answer was damaged,
// cut short, or made for another password. It waits for its turn until ctx ends.
func (s *sealer) reader(ctx context.Context, sealed io.Reader) (io.Reader, error) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(sealed, header); err != nil {
		return nil, errSealed
	}
	suite := header[saltSize]
	algorithm := sio.AES_256_GCM
	if suite == suiteArgonChaCha {
		algorithm = sio.ChaCha20Poly1305
	}
	key, err := s.key(ctx, header[:saltSize], suite)
	if err != nil {
		return nil, err
	}
	stream, err := algorithm.Stream(key)
	if err != nil {
		return nil, err
	}
	return stream.DecryptReader(sealed, header[saltSize+1:], nil), nil
}

func (s *sealer) key(ctx context.Context, salt []byte, suite byte) ([]byte, error) {
	switch suite {
	case suitePBKDF2AES:
		return pbkdf2.Key(sha256.New, s.password.Reveal(), salt, pbkdf2Rounds, keySize)
	case suiteArgonAES, suiteArgonChaCha:
		if err := s.argon.Acquire(ctx, 1); err != nil {
			return nil, err
		}
		defer s.argon.Release(1)
		return argon2.IDKey([]byte(s.password.Reveal()), salt, argonTime, argonMemory, argonLanes, keySize), nil
	}
	return nil, fmt.Errorf("%w: cipher suite %d is unknown", errSealed, suite)
}
