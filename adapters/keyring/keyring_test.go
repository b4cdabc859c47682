package keyring

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

func generate(t *testing.T) *Ring {
	t.Helper()
	r, err := Generate()
	require.NoError(t, err)
	return r
}

func encode(t *testing.T, r *Ring) []byte {
	t.Helper()
	data, err := r.encode()
	require.NoError(t, err)
	return data
}

func parse(t *testing.T, data []byte) *Ring {
	t.Helper()
	r, err := Parse(data)
	require.NoError(t, err)
	return r
}

func TestSealAndOpen(t *testing.T) {
	r := generate(t)
	sealed, err := r.Seal([]byte("storage secret"), []byte("account 1"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "storage secret")

	again, err := r.Seal([]byte("storage secret"), []byte("account 1"))
	require.NoError(t, err)
	require.NotEqual(t, sealed, again)

	plain, err := parse(t, encode(t, r)).Open(sealed, []byte("account 1"))
	require.NoError(t, err)
	require.Equal(t, "storage secret", string(plain))

	_, err = r.Open(sealed, []byte("account 2"))
	require.Error(t, err, "opened for another account")
	_, err = generate(t).Open(sealed, []byte("account 1"))
	require.Error(t, err, "opened under another ring")
	sealed[len(sealed)-1] ^= 1
	_, err = r.Open(sealed, []byte("account 1"))
	require.Error(t, err, "opened although altered")
}

func TestSigningKeySurvivesTheDocument(t *testing.T) {
	r := generate(t)
	kid, _ := r.SigningKey()
	gotKID, key := parse(t, encode(t, r)).SigningKey()
	require.Equal(t, kid, gotKID)
	require.Len(t, kid, 43, "an RFC 7638 thumbprint")

	signature, err := key.Sign(nil, []byte("text"), crypto.Hash(0))
	require.NoError(t, err)
	require.True(t, ed25519.Verify(r.VerificationKeys(time.Now())[kid], []byte("text"), signature))
}

// The key and its thumbprint are those of RFC 8037, appendix A.
func TestThumbprint(t *testing.T) {
	public, ok := decodeKey("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", ed25519.PublicKeySize)
	require.True(t, ok)
	require.Equal(t, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", thumbprint(public))
}

// rotated is the ring that takes over from r at the given time.
func rotated(t *testing.T, r *Ring, oldTokensEnd time.Time) *Ring {
	t.Helper()
	next := generate(t)
	next.retired = []retiredKey{{kid: r.kid, public: r.active.Public().(ed25519.PublicKey), notAfter: oldTokensEnd}}
	manager := keyset.NewManagerFromHandle(r.keyset)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	require.NoError(t, err)
	require.NoError(t, manager.SetPrimary(id))
	next.keyset, err = manager.Handle()
	require.NoError(t, err)
	return parse(t, encode(t, next))
}

func TestARotatedRingStillKnowsTheOldKeys(t *testing.T) {
	end := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	old := generate(t)
	sealed, err := old.Seal([]byte("kept"), nil)
	require.NoError(t, err)

	r := rotated(t, old, end)
	plain, err := r.Open(sealed, nil)
	require.NoError(t, err)
	require.Equal(t, "kept", string(plain))
	fresh, err := r.Seal([]byte("kept"), nil)
	require.NoError(t, err)
	_, err = old.Open(fresh, nil)
	require.Error(t, err, "sealed under the old key")

	kid, _ := r.SigningKey()
	require.NotEqual(t, old.kid, kid)
	before, after := r.VerificationKeys(end.Add(-time.Second)), r.VerificationKeys(end)
	require.Contains(t, before, old.kid)
	require.Contains(t, before, kid)
	require.NotContains(t, after, old.kid)
	require.Contains(t, after, kid)
	require.NotContains(t, string(encode(t, r)), seedOf(old), "the old private half is kept")
}

func TestPrintsNoKeys(t *testing.T) {
	r := generate(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		require.Equal(t, "key ring", fmt.Sprintf(verb, r))
	}
}

func seedOf(r *Ring) string { return base64.RawURLEncoding.EncodeToString(r.active.Seed()) }

func TestParseReportsEveryFault(t *testing.T) {
	r := generate(t)
	seed := seedOf(r)
	_, err := Parse([]byte(`{"version": 2, "signing": [
		{"kid": "", "state": "active", "seed": "` + seed[1:] + `"},
		{"kid": "a", "state": "active", "seed": "` + seed + `", "notAfter": "2026-03-01T00:00:00Z"},
		{"kid": "a", "state": "active", "seed": "` + seed + `"},
		{"kid": "b", "state": "verify-only", "seed": "` + seed + `", "public": "x", "notAfter": "` + seed + `"},
		{"kid": "c", "state": "` + seed + `"}
	], "sealing": {"primaryKeyId": 1, "key": "` + seed + `"}}`))
	for _, fault := range []string{
		"version is 2",
		"signing key 1 has no kid", "seed of signing key 1",
		"signing key 2 is active and has more",
		"kid of signing key 3 is used twice", "signing key 3 is a second active one",
		"public half of signing key 4", "notAfter of signing key 4", "signing key 4 is verify-only and still has",
		"state of signing key 5",
		"sealing is not a Tink keyset",
	} {
		require.ErrorContains(t, err, fault)
	}
	require.NotContains(t, err.Error(), seed)
}

func TestParseRefuses(t *testing.T) {
	whole := string(encode(t, generate(t)))
	other := func(template func() *keyset.Handle) string {
		r := generate(t)
		r.keyset = template()
		return string(encode(t, r))
	}
	for name, c := range map[string]struct{ data, fault string }{
		"nothing":        {"", "not a key ring"},
		"broken":         {whole[:len(whole)/2], "not a key ring"},
		"two documents":  {whole + whole, "follows"},
		"unknown field":  {strings.Replace(whole, `"version"`, `"extra": 1, "version"`, 1), "extra"},
		"no signing key": {`{"version": 1, "signing": []}`, "no usable signing key"},
		"no sealing key": {`{"version": 1, "signing": []}`, "sealing is not"},
		"another cipher": {other(func() *keyset.Handle {
			h, err := keyset.NewHandle(aead.AES128CTRHMACSHA256KeyTemplate())
			require.NoError(t, err)
			return h
		}), "is not an AES-GCM key"},
		"no key id in the ciphertext": {other(func() *keyset.Handle {
			h, err := keyset.NewHandle(aead.AES256GCMNoPrefixKeyTemplate())
			require.NoError(t, err)
			return h
		}), "marks its ciphertext"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Parse([]byte(c.data))
			require.Nil(t, r)
			require.ErrorContains(t, err, c.fault)
		})
	}
}
