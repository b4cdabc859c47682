package minio_test

import (
	"bytes"
	"context"
	"testing"

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
	require.NoError(t, put(ctx, theirs, o.Bucket, other+"/secret.txt", "theirs"))
	require.NoError(t, put(ctx, mine, o.Bucket, key+"/notes/a.txt", "one"))
	require.NoError(t, put(ctx, mine, o.Bucket, key+"/b.txt", "two"))

	content, err := get(ctx, mine, o.Bucket, key+"/notes/a.txt")
	require.NoError(t, err)
	require.Equal(t, "one", content)
	keys, err := list(ctx, mine, o.Bucket, key+"/")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]string{key + "/b.txt", key + "/notes/a.txt"}, keys))
	require.NoError(t, mine.RemoveObject(ctx, o.Bucket, key+"/b.txt", miniogo.RemoveObjectOptions{}))
	keys, err = list(ctx, mine, o.Bucket, key+"/notes/")
	require.NoError(t, err)
	require.Equal(t, []string{key + "/notes/a.txt"}, keys)
	region, err := mine.GetBucketLocation(ctx, o.Bucket)
	require.NoError(t, err)
	require.Equal(t, o.Region, region)

	for _, prefix := range []string{"", key[:5], other + "/", other} {
		_, err := list(ctx, mine, o.Bucket, prefix)
		denied(t, err)
	}
	denied(t, put(ctx, mine, o.Bucket, other+"/secret.txt", "mine"))
	denied(t, put(ctx, mine, o.Bucket, "root.txt", "mine"))
	denied(t, mine.RemoveObject(ctx, o.Bucket, other+"/secret.txt", miniogo.RemoveObjectOptions{}))
	denied(t, mine.MakeBucket(ctx, o.Bucket+"-2", miniogo.MakeBucketOptions{}))
	denied(t, mine.RemoveBucket(ctx, o.Bucket))
	_, err = get(ctx, mine, o.Bucket, other+"/secret.txt")
	denied(t, err)
	content, err = get(ctx, theirs, o.Bucket, other+"/secret.txt")
	require.NoError(t, err)
	require.Equal(t, "theirs", content)
}

func TestMultipart(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	core := miniogo.Core{Client: client(t, newGrant(t, s, key, "session1"))}
	ctx, object := t.Context(), key+"/big.bin"
	upload, err := core.NewMultipartUpload(ctx, o.Bucket, object, miniogo.PutObjectOptions{})
	require.NoError(t, err)
	part, err := core.PutObjectPart(ctx, o.Bucket, object, upload, 1, bytes.NewReader([]byte("part")), 4, miniogo.PutObjectPartOptions{})
	require.NoError(t, err)
	listed, err := core.ListObjectParts(ctx, o.Bucket, object, upload, 0, 10)
	require.NoError(t, err)
	require.Len(t, listed.ObjectParts, 1)
	_, err = core.CompleteMultipartUpload(ctx, o.Bucket, object, upload,
		[]miniogo.CompletePart{{PartNumber: 1, ETag: part.ETag}}, miniogo.PutObjectOptions{})
	require.NoError(t, err)
	upload, err = core.NewMultipartUpload(ctx, o.Bucket, object, miniogo.PutObjectOptions{})
	require.NoError(t, err)
	require.NoError(t, core.AbortMultipartUpload(ctx, o.Bucket, object, upload))
}

func TestObjectsOutliveTheirUser(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	require.NoError(t, put(t.Context(), client(t, newGrant(t, s, key, "session1")), o.Bucket, key+"/kept.txt", "kept"))
	require.NoError(t, s.RemoveUser(t.Context(), key))
	content, err := get(t.Context(), asAdmin(t, o), o.Bucket, key+"/kept.txt")
	require.NoError(t, err)
	require.Equal(t, "kept", content)
}

func TestRevokedCredentialsAreRefusedEverywhere(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	gone, stays := client(t, newGrant(t, s, key, "session1")), client(t, newGrant(t, s, key, "session2"))
	require.NoError(t, put(t.Context(), gone, o.Bucket, key+"/a.txt", "a"))
	require.NoError(t, s.Revoke(t.Context(), key, "session1"))

	denied(t, put(t.Context(), gone, o.Bucket, key+"/b.txt", "b"))
	_, err := get(t.Context(), gone, o.Bucket, key+"/a.txt")
	denied(t, err)
	_, err = list(t.Context(), gone, o.Bucket, key+"/")
	denied(t, err)
	content, err := get(t.Context(), stays, o.Bucket, key+"/a.txt")
	require.NoError(t, err)
	require.Equal(t, "a", content)
}

// Credentials lent before a restart can be taken back after it.
func TestRevokeAfterServerRestart(t *testing.T) {
	dir := t.TempDir()
	start := func() *servers.MinIO {
		server, err := servers.StartMinIO(t.Context(), servers.Options{Dir: dir})
		require.NoError(t, err)
		return server
	}
	adapter := func(server *servers.MinIO) *minio.Storage {
		o := options(t)
		o.Endpoint, o.AdminUser, o.AdminPassword = server.Endpoint, server.RootUser, app.Secret(server.RootPassword)
		o.Bucket, o.PolicyName = "homes", "homes"
		return open(t, o)
	}
	server := start()
	s := adapter(server)
	require.NoError(t, s.EnsureHome(t.Context()))
	key := newUser(t, s)
	gone, stays := newGrant(t, s, key, "session1"), newGrant(t, s, key, "session2")
	require.NoError(t, server.Stop(t.Context()))

	server = start()
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	s = adapter(server)
	require.NoError(t, s.EnsureHome(t.Context()))
	require.NoError(t, s.Revoke(t.Context(), key, "session1"))
	gone.Endpoint, stays.Endpoint = server.Endpoint, server.Endpoint
	require.False(t, mayUse(t, gone, key+"/a.txt"))
	require.True(t, mayUse(t, stays, key+"/a.txt"))
}

// A user's own key and secret are never handed out, but they work: the home is
// the same for them as for what is lent.
func TestUsersOwnKeyHasTheSameHome(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	c := s3Client(t, o.Endpoint, o.Region, credentials.NewStaticV4(key, secret.Reveal(), ""))
	require.NoError(t, put(t.Context(), c, o.Bucket, key+"/a.txt", "a"))
	denied(t, put(t.Context(), c, o.Bucket, "a.txt", "a"))
}
