// Package token signs and checks access tokens: JWTs (RFC 7519) signed with
// Ed25519 (RFC 8037), and publishes the keys that check them.
package token

import (
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
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

// Options of a Tokens; every field is needed.
type Options struct {
	// Issuer is what tokens name as theirs (iss), e.g. the platform's URL.
	Issuer string
	Keys   Keys
	Now    func() time.Time
}

// Tokens is an app.Tokens. Safe for concurrent use.
type Tokens struct {
	issuer string
	keys   Keys
	now    func() time.Time
	parser *jwt.Parser
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
	return &Tokens{issuer: o.Issuer, keys: o.Keys, now: o.Now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(), // see check
	)}, nil
}

// claims is the payload on the wire.
type claims struct {
	jwt.RegisteredClaims

	SessionID string `json:"sid"`
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
		},
		SessionID: c.SessionID,
	})
	token.Header["kid"] = kid
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
	if _, err := t.parser.ParseWithClaims(token.Reveal(), &c, t.keyOf(now)); err != nil {
		return app.Claims{}, &app.Error{Kind: app.TokenInvalid, Op: op, Err: errUnreadable}
	}
	got, err := t.check(c)
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

// check demands every claim. It looks at them all before the expiry is judged,
// so that only a token that was good can be called expired.
func (t *Tokens) check(c claims) (app.Claims, error) {
	user, err := strconv.ParseInt(c.Subject, 10, 64)
	switch {
	case c.Issuer != t.issuer:
		return app.Claims{}, errors.New("another issuer")
	case err != nil:
		return app.Claims{}, errors.New("no user")
	case c.SessionID == "":
		return app.Claims{}, errors.New("no session")
	case c.IssuedAt == nil || c.ExpiresAt == nil:
		return app.Claims{}, errors.New("no times")
	}
	return app.Claims{UserID: user, SessionID: c.SessionID, IssuedAt: c.IssuedAt.UTC(), ExpiresAt: c.ExpiresAt.UTC()}, nil
}
