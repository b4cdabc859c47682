package verify

import (
	"sync"
	"time"
)

const (
	// trust is how long a refusal is repeated without asking the database, so that
	// a client that goes on asking costs it one look a second.
	trust = time.Second
	// maxHeld bounds the keys that are remembered.
	maxHeld = 4096
)

// held remembers the keys that were refused a moment ago. What it forgets is
// counted in the database all the same. The zero value is ready to use.
type held struct {
	mu   sync.Mutex
	keys map[string]heldKey
}

type heldKey struct{ free, ask time.Time }

// among returns the charges that are known to have to wait.
func (h *held) among(charges []Charge, now time.Time) []Hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	var holds []Hold
	for _, c := range charges {
		if k, ok := h.keys[c.Key]; ok && now.Before(k.ask) {
			holds = append(holds, Hold{Charge: c, Wait: k.free.Sub(now)})
		}
	}
	return holds
}

func (h *held) keep(holds []Hold, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.keys) >= maxHeld {
		for key, k := range h.keys {
			if !now.Before(k.ask) {
				delete(h.keys, key)
			}
		}
	}
	if h.keys == nil || len(h.keys) >= maxHeld {
		h.keys = map[string]heldKey{}
	}
	for _, hold := range holds {
		h.keys[hold.Charge.Key] = heldKey{free: now.Add(hold.Wait), ask: now.Add(min(hold.Wait, trust))}
	}
}

func (h *held) drop(forget []string, back []Receipt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range forget {
		delete(h.keys, key)
	}
	for _, r := range back {
		delete(h.keys, r.Key)
	}
}
