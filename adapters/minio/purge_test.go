package minio_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"accord/adapters/minio"
	"accord/app"
)

// fill puts many small objects under a prefix.
func fill(t *testing.T, c *miniogo.Client, bucket, prefix string, many int) {
	t.Helper()
	var wg sync.WaitGroup
	var failed atomic.Value
	const together = 8
	for worker := range together {
		wg.Go(func() {
			for i := worker; i < many; i += together {
				if err := put(t.Context(), c, bucket, fmt.Sprintf("%s%05d", prefix, i), "x"); err != nil {
					failed.Store(err)
				}
			}
		})
	}
	wg.Wait()
	require.Nil(t, failed.Load())
}

// All that an S3 client can leave in a home goes: more objects than one request
// lists or deletes, old versions, delete markers, folders' own objects, names
// that XML cannot hold, unfinished uploads.
func TestPurgeOfAFullHome(t *testing.T) {
	s, o := ready(t)
	ctx, admin := t.Context(), asAdmin(t, o)
	key, other := newUser(t, s), newUser(t, s)
	require.NoError(t, admin.EnableVersioning(ctx, home(o, key)))
	mine, theirs := client(t, newGrant(t, s, key, "session1")), client(t, newGrant(t, s, other, "session1"))
	fill(t, mine, home(o, key), key+"/many/", 1030)
	const odd = "/a+b%2Fc é\x01?&<\x7f"
	for _, name := range []string{"/", odd, "/x", "/x", "/deleted"} {
		require.NoError(t, put(ctx, mine, home(o, key), key+name, "content"), "%q", name)
	}
	require.NoError(t, mine.RemoveObject(ctx, home(o, key), key+"/deleted", miniogo.RemoveObjectOptions{}))
	require.NoError(t, put(ctx, theirs, home(o, other), other+odd, "theirs"))
	for c, owner := range map[*miniogo.Client]string{mine: key, theirs: other} {
		_, err := miniogo.Core{Client: c}.NewMultipartUpload(ctx, home(o, owner), owner+odd, miniogo.PutObjectOptions{})
		require.NoError(t, err)
	}
	for limit, want := range map[int]int{10: 10, 1000: 1000, 1001: 1001, 5000: 1033} {
		count, err := s.CountObjects(ctx, key, limit)
		require.NoError(t, err)
		require.Equal(t, want, count, "deleted ones and old versions do not count")
	}

	require.NoError(t, s.PurgeUser(ctx, key))
	found, err := admin.BucketExists(ctx, home(o, key))
	require.NoError(t, err)
	require.False(t, found, "the bucket goes too")
	require.Equal(t, []string{other + odd}, uploads(t, admin, home(o, other)))
	require.Equal(t, []string{other + odd}, versions(t, admin, home(o, other), other+"/"))
}

func uploads(t *testing.T, c *miniogo.Client, bucket string) []string {
	t.Helper()
	var names []string
	for upload := range c.ListIncompleteUploads(t.Context(), bucket, "", true) {
		require.NoError(t, upload.Err)
		names = append(names, upload.Key)
	}
	return names
}

// relay hands everything on to the real server but what meets wants to see.
func relay(t *testing.T, o minio.Options, meets func(http.ResponseWriter, *http.Request) bool) *minio.Storage {
	t.Helper()
	target, err := url.Parse(o.Endpoint)
	require.NoError(t, err)
	onward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !meets(w, r) {
			onward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	o.Endpoint = server.URL
	return open(t, o)
}

func isBatch(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("delete") }

// A purge that its caller gives up, or the server, after some batches is gone on
// with by the next one. Meanwhile the user is out.
func TestPurgeIsResumed(t *testing.T) {
	s, o := ready(t)
	key := newUser(t, s)
	g := newGrant(t, s, key, "session1")
	fill(t, client(t, g), home(o, key), key+"/", 700)
	count := func() int {
		n, err := s.CountObjects(t.Context(), key, 10000)
		require.NoError(t, err)
		return n
	}
	ctx, cancel := context.WithCancel(t.Context())
	batches := 0
	first := relay(t, o, func(w http.ResponseWriter, r *http.Request) bool {
		if !isBatch(r) {
			return false
		}
		if batches++; batches == 2 {
			cancel()
			hang(w, r)
			return true
		}
		return false
	})
	err := first.PurgeUser(ctx, key)
	requireFailure(t, err, false)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 450, count())
	require.False(t, mayUse(t, g, key+"/more.txt"), "nothing is added behind the purge")

	failing := relay(t, o, func(w http.ResponseWriter, r *http.Request) bool {
		if isBatch(r) && count() == 200 {
			status(http.StatusServiceUnavailable, `<Error><Code>SlowDown</Code></Error>`)(w, r)
			return true
		}
		return false
	})
	requireFailure(t, failing.PurgeUser(t.Context(), key), false)
	require.Equal(t, 200, count())
	users, err := s.Users(t.Context())
	require.NoError(t, err)
	require.Equal(t, app.StorageView{Key: key, Home: true}, users[key], "the user goes last")

	require.NoError(t, s.PurgeUser(t.Context(), key))
	require.Zero(t, count())
}

// A server that keeps objects for ever, as under a legal hold, is told of; the
// user stays, shut out, so that the purge can be repeated.
func TestPurgeOfWhatMayNotBeDeleted(t *testing.T) {
	s, o := ready(t)
	admin, key := asAdmin(t, o), newKey(t)
	require.NoError(t, admin.MakeBucket(t.Context(), home(o, key), miniogo.MakeBucketOptions{Region: o.Region, ObjectLocking: true}))
	require.NoError(t, s.CreateUser(t.Context(), key, secret))
	require.NoError(t, put(t.Context(), client(t, newGrant(t, s, key, "session1")), home(o, key), key+"/held", "x"))
	hold := miniogo.LegalHoldEnabled
	require.NoError(t, admin.PutObjectLegalHold(t.Context(), home(o, key), key+"/held", miniogo.PutObjectLegalHoldOptions{Status: &hold}))
	err := s.PurgeUser(t.Context(), key)
	requireFailure(t, err, false)
	require.ErrorContains(t, err, "an object was kept")
	require.NotContains(t, err.Error(), "held")

	hold = miniogo.LegalHoldDisabled
	require.NoError(t, admin.PutObjectLegalHold(t.Context(), home(o, key), key+"/held", miniogo.PutObjectLegalHoldOptions{Status: &hold}))
	require.NoError(t, s.PurgeUser(t.Context(), key))
	found, err := admin.BucketExists(t.Context(), home(o, key))
	require.NoError(t, err)
	require.False(t, found)
}

// A server whose answers lead nowhere is not asked for ever.
func TestPurgeWithoutProgress(t *testing.T) {
	var batches atomic.Int64
	s := relay(t, goodOptions(), func(w http.ResponseWriter, r *http.Request) bool {
		switch query := r.URL.Query(); {
		case query.Has("versions"):
			status(http.StatusOK, versionsXML)(w, r)
		case query.Has("delete"):
			batches.Add(1)
			status(http.StatusOK, `<DeleteResult><Error><Key>acc1/a</Key><Code>InvalidArgument</Code></Error></DeleteResult>`)(w, r)
		}
		return true
	})
	err := s.PurgeUser(t.Context(), "acc1")
	requireFailure(t, err, false)
	require.ErrorContains(t, err, "no object was deleted")
	require.Equal(t, int64(1), batches.Load())
}

// What a listing tells of another's home is never deleted.
func TestPurgeMistrustsTheListing(t *testing.T) {
	s := relay(t, goodOptions(), func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("versions") {
			status(http.StatusOK, `<ListVersionsResult><Version><Key>acc10/a</Key></Version></ListVersionsResult>`)(w, r)
		} else if isBatch(r) {
			t.Error("it was deleted")
		}
		return true
	})
	requireFailure(t, s.PurgeUser(t.Context(), "acc1"), false)
	requireFailure(t, s.RemovePictures(t.Context(), "acc1"), true)
}

func TestPurgeLooksThroughEveryPageOfUploads(t *testing.T) {
	var aborted []string
	s := relay(t, goodOptions(), func(w http.ResponseWriter, r *http.Request) bool {
		query := r.URL.Query()
		upload := func(key string) string { return "<Upload><Key>" + key + "</Key><UploadId>1</UploadId></Upload>" }
		answer := ""
		switch {
		case query.Has("versions"):
			answer = `<ListVersionsResult></ListVersionsResult>`
		case query.Get("list-type") == "2":
			answer = `<ListBucketResult></ListBucketResult>`
		case r.Method == http.MethodDelete && query.Has("uploadId"):
			aborted = append(aborted, r.URL.Path)
			w.WriteHeader(http.StatusNoContent)
		case query.Has("uploads") && query.Get("key-marker") == "":
			answer = upload("acc1%2Fa+b") + upload("acc10%2Fa") + `<IsTruncated>true</IsTruncated><NextKeyMarker>acc10%2Fa</NextKeyMarker>`
		case query.Has("uploads") && query.Get("key-marker") == "acc10/a":
			answer = upload("acc1%2Fz")
		}
		if query.Has("uploads") {
			answer = "<ListMultipartUploadsResult><EncodingType>url</EncodingType>" + answer + "</ListMultipartUploadsResult>"
		}
		_, _ = w.Write([]byte(answer))
		return true
	})
	require.NoError(t, s.PurgeUser(t.Context(), "acc1"))
	require.Equal(t, []string{"/homes/acc1/a b", "/homes/acc1/z", "/homes-acc1/acc1/a b", "/homes-acc1/acc1/z"}, aborted)
}

// Of a listing that is not one, nothing is believed: an empty home least of all.
func TestNonsenseListings(t *testing.T) {
	for name, page := range map[string]string{
		"empty": "", "another listing": `<ListAllMyBucketsResult/>`,
		"without end": `<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>`,
		"broken name": `<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key></Contents></ListBucketResult>`,
	} {
		s, _ := badServer(t, "list", status(http.StatusOK, page))
		_, err := s.CountObjects(t.Context(), "acc1", 5000)
		require.Error(t, err, name)
		require.Equal(t, app.StorageFailed, app.KindOf(err))
	}
}
