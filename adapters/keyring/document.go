package keyring

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

const (
	version    = 2
	firstOne   = 1
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
	// SealingFrom is by the ids of the keyset.
	SealingFrom map[string]string `json:"sealingFrom,omitempty"`
}

type signingEntry struct {
	KID string `json:"kid"`
	// State is of version 1 only.
	State      string `json:"state,omitempty"`
	Seed       string `json:"seed,omitempty"`
	Public     string `json:"public,omitempty"`
	ActiveFrom string `json:"activeFrom,omitempty"`
	NotAfter   string `json:"notAfter,omitempty"`
}

// faults collects what is wrong with a document; it never names a key's value.
type faults []error

func (f *faults) add(format string, args ...any) {
	*f = append(*f, fmt.Errorf("keyring: "+format, args...))
}

// time reads a time that may be absent.
func (f *faults) time(text, what string, args ...any) time.Time {
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		f.add("%s is not a time like 2026-03-01T00:00:00Z", fmt.Sprintf(what, args...))
	}
	return at
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
	switch doc.Version {
	case version:
	case firstOne:
		doc.upgrade(&found)
	default:
		found.add("version is %d, not %d", doc.Version, version)
	}
	r := Ring{now: time.Now}
	r.addSigning(doc.Signing, &found)
	r.readSealing(doc, &found)
	if len(found) > 0 {
		return nil, errors.Join(found...)
	}
	return &r, nil
}

// upgrade turns a document of version 1 into one of this version.
func (d *document) upgrade(found *faults) {
	actives := 0
	for i := range d.Signing {
		e := &d.Signing[i]
		switch e.State {
		case active:
			actives++
			if e.Public != "" || e.NotAfter != "" {
				found.add("signing key %d is active and has more than its seed", i+1)
			}
		case verifyOnly:
			if e.Seed != "" {
				found.add("signing key %d is verify-only and still has its seed", i+1)
			}
		default:
			found.add("state of signing key %d is neither %s nor %s", i+1, active, verifyOnly)
		}
		if e.ActiveFrom != "" {
			found.add("signing key %d has an activeFrom, which version 1 does not know", i+1)
		}
		e.State = ""
	}
	if actives > 1 {
		found.add("%d signing keys are active", actives)
	}
	if len(d.SealingFrom) > 0 {
		found.add("there is a sealingFrom, which version 1 does not know")
	}
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
		r.signing = append(r.signing, readSigning(i+1, e, found))
	}
	slices.SortStableFunc(r.signing, bySigning)
	var signer *signingKey
	for i, k := range r.signing {
		switch {
		case k.private == nil:
			continue
		case signer != nil && signer.from.Equal(k.from):
			found.add("two signing keys are used from the same time on")
		case signer != nil && signer.until.IsZero():
			found.add("a signing key that another follows has no notAfter")
		}
		signer = &r.signing[i]
	}
	switch {
	case signer == nil:
		found.add("no signing key has a usable seed")
	case !signer.until.IsZero():
		found.add("the last signing key has a notAfter")
	}
}

// bySigning orders keys that only check before those that sign, and those by
// when they begin to.
func bySigning(a, b signingKey) int {
	checks := func(k signingKey) int {
		if k.private == nil {
			return 0
		}
		return 1
	}
	return cmp.Or(checks(a)-checks(b), a.from.Compare(b.from))
}

func readSigning(n int, e signingEntry, found *faults) signingKey {
	k := signingKey{
		kid:   e.KID,
		from:  found.time(e.ActiveFrom, "activeFrom of signing key %d", n),
		until: found.time(e.NotAfter, "notAfter of signing key %d", n),
	}
	if e.State != "" {
		found.add("signing key %d has a state, which version %d does not know", n, version)
	}
	if e.Seed == "" {
		public, ok := decodeKey(e.Public, ed25519.PublicKeySize)
		if !ok {
			found.add("public half of signing key %d is not %d bytes in base64url", n, ed25519.PublicKeySize)
		}
		if e.NotAfter == "" {
			found.add("signing key %d has no seed and no notAfter", n)
		}
		k.public = public
		return k
	}
	seed, ok := decodeKey(e.Seed, ed25519.SeedSize)
	if !ok {
		found.add("seed of signing key %d is not %d bytes in base64url", n, ed25519.SeedSize)
		return k
	}
	if e.Public != "" {
		found.add("signing key %d has both a seed and a public half", n)
	}
	k.private = ed25519.NewKeyFromSeed(seed)
	k.public = publicOf(k.private)
	return k
}

func publicOf(private ed25519.PrivateKey) ed25519.PublicKey {
	return ed25519.PublicKey(private[ed25519.SeedSize:])
}

func decodeKey(s string, size int) ([]byte, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil && len(b) == size
}

// readSealing leaves the library's errors out: they may quote the keyset.
func (r *Ring) readSealing(doc document, found *faults) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(doc.Sealing)))
	if err != nil {
		found.add("sealing is not a Tink keyset in clear")
		return
	}
	known := map[uint32]bool{}
	for _, k := range handle.KeysetInfo().GetKeyInfo() {
		if k.GetTypeUrl() != aesGCM || k.GetOutputPrefixType() != tinkpb.OutputPrefixType_TINK {
			found.add("sealing key %d is not an AES-GCM key that marks its ciphertext", k.GetKeyId())
		}
		if known[k.GetKeyId()] {
			found.add("sealing key %d is there twice", k.GetKeyId())
		}
		known[k.GetKeyId()] = true
	}
	from := map[uint32]time.Time{}
	for name, text := range doc.SealingFrom {
		id, err := strconv.ParseUint(name, 10, 32)
		if err != nil || !known[uint32(id)] {
			found.add("sealingFrom names a key that is not there")
			continue
		}
		from[uint32(id)] = found.time(text, "sealingFrom of sealing key %d", id)
	}
	if len(*found) > 0 {
		return
	}
	if err := r.useKeyset(handle, from); err != nil {
		*found = append(*found, err)
	}
}

// encode gives the ring's document.
func (r *Ring) encode() ([]byte, error) {
	doc := document{Version: version, SealingFrom: map[string]string{}}
	for _, k := range r.signing {
		e := signingEntry{KID: k.kid, ActiveFrom: written(k.from), NotAfter: written(k.until)}
		if k.private == nil {
			e.Public = base64.RawURLEncoding.EncodeToString(k.public)
		} else {
			e.Seed = base64.RawURLEncoding.EncodeToString(k.private.Seed())
		}
		doc.Signing = append(doc.Signing, e)
	}
	for _, k := range r.sealing {
		if !k.from.IsZero() {
			doc.SealingFrom[strconv.FormatUint(uint64(k.id), 10)] = written(k.from)
		}
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

// written is a time as documents have it: in whole seconds, empty for none.
func written(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
