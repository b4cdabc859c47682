// Package password hashes passwords with Argon2id (RFC 9106), a bounded number
// at once, and writes the hashes as PHC strings.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"

	"accord/app"
)

const (
	saltLen = 16
	hashLen = 32
)

// Options are the costs of hashing. Zero fields take their defaults.
type Options struct {
	// Memory of one hash, in KiB; 19456 (19 MiB) by default, at least 8 for each
	// thread, at most 65536.
	Memory uint32
	// Time is the number of passes; 2 by default, at most 16.
	Time uint32
	// Threads is the number of lanes; 1 by default, at most 16.
	Threads uint8
	// Concurrent bounds the hashes computed at once, and so the memory in use;
	// by default one for each CPU that Go may use. Calls of Hash have half of the
	// places, at least one, so that registrations and resets cannot keep sign-ins,
	// which call Verify, waiting.
	Concurrent int
}

func (o Options) withDefaults() Options {
	if o.Memory == 0 {
		o.Memory = 19 * 1024
	}
	if o.Time == 0 {
		o.Time = 2
	}
	if o.Threads == 0 {
		o.Threads = 1
	}
	if o.Concurrent == 0 {
		o.Concurrent = runtime.GOMAXPROCS(0)
	}
	return o
}

// Hasher is an app.Hasher. Safe for concurrent use.
type Hasher struct {
	cost   cost
	places *semaphore.Weighted
	// hashing is the share of places that Hash may have. Whoever waits for it does
	// not stand in the queue for places.
	hashing *semaphore.Weighted
	derive  func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
}

var _ app.Hasher = (*Hasher)(nil)

// New returns a Hasher, or every fault of the options.
func New(o Options) (*Hasher, error) {
	o = o.withDefaults()
	c := cost{memory: o.Memory, time: o.Time, threads: o.Threads}
	err := c.check()
	if o.Concurrent < 0 {
		err = errors.Join(err, fmt.Errorf("password: %d hashes at once is not possible", o.Concurrent))
	}
	if err != nil {
		return nil, err
	}
	return &Hasher{
		cost: c, places: semaphore.NewWeighted(int64(o.Concurrent)),
		hashing: semaphore.NewWeighted(int64(max(1, o.Concurrent/2))), derive: argon2.IDKey,
	}, nil
}

// Hash returns a PHC string with a fresh salt; Busy where no place came free
// before ctx ended. A hash that was begun is finished.
func (h *Hasher) Hash(ctx context.Context, password app.Secret) (app.Secret, error) {
	const op = "hash password"
	if err := h.hashing.Acquire(ctx, 1); err != nil {
		return "", &app.Error{Kind: app.Busy, Op: op, Err: err}
	}
	defer h.hashing.Release(1)
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // documented never to fail
	key, err := h.run(ctx, op, h.cost, password, salt, hashLen)
	if err != nil {
		return "", err
	}
	return phc{cost: h.cost, salt: salt, hash: key}.encode(), nil
}

// Verify reports whether hash was made from password, whatever its costs within
// the bounds of Options. An empty hash is compared with a stand-in of the
// present costs and is never equal. Busy where no place came free before ctx
// ended, Internal for a hash that is not a PHC string of Argon2id.
func (h *Hasher) Verify(ctx context.Context, hash, password app.Secret) (bool, error) {
	const op = "verify password"
	known := hash != ""
	want := phc{cost: h.cost, salt: make([]byte, saltLen), hash: make([]byte, hashLen)}
	if known {
		var err error
		if want, err = decode(hash); err != nil {
			return false, &app.Error{Kind: app.Internal, Op: op, Err: err}
		}
	}
	got, err := h.run(ctx, op, want.cost, password, want.salt, uint32(len(want.hash))) //nolint:gosec // at most maxField
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want.hash) == 1 && known, nil
}

// run derives a key when a place is free.
func (h *Hasher) run(ctx context.Context, op string, c cost, password app.Secret, salt []byte, n uint32) ([]byte, error) {
	if err := h.places.Acquire(ctx, 1); err != nil {
		return nil, &app.Error{Kind: app.Busy, Op: op, Err: err}
	}
	defer h.places.Release(1)
	return h.derive([]byte(password.Reveal()), salt, c.time, c.memory, c.threads, n), nil
}
