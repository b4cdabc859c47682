package token

import (
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

// ofKinds are what tokens of each kind say.
func ofKinds() map[app.TokenKind]app.Claims {
	refresh, reset := said, said
	refresh.Kind = app.RefreshToken
	reset.Kind, reset.SessionID, reset.AccountID, reset.Binding = app.ResetToken, "", "26020304051234", "digest"
	return map[app.TokenKind]app.Claims{app.AccessToken: said, app.RefreshToken: refresh, app.ResetToken: reset}
}

func TestEveryKindSaysWhatItIs(t *testing.T) {
	tokens := newTokens(t, newRing(), now)
	for kind, claims := range ofKinds() {
		token, err := tokens.Issue(claims)
		require.NoError(t, err)
		got, err := tokens.Verify(token)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(claims, got))

		parts := strings.Split(token.Reveal(), ".")
		var header, body map[string]any
		require.NoError(t, json.Unmarshal([]byte(decode(t, parts[0])), &header))
		require.NoError(t, json.Unmarshal([]byte(decode(t, parts[1])), &body))
		if kind == app.AccessToken {
			require.Equal(t, "JWT", header["typ"])
			require.Equal(t, []any{"https://accord.test"}, body["aud"])
			continue
		}
		require.Equal(t, string(kind)+"+jwt", header["typ"])
		require.Equal(t, string(kind), body["use"])
		require.Equal(t, []any{"https://accord.test"}, body["aud"], "others refuse it")
	}
}

// TestKindsAreNotMixed has tokens that we signed, but whose parts say different
// things.
func TestKindsAreNotMixed(t *testing.T) {
	r := newRing()
	with := func(more jwt.MapClaims, less ...string) jwt.MapClaims {
		body := payload()
		maps.Copy(body, more)
		for _, name := range less {
			delete(body, name)
		}
		return body
	}
	aud := []string{"https://accord.test"}
	for name, tt := range map[string]struct {
		typ  any
		body jwt.MapClaims
	}{
		"access, header of a refresh token": {"refresh+jwt", with(nil)},
		"access, header of a reset token":   {"reset+jwt", with(nil)},
		"refresh, header of an access one":  {"JWT", with(jwt.MapClaims{"use": "refresh", "aud": aud})},
		"refresh, no header":                {nil, with(jwt.MapClaims{"use": "refresh", "aud": aud})},
		"refresh, no audience":              {"refresh+jwt", with(jwt.MapClaims{"use": "refresh"})},
		"refresh, another's audience":       {"refresh+jwt", with(jwt.MapClaims{"use": "refresh", "aud": "x"})},
		"refresh, no session":               {"refresh+jwt", with(jwt.MapClaims{"use": "refresh", "aud": aud}, "sid")},
		"reset with a session":              {"reset+jwt", with(jwt.MapClaims{"use": "reset", "aud": aud, "aid": "1", "bnd": "x"})},
		"reset without an account":          {"reset+jwt", with(jwt.MapClaims{"use": "reset", "aud": aud, "bnd": "x"}, "sid")},
		"reset without a binding":           {"reset+jwt", with(jwt.MapClaims{"use": "reset", "aud": aud, "aid": "1"}, "sid")},
		"access, another's audience":        {"JWT", with(jwt.MapClaims{"aud": "x"})},
		"access, two audiences":             {"JWT", with(jwt.MapClaims{"aud": []string{"https://accord.test", "x"}})},
		"access with an account":            {"JWT", with(jwt.MapClaims{"aid": "1"})},
		"access with a binding":             {"JWT", with(jwt.MapClaims{"bnd": "1"})},
		"unknown":                           {"x+jwt", with(jwt.MapClaims{"use": "x", "aud": aud})},
	} {
		token := sign(t, jwt.SigningMethodEdDSA, r.signer, map[string]any{"kid": "new", "typ": tt.typ}, tt.body)
		for _, at := range []time.Time{now, now.Add(24 * time.Hour)} {
			_, err := newTokens(t, r, at).Verify(token)
			require.Equal(t, app.TokenInvalid.String(), app.KindOf(err).String(), name)
		}
	}
}

// FuzzKinds changes signed tokens without the key: none is taken, whatever kind
// it says it is.
func FuzzKinds(f *testing.F) {
	tokens := newTokens(f, newRing(), now)
	for _, claims := range ofKinds() {
		token, err := tokens.Issue(claims)
		require.NoError(f, err)
		parts := strings.Split(token.Reveal(), ".")
		header, err := base64.RawURLEncoding.DecodeString(parts[0])
		require.NoError(f, err)
		body, err := base64.RawURLEncoding.DecodeString(parts[1])
		require.NoError(f, err)
		f.Add(string(header), string(body), parts[2])
		f.Add(string(header), strings.Replace(string(body), `"use":"refresh",`, "", 1), parts[2])
		f.Add(`{"alg":"none","typ":"JWT","kid":"new"}`, string(body), "")
	}
	f.Fuzz(func(t *testing.T, header, body, signature string) {
		token := app.Secret(base64.RawURLEncoding.EncodeToString([]byte(header)) + "." +
			base64.RawURLEncoding.EncodeToString([]byte(body)) + "." + signature)
		got, err := tokens.Verify(token)
		if err != nil {
			require.Contains(t, []app.Kind{app.TokenInvalid, app.TokenExpired}, app.KindOf(err))
			return
		}
		require.Equal(t, ofKinds()[got.Kind], got, "only what was signed")
	})
}

// Access tokens of releases that named no audience are good until they expire;
// another audience may be set.
func TestAudienceOfAccessTokens(t *testing.T) {
	r := newRing()
	old := sign(t, jwt.SigningMethodEdDSA, r.signer, map[string]any{"kid": "new", "typ": "JWT"}, payload())
	_, err := newTokens(t, r, now).Verify(old)
	require.NoError(t, err)

	others, err := New(Options{Issuer: "https://accord.test", Audience: "https://api.test", Keys: r, Now: func() time.Time { return now }})
	require.NoError(t, err)
	token := issue(t, others)
	_, err = others.Verify(token)
	require.NoError(t, err)
	_, err = newTokens(t, r, now).Verify(token)
	require.Equal(t, app.TokenInvalid, app.KindOf(err))
}
