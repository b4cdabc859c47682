package minio_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"os"
	"testing"
	"time"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"accord/adapters/minio"
	"accord/adapters/servers/serverstest"
	"accord/app"
)

const secret app.Secret = "S1b2C3d4E5f6G7h8I9j0A1b2C3d4E5f6G7h8I9j0"

func TestMain(m *testing.M) { os.Exit(serverstest.Run(m)) }

// options are those of the real server, with a bucket and a policy of the
// test's own that do not exist yet.
func options(t testing.TB) minio.Options {
	t.Helper()
	server := serverstest.MinIO(t)
	own := fmt.Sprintf("homes-%d", randomNumber(t))
	return minio.Options{
		Endpoint: server.Endpoint, Region: server.Region, Bucket: own, PolicyName: own,
		AdminUser: server.RootUser, AdminPassword: app.Secret(server.RootPassword),
		Timeout: 30 * time.Second, // the machine may be busy
	}
}

func open(t testing.TB, o minio.Options) *minio.Storage {
	t.Helper()
	s, err := minio.New(o)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// ready is an adapter over the real server whose homes are prepared.
func ready(t testing.TB) (*minio.Storage, minio.Options) {
	t.Helper()
	o := options(t)
	s := open(t, o)
	require.NoError(t, s.EnsureHome(t.Context()))
	return s, o
}

func randomNumber(t testing.TB) int64 {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1e14))
	require.NoError(t, err)
	return n.Int64()
}

// home is the bucket of a user.
func home(o minio.Options, key string) string { return o.Bucket + "-" + key }

func newKey(t testing.TB) string {
	t.Helper()
	return app.StorageKeyOf(fmt.Sprintf("%014d", randomNumber(t)))
}

// newUser makes a user with the usual secret.
func newUser(t testing.TB, s *minio.Storage) string {
	t.Helper()
	key := newKey(t)
	require.NoError(t, s.CreateUser(t.Context(), key, secret))
	return key
}

func newGrant(t testing.TB, s *minio.Storage, key, session string) app.Grant {
	t.Helper()
	g, err := s.Grant(t.Context(), key, secret, session, time.Hour)
	require.NoError(t, err)
	return g
}

// client is what a person's S3 program does with a grant.
func client(t testing.TB, g app.Grant) *miniogo.Client {
	t.Helper()
	return s3Client(t, g.Endpoint, g.Region, credentials.NewStaticV4(
		g.AccessKeyID, g.SecretAccessKey.Reveal(), g.SessionToken.Reveal()))
}

// asAdmin is an S3 client of the administrator.
func asAdmin(t testing.TB, o minio.Options) *miniogo.Client {
	t.Helper()
	return s3Client(t, o.Endpoint, o.Region, credentials.NewStaticV4(o.AdminUser, o.AdminPassword.Reveal(), ""))
}

func s3Client(t testing.TB, endpoint, region string, creds *credentials.Credentials) *miniogo.Client {
	t.Helper()
	u, err := url.Parse(endpoint)
	require.NoError(t, err)
	c, err := miniogo.New(u.Host, &miniogo.Options{Creds: creds, Region: region, MaxRetries: 1})
	require.NoError(t, err)
	return c
}

func put(ctx context.Context, c *miniogo.Client, bucket, object, content string) error {
	_, err := c.PutObject(ctx, bucket, object, bytes.NewBufferString(content), int64(len(content)), miniogo.PutObjectOptions{})
	return err
}

func get(ctx context.Context, c *miniogo.Client, bucket, object string) (string, error) {
	o, err := c.GetObject(ctx, bucket, object, miniogo.GetObjectOptions{})
	if err != nil {
		return "", err
	}
	defer func() { _ = o.Close() }()
	content, err := io.ReadAll(o)
	return string(content), err
}

func list(ctx context.Context, c *miniogo.Client, bucket, prefix string) ([]string, error) {
	var keys []string
	for o := range c.ListObjects(ctx, bucket, miniogo.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return nil, o.Err
		}
		keys = append(keys, o.Key)
	}
	return keys, nil
}

// denied wants the server's refusal, not just any error.
func denied(t testing.TB, err error) {
	t.Helper()
	require.Error(t, err)
	require.True(t, isDenial(err), "%v", err)
}

// isDenial tells the server's ways of saying that credentials do not suffice or
// are not known any more.
func isDenial(err error) bool {
	switch miniogo.ToErrorResponse(err).Code {
	case "AccessDenied", "InvalidAccessKeyId", "InvalidTokenId", "SignatureDoesNotMatch":
		return true
	}
	return false
}
