package servers_test

import (
	"fmt"
	"net/mail"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/servers"
)

func TestTheMailCatcherKeepsEveryMessageInAFile(t *testing.T) {
	const messages = 20
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	dir := filepath.Join(t.TempDir(), "mail")
	catcher, err := servers.StartMailCatcher(t.Context(), dir, "127.0.0.1:0", func() time.Time { return now })
	require.NoError(t, err)

	var senders sync.WaitGroup
	failures := make(chan error, messages)
	for i := range messages {
		senders.Go(func() {
			text := fmt.Sprintf("Subject: number %d\r\n\r\n.dots at the start\r\nstay\r\n", i)
			failures <- smtp.SendMail(catcher.Addr, nil, "accord@example.org",
				[]string{"ann@example.org", "bob@example.org"}, []byte(text))
		})
	}
	senders.Wait()
	close(failures)
	for err := range failures {
		require.NoError(t, err)
	}

	entries, err := os.ReadDir(catcher.Dir)
	require.NoError(t, err)
	subjects := map[string]bool{}
	for _, entry := range entries {
		require.True(t, strings.HasPrefix(entry.Name(), "20260301T120000."), entry.Name())
		require.True(t, strings.HasSuffix(entry.Name(), ".eml"), entry.Name())
		file, err := os.Open(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		message, err := mail.ReadMessage(file)
		require.NoError(t, err)
		subjects[message.Header.Get("Subject")] = true
		require.Equal(t, []string{"ann@example.org", "bob@example.org"}, message.Header["Delivered-To"])
		body := make([]byte, 7)
		_, err = message.Body.Read(body)
		require.NoError(t, err)
		require.Equal(t, ".dots a", string(body))
		require.NoError(t, file.Close())
	}
	require.Len(t, subjects, messages)

	require.NoError(t, catcher.Close())
	require.Error(t, smtp.SendMail(catcher.Addr, nil, "a@example.org", []string{"b@example.org"}, []byte("x")))
}

func TestTheMailCatcherRefusesWhatIsTooLarge(t *testing.T) {
	catcher, err := servers.StartMailCatcher(t.Context(), t.TempDir(), "127.0.0.1:0", time.Now)
	require.NoError(t, err)
	large := strings.Repeat(strings.Repeat("x", 70)+"\r\n", 160_000)
	require.Error(t, smtp.SendMail(catcher.Addr, nil, "a@example.org", []string{"b@example.org"}, []byte(large)))
	entries, err := os.ReadDir(catcher.Dir)
	require.NoError(t, err)
	require.Empty(t, entries)
	require.NoError(t, catcher.Close())
}

func TestTheMailCatcherTellsOfAPortInUse(t *testing.T) {
	first, err := servers.StartMailCatcher(t.Context(), t.TempDir(), "127.0.0.1:0", time.Now)
	require.NoError(t, err)
	_, err = servers.StartMailCatcher(t.Context(), t.TempDir(), first.Addr, time.Now)
	require.ErrorContains(t, err, first.Addr+" is already in use")
	require.NoError(t, first.Close())
}

func TestTheMailCatcherClosesAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	for range 200 {
		catcher, err := servers.StartMailCatcher(t.Context(), dir, "127.0.0.1:0", time.Now)
		require.NoError(t, err)
		require.NoError(t, catcher.Close())
		require.NoError(t, catcher.Close())
	}
}
