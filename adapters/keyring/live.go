package keyring

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Live is the ring of a key file that may change while it is used. Safe for
// concurrent use.
type Live struct {
	path string
	log  *slog.Logger
	ring atomic.Pointer[Ring]

	mu     sync.Mutex
	loaded os.FileInfo // of the file that was looked at last
	fault  string      // what was wrong with it
}

// Follow loads the ring of a key file; its errors are those of Load. Reload
// keeps it in step with the file.
func Follow(path string, log *slog.Logger) (*Live, error) {
	l := &Live{path: path, log: log}
	info, err := os.Stat(path) // before it is read: a change in between is found at the next look
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	ring, err := Load(path)
	if err != nil {
		return nil, err
	}
	l.loaded = info
	l.ring.Store(ring)
	return l, nil
}

// Ring is the ring as it was last read.
func (l *Live) Ring() *Ring { return l.ring.Load() }

// Keep looks at the file at every tick until ctx ends.
func (l *Live) Keep(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			l.Reload()
		}
	}
}

// Reload reads the file if it has changed. A file that cannot be used, or lacks
// the key that seals, leaves the ring as it is and is logged, once.
func (l *Live) Reload() {
	l.mu.Lock()
	defer l.mu.Unlock()
	info, err := os.Stat(l.path)
	if err == nil && l.fault == "" && same(info, l.loaded) {
		return
	}
	ring, loadErr := Load(l.path)
	if err = errors.Join(err, loadErr); err == nil {
		err = l.Ring().continues(ring)
	}
	if err != nil {
		if l.fault != err.Error() {
			l.log.Error("the key file has changed and cannot be used; the keys stay as they were", "file", l.path, "error", err)
		}
		l.fault = err.Error()
		return
	}
	l.loaded, l.fault = info, ""
	l.ring.Store(ring)
	l.log.Info("the key file was read again", "file", l.path)
}

// same reports whether a file was neither replaced nor written.
func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// continues returns nil where next opens what the ring seals now.
func (r *Ring) continues(next *Ring) error {
	sealed, err := r.Seal([]byte("accord"), nil)
	if err != nil {
		return err
	}
	if _, err := next.Open(sealed, nil); err != nil {
		return errors.New("keyring: the key that seals is missing in it: it is another ring")
	}
	return nil
}

// SigningKey is that of the ring.
func (l *Live) SigningKey(now time.Time) (kid string, key crypto.Signer) {
	return l.Ring().SigningKey(now)
}

// VerificationKeys are those of the ring.
func (l *Live) VerificationKeys(now time.Time) map[string]ed25519.PublicKey {
	return l.Ring().VerificationKeys(now)
}

// Stale is that of the ring.
func (l *Live) Stale() [][]byte { return l.Ring().Stale() }

// Seal is that of the ring.
func (l *Live) Seal(plain, associated []byte) ([]byte, error) {
	return l.Ring().Seal(plain, associated)
}

// Open is that of the ring. What another replica sealed under a key that is not
// known here has the file read first, if it has changed.
func (l *Live) Open(sealed, associated []byte) ([]byte, error) {
	if !l.Ring().knows(sealed) {
		l.Reload()
	}
	return l.Ring().Open(sealed, associated)
}
