package mail

import (
	"context"
	"fmt"
	"time"

	"accord/saga"
)

// Ping connects to the mail server as Send does, encryption and sign-in
// included, and sends nothing. Errors are MailFailed. It ends with ctx, and
// after Options.Timeout at the latest.
func (m *Mailer) Ping(ctx context.Context) error {
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
	// It let us in; a server that does not say goodbye is not waited for.
	if conversation.UpdateDeadline(time.Second) == nil {
		_ = conversation.Quit()
	}
	return nil
}
