package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/keyring"
	"accord/app"
	"accord/cmd/accord/internal/config"
)

func TestAccessTokensHaveTheAudienceOfTheSetting(t *testing.T) {
	ring, err := keyring.Generate()
	require.NoError(t, err)
	for setting, want := range map[string]string{"": "accord", "https://api.example.com": "https://api.example.com"} {
		c := config.Default()
		c.Audience = setting
		tokens, err := newTokens(c, ring)
		require.NoError(t, err)
		token, err := tokens.Issue(app.Claims{UserID: 1, SessionID: "session", IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)})
		require.NoError(t, err)
		body, err := base64.RawURLEncoding.DecodeString(strings.Split(token.Reveal(), ".")[1])
		require.NoError(t, err)
		var claims struct {
			Audience []string `json:"aud"`
		}
		require.NoError(t, json.Unmarshal(body, &claims))
		require.Equal(t, []string{want}, claims.Audience)
	}
}
