package minio_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/signer"
	"github.com/minio/minio-go/v7/pkg/tags"
	"github.com/stretchr/testify/require"

	"accord/adapters/adaptertest"
	"accord/app"
)

// shownXML is what a listing of any kind shows.
type shownXML struct {
	Objects  []string `xml:"Contents>Key"`
	Versions []string `xml:"Version>Key"`
	Markers  []string `xml:"DeleteMarker>Key"`
	Uploads  []string `xml:"Upload>Key"`
	Folders  []string `xml:"CommonPrefixes>Prefix"`
	Buckets  []string `xml:"Buckets>Bucket>Name"`
}

// listing sends a raw signed request.
func listing(t *testing.T, g app.Grant, l adaptertest.Listing) (names []string, allowed bool) {
	t.Helper()
	got := signed(t, g, http.MethodGet, "/"+l.Bucket+"?"+l.Query, l.Header)
	if got.status != http.StatusOK {
		return nil, false // a page token that names no node of the server is answered 501
	}
	var shown shownXML
	require.NoError(t, xml.Unmarshal(got.body, &shown), "%s", got.body)
	for _, part := range [][]string{shown.Objects, shown.Versions, shown.Markers, shown.Uploads, shown.Folders, shown.Buckets} {
		for _, name := range part {
			plain, err := url.PathUnescape(name)
			require.NoError(t, err)
			names = append(names, plain)
		}
	}
	slices.Sort(names)
	return names, true
}

// signed sends a request without a body, signed by the credentials.
func signed(t *testing.T, g app.Grant, method, target string, header http.Header) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, g.Endpoint+target, http.NoBody)
	require.NoError(t, err)
	for name, values := range header {
		req.Header[name] = values
	}
	sum := sha256.Sum256(nil)
	req.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	req = signer.SignV4(*req, g.AccessKeyID, g.SecretAccessKey.Reveal(), g.SessionToken.Reveal(), g.Region)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, body}
}

// What S3 programs ask for beside objects: the bucket itself, the user's own
// unfinished uploads, tags and an ACL.
func TestHomeForS3Programs(t *testing.T) {
	s, o := ready(t)
	key, other := newUser(t, s), newUser(t, s)
	g := newGrant(t, s, key, "session1")
	mine, theirs := miniogo.Core{Client: client(t, g)}, client(t, newGrant(t, s, other, "session1"))
	ctx, object := t.Context(), key+"/a.txt"
	require.NoError(t, put(ctx, mine.Client, g.Bucket, object, "a"))
	found, err := mine.BucketExists(ctx, g.Bucket)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, http.StatusForbidden, signed(t, g, http.MethodHead, "/"+home(o, other), nil).status)

	upload, err := mine.NewMultipartUpload(ctx, g.Bucket, key+"/big.bin", miniogo.PutObjectOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{key + "/big.bin"}, uploads(t, mine.Client, g.Bucket))
	require.NoError(t, mine.AbortMultipartUpload(ctx, g.Bucket, key+"/big.bin", upload))
	require.Empty(t, uploads(t, mine.Client, g.Bucket))

	tagged, err := tags.NewTags(map[string]string{"colour": "blue"}, true)
	require.NoError(t, err)
	require.NoError(t, mine.PutObjectTagging(ctx, g.Bucket, object, tagged, miniogo.PutObjectTaggingOptions{}))
	got, err := mine.GetObjectTagging(ctx, g.Bucket, object, miniogo.GetObjectTaggingOptions{})
	require.NoError(t, err)
	require.Equal(t, tagged.ToMap(), got.ToMap())
	require.NoError(t, mine.RemoveObjectTagging(ctx, g.Bucket, object, miniogo.RemoveObjectTaggingOptions{}))
	require.Equal(t, http.StatusOK, signed(t, g, http.MethodGet, "/"+g.Bucket+"/"+object+"?acl", nil).status)
	_, err = theirs.GetObjectTagging(ctx, g.Bucket, object, miniogo.GetObjectTaggingOptions{})
	denied(t, err)

	for _, forbidden := range []struct{ method, target string }{
		{http.MethodPut, "/" + g.Bucket + "?policy"},
		{http.MethodPut, "/" + g.Bucket + "?versioning"},
		{http.MethodPut, "/" + g.Bucket + "?notification"},
		{http.MethodDelete, "/" + g.Bucket},
		{http.MethodPut, "/" + g.Bucket},
		{http.MethodPut, "/" + g.Bucket + "/outside"},
	} {
		require.Equal(t, http.StatusForbidden, signed(t, g, forbidden.method, forbidden.target, nil).status, forbidden.target)
	}
}
