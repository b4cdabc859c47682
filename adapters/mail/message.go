package mail

import (
	"crypto/rand"
	"errors"
	netmail "net/mail"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"accord/app"
)

// compose makes the message: text, and HTML as the better alternative.
func (m *Mailer) compose(mail app.Mail) (*gomail.Msg, error) {
	if !isBareAddress(mail.To) {
		return nil, errors.New("recipient is not a mail address")
	}
	body, err := m.templates.render(page{
		Kind: mail.Kind, Language: mail.Language,
		Username: oneLine(mail.Username), Platform: m.options.Platform,
		Code: oneLine(mail.Code.Reveal()),
	})
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(m.options.From), msg.To(mail.To)); err != nil {
		return nil, errors.New("sender or recipient is not a mail address")
	}
	msg.Subject(body.subject)
	msg.SetDateWithValue(m.options.Now())
	msg.SetMessageIDWithValue(strings.ToLower(rand.Text()) + "@" + m.domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday notices back
	msg.SetGenHeader(gomail.HeaderContentLang, mail.Language)
	msg.SetBodyString(gomail.TypeTextPlain, body.text)
	msg.AddAlternativeString(gomail.TypeTextHTML, body.html)
	return msg, nil
}

// maxAddress is the longest address SMTP can carry (RFC 5321, 4.5.3.1.3), in bytes.
const maxAddress = 254

// isBareAddress reports whether s is one address and nothing else.
func isBareAddress(s string) bool {
	a, err := netmail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= maxAddress
}

// oneLine folds white space and control characters into single blanks.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	}), " ")
}
