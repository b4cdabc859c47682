package memory_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
)

var greeting = app.Mail{Kind: app.MailWelcome, To: "person@example.test", Language: "zh", Username: "alice"}

func TestMailerKeepsEveryMessage(t *testing.T) {
	m := memory.NewMailer()
	require.Empty(t, m.Sent())
	second := greeting
	second.Language = "en"
	require.NoError(t, m.Send(t.Context(), greeting))
	require.NoError(t, m.Send(t.Context(), second))
	require.NoError(t, m.Send(t.Context(), greeting))
	require.Equal(t, []app.Mail{greeting, second, greeting}, m.Sent())
}

func TestMailerFails(t *testing.T) {
	m := memory.NewMailer()
	m.Inject("Send", memory.Refuse)
	err := m.Send(t.Context(), greeting)
	require.Equal(t, app.MailFailed, app.KindOf(err))
	require.True(t, saga.IsRefused(err))
	require.Empty(t, m.Sent())

	m.Inject("Send", memory.LoseReply)
	err = m.Send(t.Context(), greeting)
	require.Equal(t, app.MailFailed, app.KindOf(err))
	require.False(t, saga.IsRefused(err))
	require.Len(t, m.Sent(), 1)

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, m.Send(gone, greeting))
	require.Len(t, m.Sent(), 1)
}
