package minio

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/secure-io/sio-go"
	"github.com/stretchr/testify/require"
)

// sealedWith seals as a server may, in any of the suites.
func sealedWith(t testing.TB, s *sealer, suite byte, plain []byte) []byte {
	t.Helper()
	header := bytes.Repeat([]byte{7}, headerSize)
	header[saltSize] = suite
	key, err := s.key(t.Context(), header[:saltSize], suite)
	require.NoError(t, err)
	algorithm := sio.AES_256_GCM
	if suite == suiteArgonChaCha {
		algorithm = sio.ChaCha20Poly1305
	}
	stream, err := algorithm.Stream(key)
	require.NoError(t, err)
	out := bytes.NewBuffer(header)
	w := stream.EncryptWriter(out, header[saltSize+1:], nil)
	_, err = w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// open decrypts a sealed answer whole.
func (s *sealer) open(ctx context.Context, sealed []byte) ([]byte, error) {
	plain, err := s.reader(ctx, bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}

func TestOpenEverySuite(t *testing.T) {
	s, other := newSealer("password"), newSealer("passwore")
	plain := bytes.Repeat([]byte("a long answer "), 10_000)
	for _, suite := range []byte{suiteArgonAES, suiteArgonChaCha, suitePBKDF2AES} {
		sealed := sealedWith(t, s, suite, plain)
		opened, err := s.open(t.Context(), sealed)
		require.NoError(t, err)
		require.Equal(t, plain, opened)

		_, err = other.open(t.Context(), sealed)
		require.Error(t, err)
		_, err = s.open(t.Context(), sealed[:len(sealed)-1])
		require.Error(t, err)
	}
}

func TestSealIsFresh(t *testing.T) {
	s := newSealer("password")
	one, err := s.seal([]byte("body"))
	require.NoError(t, err)
	two, err := s.seal([]byte("body"))
	require.NoError(t, err)
	require.NotEqual(t, one[:saltSize], two[:saltSize])
	require.NotContains(t, string(one), "body")
	opened, err := s.open(t.Context(), one)
	require.NoError(t, err)
	require.Equal(t, "body", string(opened))
}

func TestOpenBadInput(t *testing.T) {
	s := newSealer("password")
	sealed, err := s.seal([]byte("body"))
	require.NoError(t, err)
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 4 // the suite becomes an unknown one
		_, err := s.open(t.Context(), damaged)
		require.Error(t, err, "byte %d", i)
	}
	for n := range headerSize + 1 {
		_, err := s.open(t.Context(), sealed[:n])
		require.Error(t, err, "%d bytes", n)
	}
}

// A second slow derivation waits for the first, but not longer than its caller.
func TestOneArgonAtATime(t *testing.T) {
	s := newSealer("password")
	sealed := sealedWith(t, s, suiteArgonAES, []byte("body"))
	require.NoError(t, s.argon.Acquire(t.Context(), 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.open(ctx, sealed)
	require.ErrorIs(t, err, context.Canceled)
	s.argon.Release(1)
	_, err = s.open(t.Context(), sealed)
	require.NoError(t, err)
}
