package minio_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"accord/adapters/adaptertest"
	"accord/adapters/minio"
	"accord/app"
)

func TestConformance(t *testing.T) {
	s, o := ready(t)
	fixture := storageFixture(t, s, o)
	adaptertest.Storage(t, func(*testing.T) adaptertest.StorageFixture { return fixture })
	adaptertest.StorageRepairs(t, func(*testing.T) adaptertest.StorageFixture { return fixture })
}

func TestStorageDoor(t *testing.T) {
	s, o := ready(t)
	fixture := storageFixture(t, s, o)
	adaptertest.StorageDoor(t, func(*testing.T) (adaptertest.StorageFixture, app.StorageDoor) { return fixture, s })
}

func TestStorageCredentials(t *testing.T) {
	s, o := ready(t)
	fixture := storageFixture(t, s, o)
	adaptertest.StorageCredentials(t, func(*testing.T) adaptertest.AccessKeysFixture {
		return adaptertest.AccessKeysFixture{
			StorageFixture: fixture, Credentials: s,
			AddAccessKey: func(t *testing.T, key, accessKey string) app.Grant {
				t.Helper()
				require.NoError(t, s.AddAccessKey(t.Context(), key, accessKey, secret))
				return app.Grant{
					Endpoint: o.Endpoint, Region: o.Region, Bucket: o.Bucket + "-" + key, Prefix: key + "/",
					AccessKeyID: accessKey, SecretAccessKey: secret,
				}
			},
		}
	})
}

func storageFixture(t *testing.T, s *minio.Storage, o minio.Options) adaptertest.StorageFixture {
	t.Helper()
	return adaptertest.StorageFixture{
		Storage: s,
		NewKey:  func() string { return newKey(t) },
		// An adapter without a policy makes users that are let at nothing.
		PlaceForeign: placeForeign(t, o),
		MayUse:       mayUse,
		List:         listing,
		Buckets:      []string{o.Bucket, o.Bucket + "-public"},
		Users: func(t *testing.T) []string {
			t.Helper()
			users, err := s.Users(t.Context())
			require.NoError(t, err)
			return slices.Collect(maps.Keys(users))
		},
		Objects: func(t *testing.T, key string) []string {
			t.Helper()
			names, err := list(t.Context(), asAdmin(t, o), home(o, key), key+"/")
			if miniogo.ToErrorResponse(err).Code != "NoSuchBucket" {
				require.NoError(t, err)
			}
			return names
		},
	}
}

func TestFilesConformance(t *testing.T) {
	s, _ := ready(t)
	adaptertest.Files(t, func(*testing.T) adaptertest.FilesFixture {
		return adaptertest.FilesFixture{
			Files:      s,
			Stored:     s,
			NewAccount: func() string { return fmt.Sprintf("%014d", randomNumber(t)) },
			Fetch: func(t *testing.T, url string) ([]byte, bool) {
				t.Helper()
				got := anonymous(t, http.MethodGet, url)
				return got.body, got.status == http.StatusOK
			},
		}
	})
}

// placeForeign makes users through an adapter whose policy does not exist: it
// fails half-way, and what is left is a user that was let at no home.
func placeForeign(t *testing.T, o minio.Options) func(*testing.T, string, app.Secret) {
	t.Helper()
	o.PolicyName = "absent-policy"
	other := open(t, o)
	return func(t *testing.T, key string, secret app.Secret) {
		t.Helper()
		require.Error(t, other.CreateUser(t.Context(), key, secret))
		users, err := other.Users(t.Context())
		require.NoError(t, err)
		require.Equal(t, app.StorageView{Key: key, Enabled: true}, users[key])
	}
}

// mayUse writes and reads the object.
func mayUse(t *testing.T, g app.Grant, object string) bool {
	t.Helper()
	c := client(t, g)
	err := put(t.Context(), c, g.Bucket, object, "content")
	if err != nil {
		denied(t, err)
		_, err := get(t.Context(), c, g.Bucket, object)
		denied(t, err)
		return false
	}
	content, err := get(t.Context(), c, g.Bucket, object)
	require.NoError(t, err)
	require.Equal(t, "content", content)
	return true
}
