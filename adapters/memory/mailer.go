package memory

import (
	"context"
	"slices"
	"sync"

	"accord/app"
)

// Mailer is an app.Mailer that keeps what it is given. Its Faults, named Send,
// are of kind MailFailed. Safe for concurrent use.
type Mailer struct {
	*Faults

	mu   sync.Mutex
	sent []app.Mail
}

var _ app.Mailer = (*Mailer)(nil)

// NewMailer makes a mailer that has sent nothing.
func NewMailer() *Mailer { return &Mailer{Faults: newFaults(app.MailFailed)} }

// Send keeps the message. See app.Mailer.
func (m *Mailer) Send(ctx context.Context, mail app.Mail) error {
	return m.run(ctx, "Send", func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.sent = append(m.sent, mail)
		return nil
	})
}

// Sent lists the messages in the order they came.
func (m *Mailer) Sent() []app.Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}
