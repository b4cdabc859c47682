package minio_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	miniogo "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"accord/adapters/minio"
	"accord/adapters/servers"
	"accord/app"
)

func TestHomeWithAnS3Client(t *testing.T) {
	s, o := ready(t)
	key, other := newUser(t, s), newUser(t, s)
	mine, theirs := client(t, newGrant(t, s, key, "session1")), client(t, newGrant(t, s, other, "session1"))
	ctx := t.Context()
	require.NoError(t, put(ctx, theirs, home(o, other), other+"/secret.txt", "theirs"))
	require.NoError(t, put(ctx, mine, home(o, key), key+"/notes/a.txt", "one"))
	require.NoError(t, put(ctx, mine, home(o, key), key+"/b.txt", "two"))

	content, err := get(ctx, mine, home(o, key), key+"/notes/a.txt")
	require.NoError(t, err)
	require.Equal(t, "one", content)
	keys, err := list(ctx, mine, home(o, key), key+"/")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]string{key + "/b.txt", key + "/notes/a.txt"}, keys))
	require.NoError(t, mine.RemoveObject(ctx, home(o, key), key+"/b.txt", miniogo.RemoveObjectOptions{}))
	keys, err = list(ctx, mine, home(o, key), key+"/notes/")
	require.NoError(t, err)
	require.Equal(t, []string{key + "/notes/a.txt"}, keys)
	region, err := mine.GetBucketLocation(ctx, home(o, key))
	require.NoError(t, err)
	require.Equal(t, o.Region, region)

	for _, prefix := range []string{"", key[:5], other + "/", other} {
		_, err := list(ctx, mine, home(o, other), prefix)
		denied(t, err)
	}
	denied(t, put(ctx, mine, home(o, other), other+"/secret.txt", "mine"))
	denied(t, put(ctx, mine, home(o, key), "root.txt", "mine"))
	denied(t, mine.RemoveObject(ctx, home(o, other), other+"/secret.txt", miniogo.RemoveObjectOptions{}))
	denied(t, mine.MakeBucket(ctx, o.Bucket+"-2", miniogo.MakeBucketOptions{}))
	denied(t, mine.RemoveBucket(ctx, home(o, key)))
	_, err = get(ctx, mine, home(o, other), other+"/secret.txt")
	denied(t, err)
	content, err = get(ctx, theirs, home(o, other), other+"/secret.txt")
	require.NoError(t, err)
	require.Equal(t, "theirs", content)
}

func TestMultipart(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	core := miniogo.Core{Client: client(t, newGrant(t, s, key, "session1"))}
	ctx, object := t.Context(), key+"/big.bin"
	upload, err := core.NewMultipartUpload(ctx, home(o, key), object, miniogo.PutObjectOptions{})
	require.NoError(t, err)
	part, err := core.PutObjectPart(ctx, home(o, key), object, upload, 1, bytes.NewReader([]byte("part")), 4, miniogo.PutObjectPartOptions{})
	require.NoError(t, err)
	listed, err := core.ListObjectParts(ctx, home(o, key), object, upload, 0, 10)
	require.NoError(t, err)
	require.Len(t, listed.ObjectParts, 1)
	_, err = core.CompleteMultipartUpload(ctx, home(o, key), object, upload,
		[]miniogo.CompletePart{{PartNumber: 1, ETag: part.ETag}}, miniogo.PutObjectOptions{})
	require.NoError(t, err)
	upload, err = core.NewMultipartUpload(ctx, home(o, key), object, miniogo.PutObjectOptions{})
	require.NoError(t, err)
	require.NoError(t, core.AbortMultipartUpload(ctx, home(o, key), object, upload))
}

func TestObjectsOutliveTheirUser(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	require.NoError(t, put(t.Context(), client(t, newGrant(t, s, key, "session1")), home(o, key), key+"/kept.txt", "kept"))
	require.NoError(t, s.RemoveUser(t.Context(), key))
	content, err := get(t.Context(), asAdmin(t, o), home(o, key), key+"/kept.txt")
	require.NoError(t, err)
	require.Equal(t, "kept", content)
}

func TestRevokedCredentialsAreRefusedEverywhere(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	gone, stays := client(t, newGrant(t, s, key, "session1")), client(t, newGrant(t, s, key, "session2"))
	require.NoError(t, put(t.Context(), gone, home(o, key), key+"/a.txt", "a"))
	require.NoError(t, s.Revoke(t.Context(), key, "session1", ""))

	denied(t, put(t.Context(), gone, home(o, key), key+"/b.txt", "b"))
	_, err := get(t.Context(), gone, home(o, key), key+"/a.txt")
	denied(t, err)
	_, err = list(t.Context(), gone, home(o, key), key+"/")
	denied(t, err)
	content, err := get(t.Context(), stays, home(o, key), key+"/a.txt")
	require.NoError(t, err)
	require.Equal(t, "a", content)
}

// restartable is an adapter over a server of the test's own that keeps its state
// in dir, where that server is, and how to stop it.
func restartable(t *testing.T, dir string) (s *minio.Storage, endpoint string, stop func()) {
	t.Helper()
	server, err := servers.StartMinIO(t.Context(), servers.Options{Dir: dir})
	require.NoError(t, err)
	stop = sync.OnceFunc(func() { require.NoError(t, server.Stop(context.Background())) })
	t.Cleanup(stop)
	o := options(t)
	o.Endpoint, o.AdminUser, o.AdminPassword = server.Endpoint, server.RootUser, app.Secret(server.RootPassword)
	o.Bucket, o.PolicyName = "homes", "homes"
	s = open(t, o)
	require.NoError(t, s.EnsureHome(t.Context()))
	return s, server.Endpoint, stop
}

// Credentials lent before a restart can be taken back after it.
func TestRevokeAfterServerRestart(t *testing.T) {
	dir := t.TempDir()
	s, _, stop := restartable(t, dir)
	key := newUser(t, s)
	gone, stays := newGrant(t, s, key, "session1"), newGrant(t, s, key, "session2")
	stop()

	s, endpoint, _ := restartable(t, dir)
	require.NoError(t, s.Revoke(t.Context(), key, "session1", gone.AccessKeyID))
	gone.Endpoint, stays.Endpoint = endpoint, endpoint
	require.False(t, mayUse(t, gone, key+"/a.txt"))
	require.True(t, mayUse(t, stays, key+"/a.txt"))
}

// A status outlives a restart, for credentials lent before it too, and what ends
// while the user is shut out stays ended.
func TestShutOutAcrossServerRestart(t *testing.T) {
	dir := t.TempDir()
	s, _, stop := restartable(t, dir)
	key := newUser(t, s)
	gone, stays := newGrant(t, s, key, "session1"), newGrant(t, s, key, "session2")
	require.NoError(t, s.SetActive(t.Context(), key, false))
	stop()

	s, endpoint, _ := restartable(t, dir)
	gone.Endpoint, stays.Endpoint = endpoint, endpoint
	require.False(t, mayUse(t, stays, key+"/a.txt"))
	_, err := s.Grant(t.Context(), key, secret, "session3", time.Hour)
	requireFailure(t, err, true)
	require.NoError(t, s.Revoke(t.Context(), key, "session1", gone.AccessKeyID))
	require.NoError(t, s.SetActive(t.Context(), key, true))
	require.False(t, mayUse(t, gone, key+"/a.txt"))
	require.True(t, mayUse(t, stays, key+"/a.txt"))
}

// Credentials lent before a restart are shut out, and die, by what comes after it.
func TestShutOutAfterServerRestart(t *testing.T) {
	dir := t.TempDir()
	s, _, stop := restartable(t, dir)
	key := newUser(t, s)
	g, purged := newGrant(t, s, key, "session1"), newGrant(t, s, key, "session2")
	stop()

	s, endpoint, _ := restartable(t, dir)
	g.Endpoint, purged.Endpoint = endpoint, endpoint
	require.NoError(t, s.SetActive(t.Context(), key, false))
	require.False(t, mayUse(t, g, key+"/a.txt"))
	require.NoError(t, s.SetActive(t.Context(), key, true))
	require.True(t, mayUse(t, g, key+"/a.txt"))
	require.NoError(t, s.Revoke(t.Context(), key, "session2", purged.AccessKeyID))
	require.NoError(t, s.PurgeUser(t.Context(), key))
	require.NoError(t, s.CreateUser(t.Context(), key, secret))
	require.False(t, mayUse(t, purged, key+"/a.txt"), "a later user of that key does not wake them")
}

// A user's own key and secret are never handed out, but they work: the home is
// the same for them as for what is lent.
func TestUsersOwnKeyHasTheSameHome(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	c := s3Client(t, o.Endpoint, o.Region, credentials.NewStaticV4(key, secret.Reveal(), ""))
	require.NoError(t, put(t.Context(), c, home(o, key), key+"/a.txt", "a"))
	denied(t, put(t.Context(), c, home(o, key), "a.txt", "a"))
}
