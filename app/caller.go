package app

import (
	"context"
	"strings"
	"sync"
)

// Caller is the client of a request, and whom the request is about as far as
// use cases have found out. Safe for concurrent use.
type Caller struct {
	Place Place
	// Language to write to the user in, "zh" or "en"; empty if it is not known.
	Language string

	mu      sync.Mutex
	account string
	typed   string
}

type callerKey struct{}

// WithCaller returns a context whose use cases know the caller.
func WithCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns the caller of the context; an empty one if it has none.
func CallerOf(ctx context.Context) *Caller {
	if c, ok := ctx.Value(callerKey{}).(*Caller); ok {
		return c
	}
	return &Caller{}
}

// About returns the accountId that the request is about, and the key under which
// failed attempts are counted for the name, address or number that was typed;
// each is empty if it is not known. The key depends on the input alone.
func (c *Caller) About() (accountID, typed string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.account, c.typed
}

func (c *Caller) setAccount(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id != "" {
		c.account = id
	}
}

func (c *Caller) setTyped(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.typed = key
}

// typedTarget is the key of a name, address or number for the target of a code.
func typedTarget(d Digests, target string) string {
	if email, ok := strings.CutPrefix(target, "mail:"); ok {
		return "mail/" + d.name(email)
	}
	return "mobile/" + d.name(strings.TrimPrefix(target, "sms:+"))
}
