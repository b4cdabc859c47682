package memory

import (
	"context"
	"slices"
	"sync"

	"accord/app"
)

// SMS is an app.SMS that keeps what it is given. Its Faults, named Send, are of
// kind SMSFailed. Safe for concurrent use.
type SMS struct {
	*Faults

	mu   sync.Mutex
	sent []app.ShortMessage
}

var _ app.SMS = (*SMS)(nil)

// NewSMS makes a provider that has sent nothing.
func NewSMS() *SMS { return &SMS{Faults: newFaults(app.SMSFailed)} }

// Send keeps the message. See app.SMS.
func (s *SMS) Send(ctx context.Context, m app.ShortMessage) error {
	return s.run(ctx, "Send", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sent = append(s.sent, m)
		return nil
	})
}

// Sent lists the messages in the order they came.
func (s *SMS) Sent() []app.ShortMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}
