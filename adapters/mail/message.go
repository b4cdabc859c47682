package mail

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"accord/app"
)

// compose makes the message: text, and HTML as the better alternative.
func (m *Mailer) compose(mail app.Mail) (*gomail.Msg, error) {
	if !isBareAddress(mail.To) {
		return nil, fmt.Errorf("recipient is not a mail address: %w", app.ErrUndeliverable)
	}
	if mail.Kind == app.MailNotice && (happened[mail.Notice.Kind] == phrase{} || mail.Language != "" && !slices.Contains(languages, mail.Language)) {
		return nil, fmt.Errorf("no template for notice %q in language %q", mail.Notice.Kind, mail.Language)
	}
	body, err := m.templates.render(page{
		Kind: mail.Kind, Language: mail.Language,
		Username: oneLine(mail.Username), Platform: m.options.Platform,
		Code: oneLine(mail.Code.Reveal()), Purpose: purposes[mail.Purpose].in(mail.Language),
		Place: placeOf(mail), Sections: m.sections(mail.Notice, mail.Language), Footer: m.footer(mail.Language),
		Contact: m.contact(mail.Language),
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
	msg.SetGenHeader(gomail.HeaderContentLang, cmp.Or(mail.Language, strings.Join(languages, ", ")))
	msg.SetBodyString(gomail.TypeTextPlain, body.text)
	msg.AddAlternativeString(gomail.TypeTextHTML, body.html)
	return msg, nil
}

// languages are those of messages.
var languages = []string{"zh", "en"}

func placeOf(mail app.Mail) string {
	if mail.From == (app.Place{}) {
		return ""
	}
	return placeIn(mail.From, mail.Language)
}

// footer is what ends every message in its language, or in both.
func (m *Mailer) footer(language string) []string {
	var footer []string
	for _, l := range languages {
		if language != "" && language != l {
			continue
		}
		footer = append(footer, automatic.in(l))
		if own := m.options.Footer[l]; own != "" {
			footer = append(footer, own)
		}
	}
	return footer
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
