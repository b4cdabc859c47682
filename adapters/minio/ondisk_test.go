package minio

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/servers"
	"accord/app"
)

// crowd is how many users a test has the server forget: it may be done with a
// request before it notices that the client is gone, but not with all of them.
const crowd = 8

// The clients of removals die while the server is frozen. It then drops the
// users from its memory only.
func TestTheForgottenAreOnDisk(t *testing.T) {
	server, err := servers.StartMinIO(t.Context(), servers.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(t.Context())) })
	s, err := New(Options{
		Endpoint: server.Endpoint, Region: server.Region, Bucket: "homes", PolicyName: "homes",
		AdminUser: server.RootUser, AdminPassword: app.Secret(server.RootPassword), Timeout: 30 * time.Second,
	})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.EnsureHome(t.Context()))

	t.Run("removed", func(t *testing.T) {
		keys := forgotten(t, s, server, "accremoved")
		require.NotEmpty(t, onDisk(t, s, forgotten(t, s, server, "acccontrol")), "the server does not forget any more")
		for _, key := range keys {
			require.NoError(t, s.RemoveUser(t.Context(), key))
		}
		require.Empty(t, onDisk(t, s, keys))
	})
	t.Run("purged", func(t *testing.T) {
		keys := forgotten(t, s, server, "accpurged")
		for _, key := range keys {
			require.NoError(t, s.PurgeUser(t.Context(), key))
		}
		require.Empty(t, onDisk(t, s, keys))
	})
	t.Run("shut out", func(t *testing.T) {
		keys := forgotten(t, s, server, "accshutout")
		for _, key := range keys {
			require.NoError(t, s.SetActive(t.Context(), key, false))
		}
		for _, user := range onDisk(t, s, keys) {
			require.False(t, user.Enabled, "%s is let in", user.Key)
		}
	})
}

// forgotten makes users that the server has on disk and not in memory, but for
// those that it was quick enough to remove.
func forgotten(t *testing.T, s *Storage, server *servers.MinIO, prefix string) []string {
	t.Helper()
	keys := make([]string, crowd)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s%d", prefix, i)
		require.NoError(t, s.CreateUser(t.Context(), keys[i], goodSecret))
	}
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGSTOP))
	for _, key := range keys {
		dyingRemoval(t, s, key)
	}
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGCONT))
	require.Eventually(t, func() bool {
		users, err := s.Users(t.Context())
		require.NoError(t, err)
		for _, key := range keys {
			if _, known := users[key]; known {
				return false
			}
		}
		return true
	}, 30*time.Second, 20*time.Millisecond)
	return keys
}

// dyingRemoval sends a request for the removal of the user and hangs up.
func dyingRemoval(t *testing.T, s *Storage, key string) {
	t.Helper()
	req, err := s.wire.build(t.Context(), request{
		method: http.MethodDelete, path: adminPath + "remove-user", query: url.Values{"accessKey": {key}},
	})
	require.NoError(t, err)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.wire.base.Host)
	require.NoError(t, err)
	require.NoError(t, s.wire.signedS3(s.admin.as)(req).Write(conn))
	require.NoError(t, conn.Close())
}

// onDisk are the users that the server finds when it has to look at its disk.
func onDisk(t *testing.T, s *Storage, keys []string) (found []app.StorageView) {
	t.Helper()
	for _, key := range keys {
		user, there, err := s.User(t.Context(), key)
		require.NoError(t, err)
		if there {
			found = append(found, user)
		}
	}
	return found
}
