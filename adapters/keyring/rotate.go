package keyring

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Rotation says which keys get a successor, and when it takes over.
type Rotation struct {
	Signing, Sealing bool
	// Now is the time of asking; ActiveFrom, in whole seconds, is when the fresh
	// keys are used from, at most a second before it.
	Now, ActiveFrom time.Time
	// TokenLife is the longest lifetime of a token, to which the second is added
	// that ActiveFrom may be short of.
	TokenLife time.Duration
}

// Rotated returns a ring with a fresh key of each sort that is asked for. The
// old signing key checks what it signed for as long as a token lives; the old
// sealing key opens for as long as it is kept. It fails where a key of that sort
// still waits for its time.
func (r *Ring) Rotated(o Rotation) (*Ring, error) {
	next := r.withoutSeeds(o.Now)
	for _, k := range r.Keys(o.Now) {
		if k.State == Pending && (k.Kind == Signing && o.Signing || k.Kind == Sealing && o.Sealing) {
			return nil, fmt.Errorf("keyring: %s key %s already waits to be used, from %s on", k.Kind, k.ID, written(k.From))
		}
	}
	if o.Signing {
		fresh, err := generateSigning()
		if err != nil {
			return nil, err
		}
		fresh.from = o.ActiveFrom
		next.signing[len(next.signing)-1].until = o.ActiveFrom.Add(o.TokenLife + time.Second)
		next.signing = append(next.signing, fresh)
	}
	if !o.Sealing {
		return next, nil
	}
	manager := keyset.NewManagerFromHandle(r.keyset)
	fresh, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = manager.SetPrimary(r.sealingAt(o.Now).id)
	}
	if err != nil {
		return nil, errors.New("keyring: a sealing key cannot be added")
	}
	from := r.sealingTimes()
	from[fresh] = o.ActiveFrom
	return next.withKeyset(manager, from)
}

// Without returns a ring less the keys of those ids, and less the private halves
// of signing keys that sign no more by now. A key that is used or waits is an
// error, and so is a signing key whose tokens may still be good; one that is not
// there is not.
func (r *Ring) Without(ids []string, now time.Time) (*Ring, error) {
	next := r.withoutSeeds(now)
	manager := keyset.NewManagerFromHandle(r.keyset)
	if err := manager.SetPrimary(r.sealingAt(now).id); err != nil {
		return nil, errors.New("keyring: the sealing keys cannot be changed")
	}
	for _, k := range r.Keys(now) {
		switch {
		case !slices.Contains(ids, k.ID):
			continue
		case k.State != Retired, k.Kind == Signing && now.Before(k.Until):
			return nil, fmt.Errorf("keyring: %s key %s is still needed", k.Kind, k.ID)
		case k.Kind == Signing:
			next.signing = slices.DeleteFunc(next.signing, func(s signingKey) bool { return s.kid == k.ID })
		default:
			if err := manager.Delete(k.number); err != nil {
				return nil, fmt.Errorf("keyring: sealing key %s cannot be removed", k.ID)
			}
		}
	}
	return next.withKeyset(manager, r.sealingTimes())
}

// withoutSeeds is a copy in which only keys that sign or will sign can.
func (r *Ring) withoutSeeds(now time.Time) *Ring {
	next := *r
	next.signing = slices.Clone(r.signing)
	current := r.signingAt(now)
	for i, k := range next.signing {
		if k.private != nil && k.from.Before(current.from) {
			next.signing[i].private = nil
		}
	}
	slices.SortStableFunc(next.signing, bySigning)
	return &next
}

func (r *Ring) withKeyset(manager *keyset.Manager, from map[uint32]time.Time) (*Ring, error) {
	handle, err := manager.Handle()
	if err != nil {
		return nil, errors.New("keyring: the sealing keys cannot be changed")
	}
	return r, r.useKeyset(handle, from)
}

func (r *Ring) sealingTimes() map[uint32]time.Time {
	from := map[uint32]time.Time{}
	for _, k := range r.sealing {
		from[k.id] = k.from
	}
	return from
}

// Kind is what a key is for.
type Kind string

// The kinds of keys.
const (
	Signing Kind = "signing"
	Sealing Kind = "sealing"
)

// State is where a key stands.
type State string

const (
	// Pending keys are known to everybody and not used yet.
	Pending State = "pending"
	// Active keys sign or seal.
	Active State = "active"
	// Retired keys only check or open what they made.
	Retired State = "retired"
)

// Key is what may be told of a key.
type Key struct {
	Kind  Kind
	ID    string
	State State
	// From is when it is used from, zero where that was the beginning or is not
	// known any more. Until is when the last token of a retired signing key has
	// run out; zero for the others.
	From, Until time.Time
	// HasPrivate: the ring could still sign with it.
	HasPrivate bool

	number uint32 // of a sealing key
}

// Prefix begins everything that a sealing key has sealed.
func (k Key) Prefix() []byte { return prefix(k.number) }

// Keys tells of every key where it stands at that time: the signing ones, then
// the sealing ones, in the order of their use.
func (r *Ring) Keys(now time.Time) []Key {
	signs, seals := r.signingAt(now), r.sealingAt(now)
	state := func(current bool, from time.Time) State {
		switch {
		case current:
			return Active
		case from.After(now):
			return Pending
		}
		return Retired
	}
	var keys []Key
	for _, k := range r.signing {
		keys = append(keys, Key{
			Kind: Signing, ID: k.kid, State: state(k.kid == signs.kid, k.from), From: k.from, Until: k.until,
			HasPrivate: k.private != nil,
		})
	}
	sealing := slices.SortedStableFunc(slices.Values(r.sealing), func(a, b sealingKey) int { return a.from.Compare(b.from) })
	for _, k := range sealing {
		keys = append(keys, Key{
			Kind: Sealing, ID: strconv.FormatUint(uint64(k.id), 10), State: state(k.id == seals.id, k.from), From: k.from,
			number: k.id,
		})
	}
	return keys
}
