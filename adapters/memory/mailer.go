package memory

import (
	"context"
	"slices"
	"sync"

	"accord/app"
)

// Mailer is a fake of app.Mailer that keeps what it is given. Safe for
// concurrent use.
type Mailer struct {
	*Faults

	mu   sync.Mutex
	sent []app.Mail
}

var _ app.Mailer = (*Mailer)(nil)

// NewMailer makes a mailer that has sent nothing. Faults go by the name Send.
func NewMailer() *Mailer { return &Mailer{Faults: newFaults(app.MailFailed)} }

// Send is that of app.Mailer.
func (m *Mailer) Send(ctx context.Context, mail app.Mail) error {
	return m.run(ctx, "Send", func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.sent = append(m.sent, mail)
		return nil
	})
}

// Sent is every message that was sent, oldest first.
func (m *Mailer) Sent() []app.Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}
