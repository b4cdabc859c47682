package keyring

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	version    = 1
	active     = "active"
	verifyOnly = "verify-only"
	aesGCM     = "type.googleapis.com/google.crypto.tink.AesGcmKey"
	maxKID     = 64
)

// document is a ring as it is stored. Keys are base64url without padding.
type document struct {
	Version int             `json:"version"`
	Signing []signingEntry  `json:"signing"`
	Sealing json.RawMessage `json:"sealing"`
}

type signingEntry struct {
	KID      string `json:"kid"`
	State    string `json:"state"`
	Seed     string `json:"seed,omitempty"`
	Public   string `json:"public,omitempty"`
	NotAfter string `json:"notAfter,omitempty"`
}

// faults collects what is wrong with a document; it never names a key's value.
type faults []error

func (f *faults) add(format string, args ...any) {
	*f = append(*f, fmt.Errorf("keyring: "+format, args...))
}

// Parse reads a ring from its document, as it may come from the environment or
// a secret. Every fault is reported at once; no error holds key material.
func Parse(data []byte) (*Ring, error) {
	var doc document
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("keyring: not a key ring: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("keyring: something follows the key ring")
	}
	var found faults
	if doc.Version != version {
		found.add("version is %d, not %d", doc.Version, version)
	}
	var r Ring
	r.addSigning(doc.Signing, &found)
	r.keyset, r.sealer = readSealing(doc.Sealing, &found)
	if len(found) > 0 {
		return nil, errors.Join(found...)
	}
	return &r, nil
}

func (r *Ring) addSigning(entries []signingEntry, found *faults) {
	seen := map[string]bool{}
	for i, e := range entries {
		if e.KID == "" || len(e.KID) > maxKID {
			found.add("signing key %d has no kid of 1 to %d characters", i+1, maxKID)
		} else if seen[e.KID] {
			found.add("kid of signing key %d is used twice", i+1)
		}
		seen[e.KID] = true
		switch e.State {
		case active:
			r.setActive(i+1, e, found)
		case verifyOnly:
			r.addRetired(i+1, e, found)
		default:
			found.add("state of signing key %d is neither %s nor %s", i+1, active, verifyOnly)
		}
	}
	if r.active == nil {
		found.add("no usable signing key is active")
	}
}

func (r *Ring) setActive(n int, e signingEntry, found *faults) {
	seed, ok := decodeKey(e.Seed, ed25519.SeedSize)
	if !ok {
		found.add("seed of signing key %d is not %d bytes in base64url", n, ed25519.SeedSize)
		return
	}
	if e.Public != "" || e.NotAfter != "" {
		found.add("signing key %d is active and has more than its seed", n)
	}
	if r.active != nil {
		found.add("signing key %d is a second active one", n)
	}
	r.kid, r.active = e.KID, ed25519.NewKeyFromSeed(seed)
}

func (r *Ring) addRetired(n int, e signingEntry, found *faults) {
	public, ok := decodeKey(e.Public, ed25519.PublicKeySize)
	if !ok {
		found.add("public half of signing key %d is not %d bytes in base64url", n, ed25519.PublicKeySize)
	}
	notAfter, err := time.Parse(time.RFC3339, e.NotAfter)
	if err != nil {
		found.add("notAfter of signing key %d is not a time like 2026-03-01T00:00:00Z", n)
	}
	if e.Seed != "" {
		found.add("signing key %d is verify-only and still has its seed", n)
	}
	r.retired = append(r.retired, retiredKey{kid: e.KID, public: public, notAfter: notAfter})
}

func decodeKey(s string, size int) ([]byte, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil && len(b) == size
}

// readSealing leaves the library's errors out: they may quote the keyset.
func readSealing(data []byte, found *faults) (*keyset.Handle, tink.AEAD) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(data)))
	if err != nil {
		found.add("sealing is not a Tink keyset in clear")
		return nil, nil
	}
	for _, k := range handle.KeysetInfo().GetKeyInfo() {
		if k.GetTypeUrl() != aesGCM || k.GetOutputPrefixType() != tinkpb.OutputPrefixType_TINK {
			found.add("sealing key %d is not an AES-GCM key that marks its ciphertext", k.GetKeyId())
		}
	}
	sealer, err := aead.New(handle)
	if err != nil {
		found.add("sealing has no usable primary key")
		return nil, nil
	}
	return handle, sealer
}

// encode gives the ring's document.
func (r *Ring) encode() ([]byte, error) {
	doc := document{Version: version, Signing: []signingEntry{
		{KID: r.kid, State: active, Seed: base64.RawURLEncoding.EncodeToString(r.active.Seed())},
	}}
	for _, k := range r.retired {
		doc.Signing = append(doc.Signing, signingEntry{
			KID: k.kid, State: verifyOnly,
			Public:   base64.RawURLEncoding.EncodeToString(k.public),
			NotAfter: k.notAfter.UTC().Format(time.RFC3339),
		})
	}
	var sealing bytes.Buffer
	if err := insecurecleartextkeyset.Write(r.keyset, keyset.NewJSONWriter(&sealing)); err != nil {
		return nil, fmt.Errorf("keyring: write the sealing keys: %w", err)
	}
	doc.Sealing = sealing.Bytes()
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("keyring: encode: %w", err)
	}
	return append(data, '\n'), nil
}
