package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// MailCatcher is an SMTP server inside the calling process that keeps every message as a file and delivers none.
type MailCatcher struct {
	// Addr is the address that it listens on.
	Addr string
	// Dir is where the messages are: one file each, whose name ends in ".eml" and sorts by the time of arrival. A file
	// appears whole, and before the sender is told that the message was taken.
	Dir string

	server   *smtp.Server
	listener net.Listener
	served   chan error
	now      func() time.Time
	count    atomic.Uint64

	closing sync.Once
	closed  error
}

// StartMailCatcher listens on the address (port 0 picks a free one) and keeps messages in dir, which is created when absent.
// now gives the time in the names of the files.
func StartMailCatcher(ctx context.Context, dir, listen string, now func() time.Time) (*MailCatcher, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail catcher: its directory cannot be made: %w", err)
	}
	listener, err := open(ctx, listen)
	if err != nil {
		return nil, fmt.Errorf("mail catcher: %w", err)
	}
	m := &MailCatcher{Addr: listener.Addr().String(), Dir: dir, listener: listener, served: make(chan error, 1), now: now}
	m.server = smtp.NewServer(m)
	m.server.Domain = "localhost"
	m.server.ReadTimeout, m.server.WriteTimeout = 30*time.Second, 30*time.Second
	m.server.MaxMessageBytes, m.server.MaxRecipients, m.server.MaxLineLength = 10<<20, 100, 4000
	m.server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // the sender is told of them
	go func() { m.served <- m.server.Serve(listener) }()
	return m, nil
}

// Close stops listening and ends every connection. Repeated calls return what the first one did.
func (m *MailCatcher) Close() error {
	m.closing.Do(func() {
		m.closed = m.server.Close()
		// The server closes only a listener that it has come to serve already.
		if err := m.listener.Close(); !errors.Is(err, net.ErrClosed) {
			m.closed = errors.Join(m.closed, err)
		}
		m.closed = errors.Join(m.closed, <-m.served)
	})
	return m.closed
}

// NewSession implements smtp.Backend.
func (m *MailCatcher) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &mailSession{catcher: m}, nil
}

// mailSession collects one message after the other from a connection.
type mailSession struct {
	catcher *MailCatcher
	from    string
	to      []string
}

// Mail begins a message.
func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt adds a recipient.
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data keeps the message, headed by its envelope as a delivering server would.
func (s *mailSession) Data(r io.Reader) error {
	var message bytes.Buffer
	fmt.Fprintf(&message, "Return-Path: <%s>\r\n", s.from)
	for _, to := range s.to {
		fmt.Fprintf(&message, "Delivered-To: %s\r\n", to)
	}
	if _, err := io.Copy(&message, r); err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%06d.eml", s.catcher.now().UTC().Format("20060102T150405.000000000"), s.catcher.count.Add(1))
	return writeFile(filepath.Join(s.catcher.Dir, name), message.Bytes())
}

// Reset forgets the message at hand.
func (s *mailSession) Reset() { s.from, s.to = "", nil }

// Logout ends the session.
func (s *mailSession) Logout() error { return nil }
