// Package keyring keeps the platform's own keys: Ed25519 keys that sign access
// tokens and AES-GCM keys that seal what the account store must not show.
//
// A ring is one JSON document:
//
//	{
//	  "version": 2,
//	  "signing": [
//	    {"kid": "…", "public": "…", "notAfter": "2026-03-01T00:00:00Z"},
//	    {"kid": "…", "seed": "…", "notAfter": "2026-04-01T00:00:00Z"},
//	    {"kid": "…", "seed": "…", "activeFrom": "2026-03-25T00:00:00Z"}
//	  ],
//	  "sealing": { a Tink keyset of AES-GCM keys, in clear },
//	  "sealingFrom": {"2714623996": "2026-03-25T00:00:00Z"}
//	}
//
// Of the signing keys with a seed the one signs whose activeFrom came last; one
// without is from the beginning. So a key is known, and published, before it is
// used. Each key checks tokens until its notAfter, which all but the last have;
// one that signs no more keeps only its public half. Sealed data names its key
// inside the ciphertext: every key opens, and the one seals whose time in
// sealingFrom came last, else the keyset's primary key.
//
// Version 1 had a "state" at each signing key instead, and no times.
package keyring

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/core/cryptofmt"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Ring holds keys. It never changes; safe for concurrent use. It prints as a
// fixed word, never as its keys.
type Ring struct {
	// signing keys in the order of their activeFrom, those that only check first.
	signing []signingKey
	keyset  *keyset.Handle
	sealing []sealingKey
	opener  tink.AEAD
	now     func() time.Time
}

// signingKey signs from a time on, unless it has no private half, and checks
// until a time. The zero times are the beginning, and none.
type signingKey struct {
	kid         string
	public      ed25519.PublicKey
	private     ed25519.PrivateKey
	from, until time.Time
}

// sealingKey seals from a time on; the zero time is the beginning.
type sealingKey struct {
	id      uint32
	primary bool
	from    time.Time
	sealer  tink.AEAD
}

// Generate makes a ring with one fresh key of each sort.
func Generate() (*Ring, error) {
	key, err := generateSigning()
	if err != nil {
		return nil, err
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("keyring: generate a sealing key: %w", err)
	}
	r := &Ring{signing: []signingKey{key}, now: time.Now}
	return r, r.useKeyset(handle, nil)
}

func generateSigning() (signingKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return signingKey{}, fmt.Errorf("keyring: generate a signing key: %w", err)
	}
	return signingKey{kid: thumbprint(public), public: public, private: private}, nil
}

// useKeyset makes the keys of the keyset the ring's, with the times from which
// they seal. Its errors hold nothing of the keyset.
func (r *Ring) useKeyset(handle *keyset.Handle, from map[uint32]time.Time) error {
	all, err := aead.New(handle)
	if err != nil {
		return errors.New("keyring: the sealing keys have no usable primary key")
	}
	r.keyset, r.opener, r.sealing = handle, all, nil
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil || entry.KeyStatus() != keyset.Enabled {
			continue
		}
		// A keyset of the same keys with this one first seals with it.
		manager := keyset.NewManagerFromHandle(handle)
		if err := manager.SetPrimary(entry.KeyID()); err != nil {
			return fmt.Errorf("keyring: sealing key %d cannot be used", entry.KeyID())
		}
		own, err := manager.Handle()
		if err != nil {
			return fmt.Errorf("keyring: sealing key %d cannot be used", entry.KeyID())
		}
		sealer, err := aead.New(own)
		if err != nil {
			return fmt.Errorf("keyring: sealing key %d cannot be used", entry.KeyID())
		}
		r.sealing = append(r.sealing, sealingKey{entry.KeyID(), entry.IsPrimary(), from[entry.KeyID()], sealer})
	}
	return nil
}

// thumbprint is the JWK thumbprint (RFC 7638, RFC 8037) of a public key.
func thumbprint(public ed25519.PublicKey) string {
	x := base64.RawURLEncoding.EncodeToString(public)
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// SigningKey is the Ed25519 key that signs access tokens at that time, and its
// id.
func (r *Ring) SigningKey(now time.Time) (kid string, key crypto.Signer) {
	k := r.signingAt(now)
	return k.kid, k.private
}

// signingAt is the key whose time came last; before the first one's time, as on
// a machine whose clock is behind, it is that one.
func (r *Ring) signingAt(now time.Time) signingKey {
	var found *signingKey
	for i, k := range r.signing {
		if k.private != nil && (found == nil || !now.Before(k.from)) {
			found = &r.signing[i]
		}
	}
	return *found
}

// VerificationKeys are the public keys, by id, under which a token may be signed
// that is looked at by now, and those that will sign.
func (r *Ring) VerificationKeys(now time.Time) map[string]ed25519.PublicKey {
	keys := map[string]ed25519.PublicKey{}
	for _, k := range r.signing {
		if k.until.IsZero() || now.Before(k.until) {
			keys[k.kid] = k.public
		}
	}
	return keys
}

// Seal encrypts plain with the sealing key of this moment and binds it to
// associated, which is not part of the result and is needed again to open it.
// Sealing twice gives two results.
func (r *Ring) Seal(plain, associated []byte) ([]byte, error) {
	sealed, err := r.sealingAt(r.now()).sealer.Encrypt(plain, associated)
	if err != nil {
		return nil, fmt.Errorf("keyring: seal: %w", err)
	}
	return sealed, nil
}

// sealingAt is the key whose time came last, else the primary one.
func (r *Ring) sealingAt(now time.Time) sealingKey {
	found := slices.IndexFunc(r.sealing, func(k sealingKey) bool { return k.primary })
	for i, k := range r.sealing {
		if !k.from.IsZero() && !now.Before(k.from) && k.from.After(r.sealing[found].from) {
			found = i
		}
	}
	return r.sealing[found]
}

// prefix begins whatever a Tink key of that id sealed.
func prefix(id uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{cryptofmt.TinkStartByte}, id)
}

// knows reports whether what was sealed names a key of the ring.
func (r *Ring) knows(sealed []byte) bool {
	return slices.ContainsFunc(r.sealing, func(k sealingKey) bool { return bytes.HasPrefix(sealed, prefix(k.id)) })
}

// Stale are the beginnings of what was sealed under keys that seal no more.
func (r *Ring) Stale() [][]byte {
	now := r.now()
	current := r.sealingAt(now).id
	var stale [][]byte
	for _, k := range r.sealing {
		if k.id != current && !now.Before(k.from) {
			stale = append(stale, prefix(k.id))
		}
	}
	return stale
}

// Open decrypts what Seal made under any key of the ring with the same
// associated data. Anything else is an error.
func (r *Ring) Open(sealed, associated []byte) ([]byte, error) {
	plain, err := r.opener.Decrypt(sealed, associated)
	if err != nil {
		return nil, fmt.Errorf("keyring: open: %w", err)
	}
	return plain, nil
}

// Format hides the keys from every verb of fmt.
func (r *Ring) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("key ring")) }
