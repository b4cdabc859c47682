package app

import (
	"fmt"
	"regexp"
	"slices"
)

// Bounds of what a person may choose, in bytes.
const (
	MaxUsername = 40  // Gitea's
	MaxEmail    = 254 // RFC 5321, 4.5.3.1.3
	MinPassword = 8
	MaxPassword = 16
	// MaxPasswordChecked bounds a password that is only compared.
	MaxPasswordChecked = 32
)

var (
	// Names that Gitea 1.26 keeps for its own paths and users.
	reservedNames = []string{
		"api", "assets", "attachments", "avatar", "avatars", "captcha", "explore", "favicon.ico", "ghost",
		"gitea-actions", "issues", "login", "manifest.json", "metrics", "milestones", "notifications", "org", "pulls",
		"repo", "repo-avatars", "robots.txt", "sitemap.xml", "ssh_info", "swagger.v1.json", "user", "v2",
	}
	reservedEndings = []string{".keys", ".gpg", ".rss", ".atom", ".png"}
)

// UsernameAllowed reports whether every system takes the name: Gitea's
// characters, 1 to 40 of them, no two marks in a row, none at either end, and
// none of the names that Gitea keeps for itself.
func UsernameAllowed(name string) bool { return field("username").allows(name) }

// EmailAllowed reports whether every system takes the address: a plain ASCII
// addr-spec (RFC 5322, without comments or quoting) of at most 254 bytes. The
// placeholders of accounts that have no address are such addresses too.
func EmailAllowed(address string) bool { return field("email").fits(address) }

// PasswordAllowed reports whether a password may be set. It is made of bytes
// from the space to the tilde, no fewer than 8 and no more than 16; a digit and
// a letter (of the 26) have to be there.
func PasswordAllowed(password string) bool { return field("password").allows(password) }

func (s *Service) newcomerViolations(in Registration) []Violation {
	found := append(in.violations(), in.profileViolations()...)
	if s.foreignNumber(in) {
		found = append(found, Violation{"username", Pattern})
	}
	if in.Mobile != "" {
		found = append(found, s.numberViolations(in.Country, in.Mobile)...)
	}
	return append(found, in.Attributes.violations(s.Now())...)
}

func (in Registration) violations() []Violation {
	var found []Violation
	for _, given := range []struct {
		name, value string
		needless    bool
	}{
		{"username", in.Username, in.NoUsername},
		{"email", in.Email, in.Email == "" && in.Mobile != ""},
		{"password", in.Password.Reveal(), false},
		{"nickname", in.Nickname, in.Nickname == ""},
	} {
		if !given.needless {
			found = append(found, violation(given.name, given.value)...)
		}
	}
	return found
}

// violation judges the text of one field.
func violation(name, text string) []Violation {
	if rule := field(name).Check(text); rule != "" {
		return []Violation{{name, rule}}
	}
	return nil
}

// numberLengths are how long national numbers are, by country code; others
// follow E.164: country code and number have at most 15 digits.
var numberLengths = map[string]int{"86": 11, "852": 8, "853": 8, "886": 9, "1": 10}

// NumberPattern is the Pattern of a country's numbers.
func NumberPattern(country string) string {
	length, known := numberLengths[country]
	switch {
	case country == "86":
		return fmt.Sprintf("^1[0-9]{%d}$", length-1)
	case known:
		return fmt.Sprintf("^[0-9]{%d}$", length)
	}
	return fmt.Sprintf("^[0-9]{4,%d}$", max(4, 15-len(country)))
}

// MobileAllowed reports whether a country has such a number.
func MobileAllowed(country, mobile string) bool {
	return regexp.MustCompile(NumberPattern(country)).MatchString(mobile)
}

func (s *Service) numberViolations(country, mobile string) []Violation {
	var found []Violation
	if !slices.Contains(s.settings.Countries, country) {
		found = append(found, Violation{"internationalCode", NotContainsDict})
	}
	switch rule := field("mobile").Check(mobile); {
	case rule != "":
		found = append(found, Violation{"mobile", rule})
	case !MobileAllowed(country, mobile):
		found = append(found, Violation{"mobile", Pattern})
	}
	return found
}
