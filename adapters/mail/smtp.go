package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"accord/app"
	"accord/saga"
)

// goodbye is how long the server may take to end a conversation.
const goodbye = time.Second

// deliver runs one SMTP conversation.
func (m *Mailer) deliver(ctx context.Context, msg *gomail.Msg, to string) error {
	ctx, cancel := context.WithTimeout(ctx, m.options.Timeout)
	defer cancel()
	client, err := m.client(ctx)
	if err != nil {
		return saga.Refused(failure(err))
	}
	conversation, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return saga.Refused(failure(because(ctx, fmt.Errorf("reach the mail server: %w", err))))
	}
	if err := client.SendWithSMTPClient(conversation, msg); err != nil {
		// Servers quote the address, which has no place in logs and journals.
		text := strings.ReplaceAll(err.Error(), to, "RECIPIENT")
		cause := because(ctx, errors.New(text))
		if refusedForGood(err) {
			cause = fmt.Errorf("%w: %w", app.ErrUndeliverable, cause)
		}
		wrapped := failure(cause)
		if certainlyNotSent(err) {
			return saga.Refused(wrapped)
		}
		return wrapped
	}
	// The message is taken: what the goodbye comes to does not matter.
	if conversation.UpdateDeadline(goodbye) == nil {
		_ = conversation.Quit()
	}
	return nil
}

// because adds why ctx ended, if it did, to an error that came of it.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// client is made for one conversation: its dialler ties the connection to ctx.
func (m *Mailer) client(ctx context.Context) (*gomail.Client, error) {
	o := m.options
	tlsConfig := &tls.Config{ServerName: o.Host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}
	policy := gomail.NoTLS
	if o.TLS == StartTLS {
		policy = gomail.TLSMandatory
	}
	options := []gomail.Option{
		gomail.WithPort(o.Port), gomail.WithTimeout(o.Timeout),
		gomail.WithTLSConfig(tlsConfig), gomail.WithTLSPolicy(policy),
		gomail.WithDialContextFunc(dialler(ctx, o.TLS, tlsConfig)),
		gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if o.Username != "" {
		options = append(options,
			gomail.WithUsername(o.Username), gomail.WithPassword(o.Password.Reveal()),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(o.Host, options...)
}

// dialler opens connections that close when ctx ends. The library's own look at
// their context only while dialling, and stay open where the greeting fails.
func dialler(ctx context.Context, mode TLS, config *tls.Config) gomail.DialContextFunc {
	return func(dialCtx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(dialCtx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		if mode != Implicit {
			return conn, nil
		}
		encrypted := tls.Client(conn, config)
		if err := encrypted.HandshakeContext(dialCtx); err != nil {
			return nil, err
		}
		return encrypted, nil
	}
}

// refusedForGood reports whether the server said, of this sender, recipient or
// content, that it will not take it however often it is asked (RFC 5321, 4.2.1).
func refusedForGood(err error) bool {
	var failed *gomail.SendError
	if !errors.As(err, &failed) || failed.ErrorCode() < 500 {
		return false
	}
	switch failed.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		return true
	default:
		return false
	}
}

// certainlyNotSent reports whether a failed conversation cannot have delivered:
// it ended before the content, or with the server's refusal of the content.
func certainlyNotSent(err error) bool {
	var failed *gomail.SendError
	if !errors.As(err, &failed) {
		return false
	}
	switch failed.Reason {
	case gomail.ErrGetSender, gomail.ErrGetRcpts, gomail.ErrConnCheck, gomail.ErrNoUnencoded,
		gomail.ErrSMTPMailFrom, gomail.ErrSMTPRcptTo, gomail.ErrSMTPData:
		return true
	case gomail.ErrSMTPDataClose:
		return failed.ErrorCode() != 0
	default:
		return false
	}
}
