// Package token signs and checks tokens: JWTs (RFC 7519) signed with
// Ed25519 (RFC 8037), and publishes the keys that check them.
package token

import (
	"cmp"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"accord/app"
)

// maxLen bounds a token that is looked at, in bytes; ours have about 350.
const maxLen = 4096

// Keys is the key ring, as far as tokens need it. Safe for concurrent use.
type Keys interface {
	// SigningKey is the Ed25519 key that signs at that time, and its id.
	SigningKey(now time.Time) (kid string, key crypto.Signer)
	// VerificationKeys are the public keys, by id, under which a token may be
	// signed that is looked at by now. Among them are the one that signs, and
	// those that will.
	VerificationKeys(now time.Time) map[string]ed25519.PublicKey
}

// Options of a Tokens; every field but Audience is needed.
type Options struct {
	// Issuer is what tokens name as theirs (iss), e.g. the platform's URL.
	Issuer string
	// Audience is whom access tokens are for (aud); the Issuer by default.
	Audience string
	Keys     Keys
	Now      func() time.Time
}

// Tokens is an app.Tokens. Safe for concurrent use.
type Tokens struct {
	issuer string
	// audience is that of access tokens.
	audience string
	keys     Keys
	now      func() time.Time
	parser   *jwt.Parser
}

var _ app.Tokens = (*Tokens)(nil)

// New returns a Tokens, or every fault of the options.
func New(o Options) (*Tokens, error) {
	var faults []error
	if o.Issuer == "" {
		faults = append(faults, errors.New("token: no issuer"))
	}
	if o.Keys == nil {
		faults = append(faults, errors.New("token: no keys"))
	}
	if o.Now == nil {
		faults = append(faults, errors.New("token: no clock"))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &Tokens{issuer: o.Issuer, audience: cmp.Or(o.Audience, o.Issuer), keys: o.Keys, now: o.Now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(), // see check
	)}, nil
}

// claims is the payload on the wire.
type claims struct {
	jwt.RegisteredClaims

	SessionID string `json:"sid,omitempty"`
	// Use is what a token is good for that is no access token.
	Use       string `json:"use,omitempty"`
	AccountID string `json:"aid,omitempty"`
	Binding   string `json:"bnd,omitempty"`
}

// typeOf is the header of a token of that kind.
func typeOf(k app.TokenKind) string {
	if k == app.AccessToken {
		return "JWT"
	}
	return string(k) + "+jwt"
}

// audienceOf is the one audience of tokens of that kind (RFC 7519, 4.1.3). Only
// access tokens are for others to check.
func (t *Tokens) audienceOf(k app.TokenKind) jwt.ClaimStrings {
	if k == app.AccessToken {
		return jwt.ClaimStrings{t.audience}
	}
	return jwt.ClaimStrings{t.issuer}
}

// addressed reports whether the audience is that of the kind. Access tokens that
// were issued without one are good until they expire.
func (t *Tokens) addressed(audience jwt.ClaimStrings, k app.TokenKind) bool {
	return slices.Equal(audience, t.audienceOf(k)) || k == app.AccessToken && len(audience) == 0
}

// Issue returns a token signed with the key of this moment. Its times are whole seconds.
func (t *Tokens) Issue(c app.Claims) (app.Secret, error) {
	kid, key := t.keys.SigningKey(t.now())
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    t.issuer,
			Subject:   strconv.FormatInt(c.UserID, 10),
			IssuedAt:  jwt.NewNumericDate(c.IssuedAt),
			ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
			Audience:  t.audienceOf(c.Kind),
		},
		SessionID: c.SessionID, Use: string(c.Kind), AccountID: c.AccountID, Binding: c.Binding,
	})
	token.Header["kid"], token.Header["typ"] = kid, typeOf(c.Kind)
	signed, err := token.SignedString(key)
	if err != nil {
		return "", &app.Error{Kind: app.Internal, Op: "issue token", Err: err}
	}
	return app.Secret(signed), nil
}

// Verify returns what a token of ours says; TokenExpired where it is signed by
// us, complete, and out of time; TokenInvalid for everything else. Times are in
// UTC. Whether its session still lives is not looked at.
func (t *Tokens) Verify(token app.Secret) (app.Claims, error) {
	const op = "verify token"
	if len(token) > maxLen {
		return app.Claims{}, &app.Error{Kind: app.TokenInvalid, Op: op, Err: fmt.Errorf("%d bytes long", len(token))}
	}
	now := t.now()
	var c claims
	parsed, err := t.parser.ParseWithClaims(token.Reveal(), &c, t.keyOf(now))
	if err != nil {
		return app.Claims{}, &app.Error{Kind: app.TokenInvalid, Op: op, Err: errUnreadable}
	}
	got, err := t.check(c, parsed.Header["typ"])
	if err != nil {
		return app.Claims{}, &app.Error{Kind: app.TokenInvalid, Op: op, Err: err}
	}
	if !now.Before(got.ExpiresAt) {
		return app.Claims{}, &app.Error{Kind: app.TokenExpired, Op: op}
	}
	return got, nil
}

var (
	// errUnreadable stands for the library's errors, which quote what was sent.
	errUnreadable = errors.New("not a token signed by this platform")
	errKey        = errors.New("no such key")
	errCritical   = errors.New("unknown critical header")
)

// keyOf finds the key that a header names among those good at now.
func (t *Tokens) keyOf(now time.Time) jwt.Keyfunc {
	return func(token *jwt.Token) (any, error) {
		if _, set := token.Header["crit"]; set { // RFC 7515, 4.1.11
			return nil, errCritical
		}
		kid, _ := token.Header["kid"].(string)
		key, ok := t.keys.VerificationKeys(now)[kid]
		if !ok {
			return nil, errKey
		}
		return key, nil
	}
}

// check demands every claim of the token's kind. It looks at them all before the
// expiry is judged, so that only a token that was good can be called expired.
func (t *Tokens) check(c claims, header any) (app.Claims, error) {
	user, err := strconv.ParseInt(c.Subject, 10, 64)
	switch {
	case c.Issuer != t.issuer:
		return app.Claims{}, errors.New("another issuer")
	case err != nil:
		return app.Claims{}, errors.New("no user")
	case c.IssuedAt == nil || c.ExpiresAt == nil:
		return app.Claims{}, errors.New("no times")
	}
	if err := t.checkKind(c, header); err != nil {
		return app.Claims{}, err
	}
	return app.Claims{
		Kind: app.TokenKind(c.Use), UserID: user, SessionID: c.SessionID, AccountID: c.AccountID, Binding: c.Binding,
		IssuedAt: c.IssuedAt.UTC(), ExpiresAt: c.ExpiresAt.UTC(),
	}, nil
}

// checkKind demands what a token of its kind has, and that header, audience and
// claims agree on which kind that is.
func (t *Tokens) checkKind(c claims, header any) error {
	kind := app.TokenKind(c.Use)
	reset, known := kind == app.ResetToken, kind == app.AccessToken || kind == app.RefreshToken || kind == app.ResetToken
	switch {
	case !known:
		return errors.New("unknown kind")
	case kind == app.AccessToken && (header == typeOf(app.RefreshToken) || header == typeOf(app.ResetToken)),
		kind != app.AccessToken && header != typeOf(kind):
		return errors.New("header and claims disagree")
	case !t.addressed(c.Audience, kind):
		return errors.New("another audience")
	case reset != (c.SessionID == ""), reset != (c.AccountID != ""), reset != (c.Binding != ""):
		return errors.New("not the claims of its kind")
	}
	return nil
}
