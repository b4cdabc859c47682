package minio_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/tags"
	"github.com/stretchr/testify/require"

	"accord/adapters/minio"
)

var errNotNow = errors.New("not now")

// common is a storage whose common bucket holds what an earlier version left.
func common(t *testing.T, objects ...string) (*minio.Storage, minio.Options, *miniogo.Client) {
	t.Helper()
	s, o := ready(t)
	admin := asAdmin(t, o)
	require.NoError(t, admin.MakeBucket(t.Context(), o.Bucket, miniogo.MakeBucketOptions{Region: o.Region}))
	for _, name := range objects {
		require.NoError(t, put(t.Context(), admin, o.Bucket, name, "content of "+name))
	}
	return s, o, admin
}

// moveHomes returns how many objects each home had.
func moveHomes(t *testing.T, s *minio.Storage) map[string]int {
	t.Helper()
	moved := map[string]int{}
	require.NoError(t, s.MoveHomes(t.Context(), func(key string, objects int) { moved[key] = objects }))
	return moved
}

// Objects keep their names, contents, types and tags; what is not a home of ours
// stays where it is.
func TestHomesMoveIntoBucketsOfTheirOwn(t *testing.T) {
	one, two := newKey(t), newKey(t)
	s, o, admin := common(t, one+"/a.txt", one+"/deep/er/b.txt", two+"/é +%2F?.txt", "acc1/x", "other/y", "root.txt")
	tagged, err := tags.NewTags(map[string]string{"colour": "blue"}, true)
	require.NoError(t, err)
	_, err = admin.PutObject(t.Context(), o.Bucket, one+"/t.csv", nil, 0, miniogo.PutObjectOptions{
		ContentType: "text/csv", UserMetadata: map[string]string{"Mood": "good"}, UserTags: tagged.ToMap(),
	})
	require.NoError(t, err)
	require.NoError(t, s.CreateUser(t.Context(), one, secret)) // two is the home of a removed user

	require.Equal(t, map[string]int{one: 3, two: 1}, moveHomes(t, s))
	require.Empty(t, moveHomes(t, s))
	mine := client(t, newGrant(t, s, one, "session1"))
	names, err := list(t.Context(), mine, home(o, one), one+"/")
	require.NoError(t, err)
	require.Equal(t, []string{one + "/a.txt", one + "/deep/er/b.txt", one + "/t.csv"}, names)
	content, err := get(t.Context(), mine, home(o, one), one+"/deep/er/b.txt")
	require.NoError(t, err)
	require.Equal(t, "content of "+one+"/deep/er/b.txt", content)
	stat, err := mine.StatObject(t.Context(), home(o, one), one+"/t.csv", miniogo.StatObjectOptions{})
	require.NoError(t, err)
	require.Equal(t, "text/csv", stat.ContentType)
	require.Equal(t, "good", stat.UserMetadata["Mood"])
	found, err := mine.GetObjectTagging(t.Context(), home(o, one), one+"/t.csv", miniogo.GetObjectTaggingOptions{})
	require.NoError(t, err)
	require.Equal(t, tagged.ToMap(), found.ToMap())
	left, err := list(t.Context(), admin, o.Bucket, "")
	require.NoError(t, err)
	require.Equal(t, []string{"acc1/x", "other/y", "root.txt"}, left)
	names, err = list(t.Context(), admin, home(o, two), "")
	require.NoError(t, err)
	require.Equal(t, []string{two + "/é +%2F?.txt"}, names)
}

// What the user wrote since stays. Several calls at once move everything once.
func TestHomesMoveTogether(t *testing.T) {
	key := newKey(t)
	var old []string
	for i := range 40 {
		old = append(old, fmt.Sprintf("%s/%02d", key, i))
	}
	s, o, admin := common(t, old...)
	require.NoError(t, s.CreateUser(t.Context(), key, secret))
	mine := client(t, newGrant(t, s, key, "session1"))
	require.NoError(t, put(t.Context(), mine, home(o, key), old[0], "newer"))
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := s.MoveHomes(t.Context(), func(string, int) {}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	names, err := list(t.Context(), mine, home(o, key), key+"/")
	require.NoError(t, err)
	require.Equal(t, old, names)
	content, err := get(t.Context(), mine, home(o, key), old[0])
	require.NoError(t, err)
	require.Equal(t, "newer", content)
	left, err := list(t.Context(), admin, o.Bucket, "")
	require.NoError(t, err)
	require.Empty(t, left)
}

// A home that was not moved yet is counted and purged all the same.
func TestHomeThatWasNotMoved(t *testing.T) {
	key := newKey(t)
	s, o, admin := common(t, key+"/a", key+"/b", key+"4/c")
	require.NoError(t, s.CreateUser(t.Context(), key, secret))
	count, err := s.CountObjects(t.Context(), key, 10)
	require.NoError(t, err)
	require.Equal(t, 2, count)
	require.NoError(t, s.PurgeUser(t.Context(), key))
	left, err := list(t.Context(), admin, o.Bucket, "")
	require.NoError(t, err)
	require.Equal(t, []string{key + "4/c"}, left)
}

func TestOldGrants(t *testing.T) {
	s, o, admin := common(t, ".accord/grants/acc1/session1/KEY1", ".accord/grants/acc1/session1/KEY2", ".accord/grants/acc2/session2/KEY3", "acc1/a")
	got := map[string]string{}
	read := func(session, key string) error { got[key] = session; return nil }
	require.ErrorIs(t, s.OldGrants(t.Context(), func(string, string) error { return errNotNow }), errNotNow)
	require.NoError(t, s.OldGrants(t.Context(), read))
	require.Equal(t, map[string]string{"KEY1": "session1", "KEY2": "session1", "KEY3": "session2"}, got)
	clear(got)
	require.NoError(t, s.OldGrants(t.Context(), read))
	require.Empty(t, slices.Collect(maps.Keys(got)), "the records are gone")
	left, err := list(t.Context(), admin, o.Bucket, "")
	require.NoError(t, err)
	require.Equal(t, []string{"acc1/a"}, left)

	other, _ := ready(t) // no common bucket
	require.NoError(t, other.OldGrants(t.Context(), read))
	require.Empty(t, moveHomes(t, other))
}

// An object that the user writes while its older one is being moved stays.
func TestAMoveOverwritesNothing(t *testing.T) {
	key := newKey(t)
	small, large := key+"/small", key+"/large"
	s, o, admin := common(t, small)
	_, err := admin.PutObject(t.Context(), o.Bucket, large, bytes.NewReader(make([]byte, 20<<20)), 20<<20, miniogo.PutObjectOptions{
		CacheControl: "no-cache", ContentDisposition: "inline", ContentLanguage: "zh",
	})
	require.NoError(t, err)
	require.NoError(t, s.CreateUser(t.Context(), key, secret))
	mine := client(t, newGrant(t, s, key, "session1"))
	for _, name := range []string{small, large} {
		require.NoError(t, put(t.Context(), mine, home(o, key), name, "newer"))
		err := s.CopyUnlessThere(t.Context(), admin, key, name)
		require.Equal(t, miniogo.PreconditionFailed, miniogo.ToErrorResponse(err).Code, "%v", err)
		content, err := get(t.Context(), mine, home(o, key), name)
		require.NoError(t, err)
		require.Equal(t, "newer", content)
	}
	require.NoError(t, mine.RemoveObject(t.Context(), home(o, key), large, miniogo.RemoveObjectOptions{}))
	require.NoError(t, s.CopyUnlessThere(t.Context(), admin, key, large))
	stat, err := mine.StatObject(t.Context(), home(o, key), large, miniogo.StatObjectOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 20<<20, stat.Size)
	for header, want := range map[string]string{"Cache-Control": "no-cache", "Content-Disposition": "inline", "Content-Language": "zh"} {
		require.Equal(t, want, stat.Metadata.Get(header), header)
	}
}
