package app

import (
	"cmp"
	"crypto/sha256"
	"fmt"
)

// GeneratedAvatars is how many generated pictures there are. An account that has
// chosen no picture shows one of them.
const GeneratedAvatars = 64

// GeneratedAvatar names the generated picture n, from 0, among uploaded pictures.
func GeneratedAvatar(n int) string { return fmt.Sprintf("generated/%02d.png", n) }

// generatedAvatar returns the URL of the account's generated picture, which stays
// the same; empty if uploaded pictures have no URL.
func (s *Service) generatedAvatar(accountID string) string {
	if s.settings.PicturesURL == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(accountID))
	return s.settings.PicturesURL + GeneratedAvatar(int(sum[0])%GeneratedAvatars)
}

// shown returns the account as use cases show it: with a picture, and with a
// nickname, which an adopted account may lack.
func (s *Service) shown(a Account) Account {
	if a.ID != "" && a.AvatarURL == "" {
		a.AvatarURL = s.generatedAvatar(a.ID)
	}
	a.Nickname = cmp.Or(a.Nickname, a.Username)
	return a
}

// keepsAvatar reports whether the address is that of the picture that the account
// shows already.
func (s *Service) keepsAvatar(a Account, address string) bool {
	return address == s.shown(a).AvatarURL
}

// keepsGenerated reports whether the account shows its generated picture and the
// address is that of it, or empty.
func (s *Service) keepsGenerated(a Account, address string) bool {
	return s.isGenerated(a, s.shown(a).AvatarURL) && (address == "" || s.isGenerated(a, address))
}

// isGenerated reports whether the address is that of the account's generated
// picture.
func (s *Service) isGenerated(a Account, address string) bool {
	return address != "" && address == s.generatedAvatar(a.ID)
}
