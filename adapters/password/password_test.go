package password

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// light makes tests quick; what is tested does not depend on the costs.
var light = Options{Memory: 64, Time: 1}

func newHasher(t testing.TB, o Options) *Hasher {
	t.Helper()
	h, err := New(o)
	require.NoError(t, err)
	return h
}

func TestHashAndVerify(t *testing.T) {
	h := newHasher(t, Options{})
	hash, err := h.Hash(t.Context(), "correct horse 1")
	require.NoError(t, err)
	require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, hash.Reveal())

	ok, err := h.Verify(t.Context(), hash, "correct horse 1")
	require.NoError(t, err)
	require.True(t, ok)

	ok, err = h.Verify(t.Context(), hash, "correct horse 2")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestEveryHashHasItsOwnSalt(t *testing.T) {
	h := newHasher(t, light)
	a, err := h.Hash(t.Context(), "same")
	require.NoError(t, err)
	b, err := h.Hash(t.Context(), "same")
	require.NoError(t, err)
	require.NotEqual(t, a, b)
}

// The hash is the one that the reference program "argon2" prints for
// echo -n password | argon2 somesalt -id -v 13 -t 2 -m 16 -p 1 -l 32.
func TestVerifiesAForeignHashWithOtherCosts(t *testing.T) {
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := newHasher(t, light)
	ok, err := h.Verify(t.Context(), reference, "password")
	require.NoError(t, err)
	require.True(t, ok)
}

func TestOptionsFaultsAreReportedTogether(t *testing.T) {
	_, err := New(Options{Memory: maxMemory + 1, Time: maxTime + 1, Threads: maxThreads + 1, Concurrent: -1})
	require.ErrorContains(t, err, "memory")
	require.ErrorContains(t, err, "passes")
	require.ErrorContains(t, err, "threads")
	require.ErrorContains(t, err, "at once")
}

func TestRefusesHashesThatAreNotOurs(t *testing.T) {
	const salt, sum = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := newHasher(t, light)
	h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
		t.Error("a bad hash was worked on")
		return nil
	}
	for name, hash := range map[string]string{
		"plain text":          "password",
		"bcrypt":              "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2i":             "$argon2i$v=19$m=64,t=1,p=1$" + salt + "$" + sum,
		"old version":         "$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + sum,
		"no costs":            "$argon2id$v=19$$" + salt + "$" + sum,
		"more after costs":    "$argon2id$v=19$m=64,t=1,p=1,data=x$" + salt + "$" + sum,
		"too much memory":     "$argon2id$v=19$m=65537,t=1,p=1$" + salt + "$" + sum,
		"memory past 32 bits": "$argon2id$v=19$m=4294967296,t=1,p=1$" + salt + "$" + sum,
		"too little memory":   "$argon2id$v=19$m=1,t=1,p=1$" + salt + "$" + sum,
		"too many passes":     "$argon2id$v=19$m=64,t=17,p=1$" + salt + "$" + sum,
		"no pass":             "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + sum,
		"no thread":           "$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + sum,
		"too many threads":    "$argon2id$v=19$m=1024,t=1,p=17$" + salt + "$" + sum,
		"short salt":          "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$" + sum,
		"no hash":             "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$",
		"long hash":           "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + strings.Repeat("AAAA", 22),
		"not base64":          "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$!" + sum,
	} {
		t.Run(name, func(t *testing.T) {
			ok, err := h.Verify(t.Context(), app.Secret(hash), "password")
			require.False(t, ok)
			require.Error(t, err)
			require.Equal(t, app.Internal, app.KindOf(err))
			require.NotContains(t, err.Error(), sum)
		})
	}
}

// work is one derivation that was asked for.
type work struct {
	time, memory uint32
	threads      uint8
	salt, length int
}

func TestUnknownAccountsCostTheSameWork(t *testing.T) {
	h := newHasher(t, light)
	hash, err := h.Hash(t.Context(), "right")
	require.NoError(t, err)

	var done []work
	derive := h.derive
	h.derive = func(password, salt []byte, time, memory uint32, threads uint8, n uint32) []byte {
		done = append(done, work{time, memory, threads, len(salt), int(n)})
		return derive(password, salt, time, memory, threads, n)
	}
	_, err = h.Verify(t.Context(), hash, "wrong")
	require.NoError(t, err)
	ok, err := h.Verify(t.Context(), "", "wrong")
	require.NoError(t, err)
	require.False(t, ok)
	require.Len(t, done, 2)
	require.Equal(t, done[0], done[1])
}

func TestAnEmptyHashIsNeverEqual(t *testing.T) {
	h := newHasher(t, light)
	h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte { return make([]byte, hashLen) }
	ok, err := h.Verify(t.Context(), "", "")
	require.NoError(t, err)
	require.False(t, ok, "the stand-in's hash was met and accepted")
}

func TestNoMoreThanConcurrentAtOnce(t *testing.T) {
	const places, callers = 3, 24
	h := newHasher(t, Options{Concurrent: places})
	var inFlight, most atomic.Int32
	started, release := make(chan struct{}, places+callers), make(chan struct{})
	h.derive = func(_, _ []byte, _, _ uint32, _ uint8, n uint32) []byte {
		now := inFlight.Add(1)
		defer inFlight.Add(-1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		if now <= places { // one too many does not wait, and is counted
			started <- struct{}{}
			<-release
		}
		return make([]byte, n)
	}
	var wg sync.WaitGroup
	verify := func() {
		if _, err := h.Verify(t.Context(), "", "x"); err != nil {
			t.Error(err)
		}
	}
	for range places {
		wg.Go(verify)
	}
	for range places {
		<-started
	}

	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := h.Verify(short, "", "x")
	require.Error(t, err)
	require.Equal(t, app.Busy, app.KindOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = h.Hash(short, "x")
	require.Error(t, err)
	require.Equal(t, app.Busy, app.KindOf(err))

	for range callers {
		wg.Go(verify)
	}
	close(release)
	wg.Wait()
	require.EqualValues(t, places, most.Load())
}

// However many passwords are to be hashed, there is a place to verify one.
func TestHashingDoesNotKeepVerifyingWaiting(t *testing.T) {
	for _, places := range []int{2, 3, 8} {
		h := newHasher(t, Options{Concurrent: places})
		share := places / 2
		started, release := make(chan struct{}, 100), make(chan struct{})
		h.derive = func(password, _ []byte, _, _ uint32, _ uint8, n uint32) []byte {
			if string(password) == "reset" {
				started <- struct{}{}
				<-release
			}
			return make([]byte, n)
		}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { _, _ = h.Hash(t.Context(), "reset") })
		}
		for range share {
			<-started
		}
		_, err := h.Verify(t.Context(), "", "sign-in")
		require.NoError(t, err)
		close(release)
		wg.Wait()
	}
}

func BenchmarkHash(b *testing.B) {
	for _, places := range []int{1, 0} {
		b.Run(fmt.Sprintf("concurrent=%d", places), func(b *testing.B) {
			h := newHasher(b, Options{Concurrent: places})
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := h.Hash(b.Context(), "correct horse 1"); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
