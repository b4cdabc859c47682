package token

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"accord/app"
)

// now is a whole second, as token times are.
var now = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

// ring is a key ring of two keys: "new" signs; "old" checks until a time.
type ring struct {
	signer, retired ed25519.PrivateKey
	retiredUntil    time.Time
}

func (r ring) SigningKey(time.Time) (string, crypto.Signer) { return "new", r.signer }

func (r ring) VerificationKeys(at time.Time) map[string]ed25519.PublicKey {
	keys := map[string]ed25519.PublicKey{"new": r.signer.Public().(ed25519.PublicKey)}
	if at.Before(r.retiredUntil) {
		keys["old"] = r.retired.Public().(ed25519.PublicKey)
	}
	return keys
}

func keyFrom(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(seed), ed25519.SeedSize)))
}

func newRing() ring {
	return ring{signer: keyFrom('n'), retired: keyFrom('o'), retiredUntil: now.Add(time.Hour)}
}

func newTokens(t testing.TB, r ring, at time.Time) *Tokens {
	t.Helper()
	tokens, err := New(Options{Issuer: "https://accord.test", Keys: r, Now: func() time.Time { return at }})
	require.NoError(t, err)
	return tokens
}

func issue(t testing.TB, tokens *Tokens) app.Secret {
	t.Helper()
	token, err := tokens.Issue(said)
	require.NoError(t, err)
	return token
}

var said = app.Claims{
	UserID: 520436710223446109, SessionID: "k3j5v7x2abcdefghijklmnopqr",
	IssuedAt: now, ExpiresAt: now.Add(2 * time.Hour),
}

// payload is the wire form of said, as a token of ours carries it.
func payload() jwt.MapClaims {
	return jwt.MapClaims{
		"iss": "https://accord.test", "sub": "520436710223446109", "sid": "k3j5v7x2abcdefghijklmnopqr",
		"iat": now.Unix(), "exp": now.Add(2 * time.Hour).Unix(),
	}
}

func sign(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, body jwt.Claims) app.Secret {
	t.Helper()
	token := jwt.NewWithClaims(method, body)
	maps.Copy(token.Header, header)
	signed, err := token.SignedString(key)
	require.NoError(t, err)
	return app.Secret(signed)
}

func TestIssueAndVerify(t *testing.T) {
	tokens := newTokens(t, newRing(), now)
	token := issue(t, tokens)
	got, err := tokens.Verify(token)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(said, got))
}

func TestWhatATokenHolds(t *testing.T) {
	parts := strings.Split(issue(t, newTokens(t, newRing(), now)).Reveal(), ".")
	require.Len(t, parts, 3)
	require.JSONEq(t, `{"alg":"EdDSA","typ":"JWT","kid":"new"}`, decode(t, parts[0]))
	require.JSONEq(t, `{"iss":"https://accord.test", "aud":["https://accord.test"],"sub":"520436710223446109","sid":"k3j5v7x2abcdefghijklmnopqr",
		"iat":1770091506,"exp":1770098706}`, decode(t, parts[1]))
}

func decode(t *testing.T, segment string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(segment)
	require.NoError(t, err)
	return string(b)
}

func TestARetiredKeyChecksUntilItsTime(t *testing.T) {
	r := newRing()
	token := sign(t, jwt.SigningMethodEdDSA, r.retired, map[string]any{"kid": "old"}, payload())
	got, err := newTokens(t, r, r.retiredUntil.Add(-time.Second)).Verify(token)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(said, got))
	_, err = newTokens(t, r, r.retiredUntil).Verify(token)
	require.Equal(t, app.TokenInvalid, app.KindOf(err))
}

func TestExpiry(t *testing.T) {
	r := newRing()
	token := issue(t, newTokens(t, r, now))
	_, err := newTokens(t, r, said.ExpiresAt.Add(-time.Second)).Verify(token)
	require.NoError(t, err)
	for _, at := range []time.Time{said.ExpiresAt, said.ExpiresAt.Add(time.Hour)} {
		_, err = newTokens(t, r, at).Verify(token)
		require.Equal(t, app.TokenExpired, app.KindOf(err))
	}
}

// Every one of these is also tried when it would have expired: only a token that
// was good may be told that it has.
func TestForgedTokensAreInvalid(t *testing.T) {
	r := newRing()
	public := r.signer.Public().(ed25519.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	kid := map[string]any{"kid": "new"}
	good := issue(t, newTokens(t, r, now)).Reveal()
	parts := strings.Split(good, ".")
	with := func(claim string, value any) jwt.MapClaims {
		body := payload()
		body[claim] = value
		return body
	}
	without := func(claim string) jwt.MapClaims {
		body := payload()
		delete(body, claim)
		return body
	}
	ours := func(body jwt.Claims) app.Secret { return sign(t, jwt.SigningMethodEdDSA, r.signer, kid, body) }

	for name, token := range map[string]app.Secret{
		"algorithm none":                 sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, payload()),
		"HMAC with the public key":       sign(t, jwt.SigningMethodHS256, []byte(public), kid, payload()),
		"HMAC with the key in DER":       sign(t, jwt.SigningMethodHS256, der, kid, payload()),
		"RSA":                            sign(t, jwt.SigningMethodRS256, rsaKey, kid, payload()),
		"unknown kid":                    sign(t, jwt.SigningMethodEdDSA, r.signer, map[string]any{"kid": "other"}, payload()),
		"no kid":                         sign(t, jwt.SigningMethodEdDSA, r.signer, nil, payload()),
		"kid of another type":            sign(t, jwt.SigningMethodEdDSA, r.signer, map[string]any{"kid": 1}, payload()),
		"another's kid":                  sign(t, jwt.SigningMethodEdDSA, r.signer, map[string]any{"kid": "old"}, payload()),
		"foreign key under our kid":      sign(t, jwt.SigningMethodEdDSA, keyFrom('x'), kid, payload()),
		"critical header":                sign(t, jwt.SigningMethodEdDSA, r.signer, map[string]any{"kid": "new", "crit": []string{"b64"}}, payload()),
		"another issuer":                 ours(with("iss", "https://other.test")),
		"no issuer":                      ours(without("iss")),
		"no user":                        ours(without("sub")),
		"user of another sort":           ours(with("sub", "alice")),
		"user as a number":               ours(with("sub", 520436710223446109)),
		"no session":                     ours(without("sid")),
		"no time of issue":               ours(without("iat")),
		"no expiry":                      ours(without("exp")),
		"expiry as text":                 ours(with("exp", "tomorrow")),
		"another payload":                app.Secret(parts[0] + "." + parts[1][:len(parts[1])-2] + "fQ." + parts[2]),
		"altered signature":              app.Secret(good[:len(good)-8] + "AAAAAAAA"),
		"loose base64":                   app.Secret(good[:len(good)-1] + string(good[len(good)-1]+1)),
		"no signature":                   app.Secret(parts[0] + "." + parts[1] + "."),
		"two parts":                      app.Secret(parts[0] + "." + parts[1]),
		"four parts":                     app.Secret(good + "." + parts[2]),
		"garbage":                        "\x00\xff..\n",
		"nothing":                        "",
		"Bearer left on":                 app.Secret("Bearer " + good),
		"10 MB":                          app.Secret(strings.Repeat("A", 10<<20)),
		"10 MB of dots":                  app.Secret(strings.Repeat(".", 10<<20)),
		"good signature, padded to 10MB": app.Secret(good + strings.Repeat("A", 10<<20)),
	} {
		for moment, at := range map[string]time.Time{"in time": now, "out of time": now.Add(100 * time.Hour)} {
			t.Run(name+" "+moment, func(t *testing.T) {
				ringThen := r
				ringThen.retiredUntil = now.Add(200 * time.Hour)
				got, err := newTokens(t, ringThen, at).Verify(token)
				require.Equal(t, app.Claims{}, got)
				require.Error(t, err)
				require.Equal(t, app.TokenInvalid, app.KindOf(err))
				require.Less(t, len(err.Error()), 200, "the error quotes the token")
			})
		}
	}
}

func TestALongTokenIsNotEvenSigned(t *testing.T) {
	r := newRing()
	body := payload()
	body["pad"] = strings.Repeat("A", maxLen)
	_, err := newTokens(t, r, now).Verify(sign(t, jwt.SigningMethodEdDSA, r.signer, map[string]any{"kid": "new"}, body))
	require.Equal(t, app.TokenInvalid, app.KindOf(err))
}

func TestIssueTellsOfAKeyThatCannotSign(t *testing.T) {
	tokens := newTokens(t, newRing(), now)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	tokens.keys = otherKey{rsaKey}
	_, err = tokens.Issue(said)
	require.Error(t, err)
	require.Equal(t, app.Internal, app.KindOf(err))
}

type otherKey struct{ crypto.Signer }

func (k otherKey) SigningKey(time.Time) (string, crypto.Signer) { return "rsa", k.Signer }

func (otherKey) VerificationKeys(time.Time) map[string]ed25519.PublicKey { return nil }

func TestJWKS(t *testing.T) {
	r := newRing()
	doc, err := newTokens(t, r, now).JWKS()
	require.NoError(t, err)
	encoded := func(k ed25519.PrivateKey) string {
		return base64.RawURLEncoding.EncodeToString(k.Public().(ed25519.PublicKey))
	}
	require.JSONEq(t, `{"keys": [
		{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":"new","x":"`+encoded(r.signer)+`"},
		{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":"old","x":"`+encoded(r.retired)+`"}]}`, string(doc))

	doc, err = newTokens(t, r, r.retiredUntil).JWKS()
	require.NoError(t, err)
	require.NotContains(t, string(doc), `"old"`)
}

// Another service has nothing but the key set and a JWT library.
func TestAServiceChecksATokenWithTheKeySet(t *testing.T) {
	tokens := newTokens(t, newRing(), now)
	doc, err := tokens.JWKS()
	require.NoError(t, err)
	var set struct {
		Keys []struct{ Kid, X string }
	}
	require.NoError(t, json.Unmarshal(doc, &set))

	parsed, err := jwt.Parse(issue(t, tokens).Reveal(), func(token *jwt.Token) (any, error) {
		for _, k := range set.Keys {
			if k.Kid == token.Header["kid"] {
				x, err := base64.RawURLEncoding.DecodeString(k.X)
				return ed25519.PublicKey(x), err
			}
		}
		return nil, errKey
	}, jwt.WithTimeFunc(func() time.Time { return now }))
	require.NoError(t, err)
	require.True(t, parsed.Valid)
}

func TestOptionsFaultsAreReportedTogether(t *testing.T) {
	_, err := New(Options{})
	require.ErrorContains(t, err, "issuer")
	require.ErrorContains(t, err, "keys")
	require.ErrorContains(t, err, "clock")
}

func FuzzVerify(f *testing.F) {
	r := newRing()
	tokens := newTokens(f, r, now)
	good := issue(f, tokens).Reveal()
	past := payload()
	past["exp"] = now.Add(-time.Second).Unix()
	kid := map[string]any{"kid": "new"}
	expired := sign(f, jwt.SigningMethodEdDSA, r.signer, kid, past).Reveal()
	parts := strings.Split(good, ".")

	for _, seed := range []string{
		good, expired, "", ".", "..", "...", "a.b.c", "Bearer " + good, good + "=", strings.ToLower(good),
		parts[0] + ".." + parts[2], "." + parts[1] + "." + parts[2], parts[0] + "." + parts[1] + ".",
		sign(f, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, payload()).Reveal(),
		sign(f, jwt.SigningMethodHS256, []byte("secret"), kid, payload()).Reveal(),
		sign(f, jwt.SigningMethodEdDSA, keyFrom('x'), kid, payload()).Reveal(),
		base64.RawURLEncoding.EncodeToString([]byte(`{"alg":["EdDSA"],"kid":{}}`)) + "." + parts[1] + "." + parts[2],
		base64.RawURLEncoding.EncodeToString([]byte(`null`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`null`)) + ".",
		base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA"}`)) + "." +
			base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1e999,"aud":[[]]}`)) + ".AA",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		got, err := tokens.Verify(app.Secret(token))
		switch {
		case err == nil:
			require.Equal(t, good, token, "accepted a token that was not issued")
			require.Empty(t, cmp.Diff(said, got))
		case app.KindOf(err) == app.TokenExpired:
			require.Equal(t, expired, token, "called expired what was never good")
		default:
			require.Equal(t, app.TokenInvalid, app.KindOf(err))
		}
	})
}
