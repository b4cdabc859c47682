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
	kid, _ := r.SigningKey(time.Now())
	gotKID, key := parse(t, encode(t, r)).SigningKey(time.Now())
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

func TestPrintsNoKeys(t *testing.T) {
	r := generate(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		require.Equal(t, "key ring", fmt.Sprintf(verb, r))
	}
}

func seedOf(r *Ring) string { return base64.RawURLEncoding.EncodeToString(r.signing[0].private.Seed()) }

func TestParseReportsEveryFault(t *testing.T) {
	r := generate(t)
	seed := seedOf(r)
	_, err := Parse([]byte(`{"version": 3, "signing": [
		{"kid": "", "seed": "` + seed[1:] + `"},
		{"kid": "a", "seed": "` + seed + `", "activeFrom": "` + seed + `"},
		{"kid": "a", "state": "active", "seed": "` + seed + `", "activeFrom": "2026-03-01T00:00:00Z"},
		{"kid": "b", "public": "x", "notAfter": "` + seed + `"},
		{"kid": "c"},
		{"kid": "d", "seed": "` + seed + `", "public": "` + seed + `", "activeFrom": "2026-03-01T00:00:00Z", "notAfter": "2026-03-01T00:00:00Z"}
	], "sealing": {"primaryKeyId": 1, "key": "` + seed + `"}, "sealingFrom": {"1": "` + seed + `"}}`))
	for _, fault := range []string{
		"version is 3",
		"signing key 1 has no kid", "seed of signing key 1",
		"activeFrom of signing key 2",
		"kid of signing key 3 is used twice", "signing key 3 has a state",
		"public half of signing key 4", "notAfter of signing key 4",
		"signing key 5 has no seed and no notAfter",
		"signing key 6 has both", "used from the same time on", "that another follows has no notAfter", "last signing key has a notAfter",
		"sealing is not a Tink keyset",
	} {
		require.ErrorContains(t, err, fault)
	}
	require.NotContains(t, err.Error(), seed)
}

func TestParseReportsEveryFaultOfVersion1(t *testing.T) {
	seed := seedOf(generate(t))
	_, err := Parse([]byte(`{"version": 1, "signing": [
		{"kid": "a", "state": "active", "seed": "` + seed + `", "notAfter": "2026-03-01T00:00:00Z"},
		{"kid": "b", "state": "active", "seed": "` + seed + `", "activeFrom": "2026-03-01T00:00:00Z"},
		{"kid": "c", "state": "verify-only", "seed": "` + seed + `", "public": "x", "notAfter": "` + seed + `"},
		{"kid": "d", "state": "` + seed + `"}
	], "sealing": {}, "sealingFrom": {"1": "2026-03-01T00:00:00Z"}}`))
	for _, fault := range []string{
		"signing key 1 is active and has more", "signing key 2 has an activeFrom", "2 signing keys are active",
		"signing key 3 is verify-only and still has", "notAfter of signing key 3", "state of signing key 4", "sealingFrom",
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
		"nothing":          {"", "not a key ring"},
		"broken":           {whole[:len(whole)/2], "not a key ring"},
		"two documents":    {whole + whole, "follows"},
		"unknown field":    {strings.Replace(whole, `"version"`, `"extra": 1, "version"`, 1), "extra"},
		"no signing key":   {`{"version": 2, "signing": []}`, "no signing key has a usable seed"},
		"no sealing key":   {`{"version": 2, "signing": []}`, "sealing is not"},
		"a time of no key": {strings.Replace(whole, `"version"`, `"sealingFrom": {"1": "2026-03-01T00:00:00Z"}, "version"`, 1), "not there"},
		"no time":          {strings.Replace(whole, `"kid"`, `"activeFrom": "soon", "kid"`, 1), "not a time like"},
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
