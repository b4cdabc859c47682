// Package sms has the providers of short messages: File for development, Aliyun,
// and HTTP for any gateway with a web interface of its own (Twilio among them).
// Configuration chooses one.
package sms

import (
	"errors"
	"strings"
	"time"

	"accord/app"
	"accord/saga"
)

// DefaultTimeout bounds one Send where a provider's options leave it out.
const DefaultTimeout = 5 * time.Second

// Bounds of a telephone number (ITU-T E.164, 6.1), in digits.
const (
	maxCountry = 3
	minNumber  = 5 // country code included
	maxNumber  = 15
)

// maxCode bounds a verification code, in characters.
const maxCode = 16

// check reports why a message cannot be sent, without repeating any of it. What
// passes has no character that means something to JSON, forms or URLs.
func check(m app.ShortMessage) error {
	code := m.Code.Reveal()
	switch total := len(m.InternationalCode) + len(m.Mobile); {
	case !consistsOf(m.InternationalCode, isDigit), len(m.InternationalCode) > maxCountry, m.InternationalCode[0] == '0':
		return errors.New("the country code is not 1 to 3 digits")
	case !consistsOf(m.Mobile, isDigit), total < minNumber, total > maxNumber:
		return errors.New("the number is not 5 to 15 digits with the country code")
	case !consistsOf(code, isAlphanumeric), len(code) > maxCode:
		return errors.New("the code is not 1 to 16 letters and digits")
	case m.Language != "zh" && m.Language != "en":
		return errors.New("the language is neither zh nor en")
	}
	return nil
}

// consistsOf reports whether s is one or more characters of a class.
func consistsOf(s string, class func(rune) bool) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !class(r) })
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isAlphanumeric(r rune) bool {
	return isDigit(r) || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

// failed is the SMSFailed error of a try; refused where nothing was sent for
// certain.
func failed(nothingSent bool, cause error) error {
	err := error(&app.Error{Kind: app.SMSFailed, Op: "send short message", Err: cause})
	if nothingSent {
		return saga.Refused(err)
	}
	return err
}

// quotable is what a provider said, where that looks like the name of an error
// and holds nothing of the message or of the secrets; else "unnamed". Who knows
// what it repeats.
func quotable(said string, m app.ShortMessage, secrets ...app.Secret) string {
	const long = 6 // shorter ones are in a key by chance
	shape := func(r rune) bool { return isAlphanumeric(r) || strings.ContainsRune("._-", r) }
	folded := strings.ToLower(said)
	bad := !consistsOf(said, shape) || len(said) > 64 ||
		strings.Contains(folded, strings.ToLower(m.Code.Reveal())) || strings.Contains(folded, m.Mobile)
	for _, secret := range secrets {
		text := strings.ToLower(secret.Reveal())
		bad = bad || text != "" && strings.Contains(folded, text) || len(said) >= long && strings.Contains(text, folded)
	}
	if bad {
		return "unnamed"
	}
	return said
}
