package app

import (
	"context"
	"errors"
	"time"
)

// Answers keeps what requests that bear a key were answered, so that a repeat
// of one is told the same and not carried out again. Safe for concurrent use,
// also by several replicas. Errors other than those named are Internal.
type Answers interface {
	// Begin tells how the request of that key, at most 64 bytes, stands. Where no
	// answer is kept and nobody is at work on one, the caller has to make it: the
	// key is claimed for it until the lease ends, and of several that ask at one
	// instant for one of them. ErrKeyReused where the key is that of a request
	// with another fingerprint, which is never stored readably.
	Begin(ctx context.Context, key string, fingerprint []byte, now, lease time.Time) (Asked, error)
	// Keep stores the answer, sealed, until that time. Repeatable: the first one
	// stays. A claim that was lost to another, or given up, is none: nothing is
	// stored.
	Keep(ctx context.Context, claim int64, answer []byte, until time.Time) error
	// Drop gives a claim up, so that the next to ask has it. Repeatable; an
	// answer that is kept stays.
	Drop(ctx context.Context, claim int64) error
}

// Asked is how a request with a key stands. Where it has neither claim nor
// answer another caller is at work on it.
type Asked struct {
	// Claim is not zero where the caller has to carry the request out.
	Claim int64
	// Answer is what is kept.
	Answer []byte
}

// ErrKeyReused says that a key came with another request before.
var ErrKeyReused = errors.New("app: the key belongs to another request")
