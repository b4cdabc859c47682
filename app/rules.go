package app

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
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

// domainLabel is 1 to 63 letters, digits and inner hyphens (RFC 1035, 2.3.4).
const domainLabel = "[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?"

var (
	usernameShape = regexp.MustCompile(`^[0-9A-Za-z](?:[-._]?[0-9A-Za-z])*$`)
	// emailShape follows the "valid e-mail address" of the WHATWG HTML standard.
	emailShape = regexp.MustCompile("^[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]+@" + domainLabel + `(?:\.` + domainLabel + ")*$")

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
func UsernameAllowed(name string) bool {
	key := FoldKey(name)
	return len(name) <= MaxUsername && usernameShape.MatchString(name) && !slices.Contains(reservedNames, key) &&
		!slices.ContainsFunc(reservedEndings, func(end string) bool { return strings.HasSuffix(key, end) })
}

// EmailAllowed reports whether every system takes the address: a plain ASCII
// addr-spec (RFC 5322, without comments or quoting) of at most 254 bytes.
func EmailAllowed(address string) bool {
	if len(address) > MaxEmail || !emailShape.MatchString(address) || strings.HasPrefix(address, "-") {
		return false
	}
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address
}

// PasswordAllowed reports whether a password may be set. It is made of bytes
// from the space to the tilde, no fewer than 8 and no more than 16; a digit and
// a letter (of the 26) have to be there.
func PasswordAllowed(password string) bool {
	letter, digit := false, false
	for _, c := range []byte(password) {
		switch {
		case c < ' ' || c > '~':
			return false
		case c >= '0' && c <= '9':
			digit = true
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
			letter = true
		}
	}
	return letter && digit && len(password) >= MinPassword && len(password) <= MaxPassword
}

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
	for _, field := range []struct {
		name, value       string
		needless, allowed bool
		rule              Rule
	}{
		{"username", in.Username, in.NoUsername, UsernameAllowed(in.Username), Pattern},
		{"email", in.Email, in.Email == "" && in.Mobile != "", EmailAllowed(in.Email), EmailSyntax},
		{"password", in.Password.Reveal(), false, PasswordAllowed(in.Password.Reveal()), Pattern},
		{"nickname", in.Nickname, in.Nickname == "", utf8.RuneCountInString(in.Nickname) <= MaxNickname, Length},
	} {
		switch {
		case field.needless:
		case strings.TrimSpace(field.value) == "":
			found = append(found, Violation{field.name, NotBlank})
		case !field.allowed:
			found = append(found, Violation{field.name, field.rule})
		}
	}
	return found
}

// Bounds of a profile, in characters.
const (
	MaxNickname = 255
	MaxShort    = 50 // description, website, location
)

// WebsiteAllowed reports whether Gitea shows the address: an absolute http or
// https URL with a host, or nothing.
func WebsiteAllowed(website string) bool {
	if website == "" {
		return true
	}
	u, err := url.Parse(website)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil &&
		!strings.ContainsFunc(website, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

func (p Profile) violations() []Violation {
	var found []Violation
	for _, field := range []struct {
		name, value string
		limit       int
		required    bool
	}{
		{"nickname", p.Nickname, MaxNickname, true},
		{"avatarUrl", p.AvatarURL, MaxNickname, true},
		{"description", p.Description, MaxShort, false},
		{"website", p.Website, MaxShort, false},
		{"location", p.Location, MaxShort, false},
	} {
		switch {
		case field.required && strings.TrimSpace(field.value) == "":
			found = append(found, Violation{field.name, NotBlank})
		case utf8.RuneCountInString(field.value) > field.limit:
			found = append(found, Violation{field.name, Length})
		case field.name == "website" && !WebsiteAllowed(field.value):
			found = append(found, Violation{field.name, Pattern})
		}
	}
	return found
}

// numberLengths are how long national numbers are, by country code; others
// follow E.164: country code and number have at most 15 digits.
var numberLengths = map[string]struct{ least, most int }{"86": {11, 11}, "852": {8, 8}, "853": {8, 8}, "886": {9, 9}, "1": {10, 10}}

// MobileAllowed reports whether a country has such a number.
func MobileAllowed(country, mobile string) bool {
	bounds, known := numberLengths[country]
	if !known {
		bounds.least, bounds.most = 4, 15-len(country)
	}
	digits := !strings.ContainsFunc(mobile, func(r rune) bool { return r < '0' || r > '9' })
	return digits && len(mobile) >= bounds.least && len(mobile) <= bounds.most && (country != "86" || mobile[0] == '1')
}

func (s *Service) numberViolations(country, mobile string) []Violation {
	var found []Violation
	if !slices.Contains(s.settings.Countries, country) {
		found = append(found, Violation{"internationalCode", NotContainsDict})
	}
	switch {
	case strings.TrimSpace(mobile) == "":
		found = append(found, Violation{"mobile", NotBlank})
	case !MobileAllowed(country, mobile):
		found = append(found, Violation{"mobile", Pattern})
	}
	return found
}
