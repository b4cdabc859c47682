// Package mail sends the platform's mail by SMTP, in Chinese and in English.
package mail

import (
	"context"
	"crypto/x509"
	"errors"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"accord/app"
	"accord/saga"
)

// TLS says how the connection to the mail server is encrypted.
type TLS string

const (
	// None sends in clear; only without a password.
	None TLS = "none"
	// StartTLS turns encryption on after the greeting and fails without it.
	StartTLS TLS = "starttls"
	// Implicit is encrypted from the first byte.
	Implicit TLS = "implicit"
)

// DefaultTimeout bounds one Send where Options.Timeout is zero.
const DefaultTimeout = 10 * time.Second

// Options describe the mail server and the sender.
type Options struct {
	Host string
	Port int
	TLS  TLS
	// RootCAs are who may vouch for the server; nil means the system's.
	RootCAs *x509.CertPool
	// Username and Password sign in at the server; both empty for none.
	Username string
	Password app.Secret
	// From is the sender, `a@b.example` or `Name <a@b.example>`; the address is
	// ASCII. Its domain is that of message ids too.
	From string
	// Platform is the name that messages give the platform; "Accord" by default.
	Platform string
	// Footer ends every message, by language, "zh" and "en"; either may be empty.
	Footer map[string]string
	// Contact is how to reach the platform's administrators, such as an address;
	// messages that advise to contact them end with it. May be empty.
	Contact string
	// Zone is that of times in messages; UTC by default.
	Zone *time.Location
	// Timeout bounds one Send, from dialling on; DefaultTimeout by default.
	Timeout time.Duration
	// Now is the clock for the Date header; needed.
	Now func() time.Time
}

// Mailer is an app.Mailer. Every Send has a connection of its own. Safe for
// concurrent use.
type Mailer struct {
	options   Options
	domain    string
	templates templates
}

var _ app.Mailer = (*Mailer)(nil)

// New returns a Mailer, or every fault of the options. It does not connect.
func New(o Options) (*Mailer, error) {
	if o.Platform == "" {
		o.Platform = "Accord"
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	domain, err := o.check()
	if err != nil {
		return nil, err
	}
	t, err := loadTemplates(files)
	if err != nil {
		return nil, err
	}
	return &Mailer{options: o, domain: domain, templates: t}, nil
}

// check returns the sender's domain.
func (o Options) check() (string, error) {
	var faults []error
	fault := func(bad bool, text string) {
		if bad {
			faults = append(faults, errors.New("mail: "+text))
		}
	}
	fault(o.Host == "", "no host")
	fault(o.Port < 1 || o.Port > 65535, "port is not within 1 and 65535")
	fault(o.TLS != None && o.TLS != StartTLS && o.TLS != Implicit, "tls is not one of none, starttls, implicit")
	fault((o.Username == "") != (o.Password == ""), "user name and password go together")
	fault(o.Password != "" && o.TLS == None, "a password is not sent in clear: tls must be starttls or implicit")
	fault(o.Timeout < 0, "timeout is negative")
	fault(o.Now == nil, "no clock")
	fault(!printable(o.Platform, maxPlatform), "the name of the platform is not one line of at most 64 characters")
	fault(!printable(o.Contact, maxContact), "the contact is not one line of at most 200 characters")
	for _, l := range languages {
		fault(!printable(o.Footer[l], maxFooter), "the footer in "+l+" is not one line of at most 500 characters")
	}
	from, err := netmail.ParseAddress(o.From)
	fault(err != nil || !isASCII(from.Address), "from is not an address")
	if len(faults) > 0 {
		return "", errors.Join(faults...)
	}
	return from.Address[strings.LastIndexByte(from.Address, '@')+1:], nil
}

// The longest brand, footer and contact, in characters.
const (
	maxPlatform = 64
	maxFooter   = 500
	maxContact  = 200
)

// printable reports whether s is one line of that many characters at most.
func printable(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

// Send composes the message in its language and hands it to the mail server.
// Errors are MailFailed; they are saga.Refused where the server certainly did
// not take the message: it could not be composed, the server was not reached,
// or it said no. It ends with ctx, and after Options.Timeout at the latest.
func (m *Mailer) Send(ctx context.Context, mail app.Mail) error {
	msg, err := m.compose(mail)
	if err != nil {
		return saga.Refused(failure(err))
	}
	return m.deliver(ctx, msg, mail.To)
}

func failure(err error) error {
	return &app.Error{Kind: app.MailFailed, Op: "send mail", Err: err}
}
