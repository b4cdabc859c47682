package token

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"

	"github.com/golang-jwt/jwt/v5"

	"accord/app"
)

// jwk is one public key (RFC 7517, RFC 8037).
type jwk struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	X         string `json:"x"`
}

// JWKS is the JSON Web Key Set of the keys that check tokens at this time,
// ordered by their ids.
func (t *Tokens) JWKS() ([]byte, error) {
	public := t.keys.VerificationKeys(t.now())
	keys := make([]jwk, 0, len(public))
	for _, kid := range slices.Sorted(maps.Keys(public)) {
		keys = append(keys, jwk{
			KeyType: "OKP", Curve: "Ed25519", Use: "sig", Algorithm: jwt.SigningMethodEdDSA.Alg(),
			KeyID: kid, X: base64.RawURLEncoding.EncodeToString(public[kid]),
		})
	}
	doc, err := json.Marshal(map[string][]jwk{"keys": keys})
	if err != nil {
		return nil, &app.Error{Kind: app.Internal, Op: "key set", Err: err}
	}
	return doc, nil
}
