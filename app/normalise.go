package app

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Step is one step of normalising a text, spelt as in /api/rules.json.
type Step string

// The steps.
const (
	// Width makes letters and digits of full width the usual ones (RFC 8265, 3.3.1).
	Width Step = "width"
	// Trim removes white space at both ends.
	Trim Step = "trim"
	// NFC composes characters (Unicode Normalization Form C).
	NFC Step = "nfc"
	// Spaces makes each run of spaces one, and removes white space at both ends
	// (RFC 8266, 2.1).
	Spaces Step = "spaces"
	// Breaks makes every line break a line feed.
	Breaks Step = "breaks"
	// Scheme writes a URL's http or https in lower case, and puts https before one
	// that has no scheme.
	Scheme Step = "scheme"
	// Upper makes letters upper case.
	Upper Step = "upper"
	// Separators removes what people write between the digits of a number.
	Separators Step = "separators"
	// Plus removes every +, 0 and white space before a country code.
	Plus Step = "plus"
	// Prefix removes the number's own country code, after a + or 00. It needs the
	// country, so NormaliseNumber does it.
	Prefix Step = "prefix"
)

// The steps of usual fields.
var (
	identifier = []Step{Width, Trim}
	line       = []Step{NFC, Trim}
	text       = []Step{Breaks, NFC, Trim}
)

var steps = map[Step]func(string) string{
	Width:      width.Fold.String,
	Trim:       strings.TrimSpace,
	NFC:        norm.NFC.String,
	Spaces:     func(s string) string { return strings.TrimSpace(spaces.ReplaceAllString(s, " ")) },
	Breaks:     strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace,
	Scheme:     withScheme,
	Upper:      strings.ToUpper,
	Separators: func(s string) string { return separators.ReplaceAllString(s, "") },
	Plus:       func(s string) string { return strings.TrimLeftFunc(s, beforeCode) },
	Prefix:     func(s string) string { return s },
}

var (
	spaces     = regexp.MustCompile(`\p{Zs}+`)
	separators = regexp.MustCompile(`[\s\p{Z}().\-\p{Pd}]`)
	anyScheme  = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z+.-]*://`)
)

func beforeCode(r rune) bool { return r == '+' || r == '0' || unicode.IsSpace(r) }

func withScheme(address string) string {
	scheme := anyScheme.FindString(address)
	lower := strings.ToLower(scheme)
	switch {
	case address == "":
		return ""
	case scheme == "":
		return "https://" + address
	case lower == "http://" || lower == "https://":
		return lower + address[len(scheme):]
	}
	return address
}

// NormaliseNumber returns a country code and a national number as they are judged
// and stored.
func NormaliseNumber(country, mobile string) (string, string) {
	country, mobile = field("internationalCode").Normalise(country), field("mobile").Normalise(mobile)
	for _, before := range []string{"+", "00"} {
		if rest, has := strings.CutPrefix(mobile, before+country); has && country != "" && rest != "" {
			return country, rest
		}
	}
	return country, mobile
}

// normaliseGiven replaces the field's text by the normalised one, if there is one.
func normaliseGiven(name string, at **string) {
	if *at != nil {
		normal := field(name).Normalise(**at)
		*at = &normal
	}
}

// normalisedEmail returns the address as it is judged and stored.
func normalisedEmail(address string) string { return field("email").Normalise(address) }

// number returns a country code and a number as they are judged and stored. The
// country is the platform's first one if it is empty.
func (s *Service) number(country, mobile string) (string, string) {
	if mobile != "" && len(s.settings.Countries) > 0 {
		country = cmp.Or(country, s.settings.Countries[0])
	}
	return NormaliseNumber(country, mobile)
}

// Patterns of fields.
const (
	usernamePattern = `^[0-9A-Za-z](?:[\-._]?[0-9A-Za-z])*$`
	// emailPattern is the "valid e-mail address" of the WHATWG HTML standard, of
	// those the ones that are an addr-spec without quoting (RFC 5322, 3.4.1) and do
	// not begin with a hyphen.
	emailPattern = `^[` + mailSign + `][` + mailSign + `\-]*(?:\.[` + mailSign + `\-]+)*@` + domainLabel + `(?:\.` + domainLabel + `)*$`
	mailSign     = "0-9A-Za-z!#$%&'*+\\/=?^_`\\{\\|\\}~"
	// domainLabel is 1 to 63 letters, digits and inner hyphens (RFC 1035, 2.3.4).
	domainLabel = `[0-9A-Za-z](?:[0-9A-Za-z\-]{0,61}[0-9A-Za-z])?`
	// passwordPattern wants a letter and a digit among printable ASCII.
	passwordPattern = `^[ -~]*(?:[A-Za-z][ -~]*[0-9]|[0-9][ -~]*[A-Za-z])[ -~]*$` //nolint:gosec // a pattern of passwords, and none itself
	linePattern     = "^[^\\p{Cc}\uFFFD]*$"
	textPattern     = "^(?:[\\n\\t]|[^\\p{Cc}\uFFFD])*$"
	// websitePattern is an absolute URL of http or https with a host, such as Gitea
	// takes too, which reads no fragment right after the host.
	websitePattern = `^https?:\/\/[\p{L}\p{M}\p{N}._~\-]+(?::[0-9]{1,5})?(?:[\/?](?:[^\p{C}\p{Z}%` + "\uFFFD" + `]|%[0-9A-Fa-f]{2})*)?$`
)

// namePattern follows the FreeformClass of PRECIS (RFC 8264, 4.3), which has no
// invisible characters and none that change the direction of others. Unlike there,
// a middle dot may stand between any characters, as in Chinese names of foreigners,
// and what holds an emoji together is accepted within one.
const (
	namePattern = `^` + visible + `(?: ?` + visible + `)*$`
	visible     = `(?:` + keycap + `|` + emoji + `|` + sign + `)` + mark + `*`
	sign        = `[^\p{C}\p{Z}\p{M}\p{So}0-9#*` + "\u115F\u1160\u3164\uFFA0" + skinTones + `]`
	mark        = `[^\P{M}` + "\u034F\u17B4\u17B5\u180B-\u180F\uFE00-\uFE0F\U000E0100-\U000E01EF" + `]`
	keycap      = `[0-9#*](?:` + "\uFE0F\u20E3" + `)?`
	emoji       = symbol + look + `?(?:` + "\u200D" + symbol + look + `?)*`
	symbol      = `[^\P{So}` + "\u2800\uFFFD" + `]`
	look        = "[\uFE0E\uFE0F" + skinTones + `]`
	skinTones   = "\U0001F3FB-\U0001F3FF"
)

// upTo is the definition of an optional field that is only bounded.
func upTo(name string, most int, by []Step, zh, en string) Field {
	f := Field{
		Name: name, Max: most, Pattern: linePattern, Steps: by,
		ZH: fmt.Sprintf("%s最多%d个字符", zh, most), EN: fmt.Sprintf("%s has at most %d characters", en, most),
	}
	if slices.Contains(by, Breaks) {
		f.Pattern = textPattern
	}
	return f
}
