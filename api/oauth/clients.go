package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"accord/app"
	"accord/app/verify"
)

// Clients are who may introspect, by their ids: the digests of their secrets.
type Clients map[string][sha256.Size]byte

// minSecret is the length of the shortest secret, in characters.
const minSecret = 32

// plain is what ids and secrets are made of: characters that mean the same with
// and without the encoding of RFC 6749, 2.3.1.
var plain = regexp.MustCompile(`^[0-9A-Za-z._~-]+$`)

// ParseClients reads lines of ID:SECRET; empty ones are passed over. Its error
// holds nothing of them.
func ParseClients(lines app.Secret) (Clients, error) {
	clients := Clients{}
	n := 0
	for line := range strings.Lines(lines.Reveal()) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		id, secret, _ := strings.Cut(line, ":")
		_, twice := clients[id]
		switch {
		case !plain.MatchString(id) || !plain.MatchString(secret):
			return nil, fmt.Errorf("line %d is not ID:SECRET of letters, digits and . _ ~ -", n)
		case len(secret) < minSecret:
			return nil, fmt.Errorf("the secret of line %d is shorter than %d characters", n, minSecret)
		case twice:
			return nil, fmt.Errorf("line %d has the id of another line", n)
		}
		clients[id] = sha256.Sum256([]byte(secret))
	}
	return clients, nil
}

// has compares in constant time; an unknown id takes as long as a known one.
func (c Clients) has(id, secret string) bool {
	want, known := c[id]
	got := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && known
}

func refused(kind app.Kind) error {
	err := &app.Error{Kind: kind, Op: "introspect"}
	if kind == app.BadCredentials {
		err.Err = app.ErrWrongClient
	}
	return err
}

// authenticate demands HTTP Basic credentials of a client (RFC 6749, 2.3.1). A
// right secret costs no word with the database. Every wrong one is counted by
// the caller's address, for all replicas; an address that has to wait is not
// even listened to here. BadCredentials, TooOften, Internal, or NotFound where
// there are no clients.
func (e *endpoint) authenticate(c echo.Context) error {
	if len(e.Clients) == 0 {
		return refused(app.NotFound)
	}
	id, secret, given := c.Request().BasicAuth()
	if !given {
		return refused(app.BadCredentials)
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	address := c.RealIP()
	charges, key, now := e.Charges(address), verify.Network(address), e.Now()
	if len(charges) > 0 {
		if wait := e.held.wait(key, now); wait > 0 {
			return tooOften(wait)
		}
	}
	if idErr == nil && secretErr == nil && e.Clients.has(id, secret) {
		return nil
	}
	_, err := e.Admission.Charge(c.Request().Context(), charges...)
	var held *verify.Refused
	switch {
	case errors.As(err, &held):
		e.held.hold(key, now, now.Add(held.Wait()))
		return tooOften(held.Wait())
	case err != nil:
		return err
	}
	return refused(app.BadCredentials)
}

func tooOften(wait time.Duration) error {
	return &app.Error{Kind: app.TooOften, Op: "introspect", RetryAfter: wait}
}

// maxHeld bounds the addresses that are remembered.
const maxHeld = 1024

// heldUp remembers addresses that have to wait. Safe for concurrent use. What it
// forgets is counted in the database all the same.
type heldUp struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (h *heldUp) wait(key string, now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.until[key].Sub(now)
}

func (h *heldUp) hold(key string, now, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.until) >= maxHeld {
		for other, end := range h.until {
			if !now.Before(end) {
				delete(h.until, other)
			}
		}
	}
	if len(h.until) >= maxHeld {
		clear(h.until)
	}
	h.until[key] = until
}
