package minio_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"accord/adapters/adaptertest"
)

const account = "20260101000001"

// answer is what somebody without credentials gets.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// anonymous sends an empty request without credentials.
func anonymous(t *testing.T, method, url string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, content}
}

func TestPictureAsABrowserSeesIt(t *testing.T) {
	s, o := ready(t)
	picture := adaptertest.Picture(t, 1)
	url, err := s.PutPicture(t.Context(), account, picture)
	require.NoError(t, err)
	sum := sha256.Sum256(picture)
	require.Equal(t, o.Endpoint+"/"+o.Bucket+"-public/"+account+"/"+hex.EncodeToString(sum[:])+".png", url)
	require.True(t, strings.HasPrefix(url, s.PicturesURL()))

	got := anonymous(t, http.MethodGet, url)
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, picture, got.body)
	for header, want := range map[string]string{
		"Content-Type":           "image/png",
		"Cache-Control":          "public, max-age=31536000, immutable",
		"X-Content-Type-Options": "nosniff", // of the server's own accord
	} {
		require.Equal(t, want, got.header.Get(header), header)
	}
}

func TestPictureIsToldByItsPublicAddress(t *testing.T) {
	_, o := ready(t)
	o.PublicEndpoint = "https://files.example.com/"
	url, err := open(t, o).PutPicture(t.Context(), account, adaptertest.Picture(t, 1))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(url, "https://files.example.com/"+o.Bucket+"-public/"+account+"/"), url)
}

// Nobody without credentials may do more than read a picture whose URL is known.
func TestAnonymousMayOnlyReadPictures(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	require.NoError(t, put(t.Context(), client(t, newGrant(t, s, key, "session1")), home(o, key), key+"/a.txt", "private"))
	picture, err := s.PutPicture(t.Context(), account, adaptertest.Picture(t, 1))
	require.NoError(t, err)
	public, homes := strings.TrimSuffix(s.PicturesURL(), "/"), o.Endpoint+"/"+home(o, key)

	for name, try := range map[string]struct{ method, url string }{
		"list pictures":            {http.MethodGet, public + "?list-type=2"},
		"list an account's":        {http.MethodGet, public + "?prefix=" + account + "/"},
		"list versions":            {http.MethodGet, public + "?versions"},
		"read the policy":          {http.MethodGet, public + "?policy"},
		"replace a picture":        {http.MethodPut, picture},
		"add a picture":            {http.MethodPut, public + "/" + account + "/other.png"},
		"delete a picture":         {http.MethodDelete, picture},
		"read an object of a home": {http.MethodGet, homes + "/" + key + "/a.txt"},
		"list a home":              {http.MethodGet, homes + "?prefix=" + key + "/"},
		"list the homes":           {http.MethodGet, homes + "?list-type=2"},
		"write into a home":        {http.MethodPut, homes + "/" + key + "/b.txt"},
	} {
		require.Equal(t, http.StatusForbidden, anonymous(t, try.method, try.url).status, name)
	}
	require.Equal(t, http.StatusOK, anonymous(t, http.MethodGet, picture).status)
}

// A person's grant is for the home: pictures go through Accord alone.
func TestGrantReachesNoPictures(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	mine, bucket := client(t, newGrant(t, s, key, "session1")), o.Bucket+"-public"
	url, err := s.PutPicture(t.Context(), account, adaptertest.Picture(t, 1))
	require.NoError(t, err)
	object := strings.TrimPrefix(url, s.PicturesURL())
	for _, target := range []string{object, account + "/other.png", key + "/other.png"} {
		denied(t, put(t.Context(), mine, bucket, target, "forged"))
	}
	denied(t, mine.RemoveObject(t.Context(), bucket, object, miniogo.RemoveObjectOptions{}))
	for _, prefix := range []string{"", account + "/", key + "/"} {
		_, err := list(t.Context(), mine, bucket, prefix)
		denied(t, err)
	}
	denied(t, mine.SetBucketPolicy(t.Context(), bucket, ""))
	got := anonymous(t, http.MethodGet, url)
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, adaptertest.Picture(t, 1), got.body)
}

// Also where an operator has the bucket keep versions, nothing stays.
func TestRemovedPictureHasNoVersions(t *testing.T) {
	s, o := ready(t)
	admin, bucket := asAdmin(t, o), o.Bucket+"-public"
	require.NoError(t, admin.EnableVersioning(t.Context(), bucket))
	for range 2 {
		_, err := s.PutPicture(t.Context(), account, adaptertest.Picture(t, 1))
		require.NoError(t, err)
	}
	require.NotEmpty(t, versions(t, admin, bucket, account+"/"))
	require.NoError(t, s.RemovePictures(t.Context(), account))
	require.Empty(t, versions(t, admin, bucket, account+"/"))
}

// versions are the names of all versions and delete markers.
func versions(t *testing.T, c *miniogo.Client, bucket, prefix string) []string {
	t.Helper()
	var names []string
	for o := range c.ListObjects(t.Context(), bucket, miniogo.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true}) {
		require.NoError(t, o.Err)
		names = append(names, o.Key)
	}
	return names
}
