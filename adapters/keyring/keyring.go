// Package keyring keeps the platform's own keys: Ed25519 keys that sign access
// tokens and AES-GCM keys that seal what the account store must not show.
//
// A ring is one JSON document:
//
//	{
//	  "version": 1,
//	  "signing": [
//	    {"kid": "…", "state": "active", "seed": "…"},
//	    {"kid": "…", "state": "verify-only", "public": "…", "notAfter": "2026-03-01T00:00:00Z"}
//	  ],
//	  "sealing": { a Tink keyset of AES-GCM keys, in clear }
//	}
//
// One signing key is active. A key that was rotated out keeps only its public
// half, until the last token it signed has run out. Sealed data names its key
// inside the ciphertext: the keyset's primary key seals, and every key opens.
package keyring

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Ring holds keys. It never changes; safe for concurrent use. It prints as a
// fixed word, never as its keys.
type Ring struct {
	active  ed25519.PrivateKey
	kid     string
	retired []retiredKey
	keyset  *keyset.Handle
	sealer  tink.AEAD
}

// retiredKey is a signing key that only verifies, until notAfter.
type retiredKey struct {
	kid      string
	public   ed25519.PublicKey
	notAfter time.Time
}

// Generate makes a ring with one fresh key of each sort.
func Generate() (*Ring, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("keyring: generate a signing key: %w", err)
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("keyring: generate a sealing key: %w", err)
	}
	sealer, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("keyring: use the sealing key: %w", err)
	}
	return &Ring{active: private, kid: thumbprint(public), keyset: handle, sealer: sealer}, nil
}

// thumbprint is the JWK thumbprint (RFC 7638, RFC 8037) of a public key.
func thumbprint(public ed25519.PublicKey) string {
	x := base64.RawURLEncoding.EncodeToString(public)
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// SigningKey is the Ed25519 key that signs access tokens, and its id.
func (r *Ring) SigningKey() (kid string, key crypto.Signer) { return r.kid, r.active }

// VerificationKeys are the public keys, by id, under which a token may be signed
// that is looked at by now.
func (r *Ring) VerificationKeys(now time.Time) map[string]ed25519.PublicKey {
	keys := map[string]ed25519.PublicKey{r.kid: r.active.Public().(ed25519.PublicKey)}
	for _, k := range r.retired {
		if now.Before(k.notAfter) {
			keys[k.kid] = k.public
		}
	}
	return keys
}

// Seal encrypts plain with the primary sealing key and binds it to associated,
// which is not part of the result and is needed again to open it. Sealing twice
// gives two results.
func (r *Ring) Seal(plain, associated []byte) ([]byte, error) {
	sealed, err := r.sealer.Encrypt(plain, associated)
	if err != nil {
		return nil, fmt.Errorf("keyring: seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made under any key of the ring with the same
// associated data. Anything else is an error.
func (r *Ring) Open(sealed, associated []byte) ([]byte, error) {
	plain, err := r.sealer.Decrypt(sealed, associated)
	if err != nil {
		return nil, fmt.Errorf("keyring: open: %w", err)
	}
	return plain, nil
}

// Format hides the keys from every verb of fmt.
func (r *Ring) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("key ring")) }
