package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"accord/adapters/keyring"
	"accord/app"
	"accord/store"
)

// A storage as an earlier version left it, with all homes in one bucket and the
// records of grants among them, is brought to this version by migrate. Serve and
// doctor say that it is necessary.
func TestMigrateMovesHomes(t *testing.T) {
	s := newSite(t, store.SQLite)
	api, alice := s.start(t), newPerson()
	require.Eventually(t, func() bool { return askReady(t.Context(), api.url) == nil }, soon, 20*time.Millisecond)
	_, err := api.register(alice)
	require.NoError(t, err)
	in := api.signIn(t, alice)

	admin := storageAs(t, s, s.Storage.AdminUser, s.Storage.AdminPassword.Reveal())
	if found, err := admin.BucketExists(t.Context(), s.Storage.Bucket); err != nil || !found {
		require.NoError(t, admin.MakeBucket(t.Context(), s.Storage.Bucket, miniogo.MakeBucketOptions{Region: s.Storage.Region}))
	}
	ring, err := keyring.Load(s.Keys.File)
	require.NoError(t, err)
	st, err := openStore(t.Context(), s.Config, ring, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	account, err := st.Accounts.ByID(t.Context(), in.AccountID)
	require.NoError(t, err)
	old := app.Session{
		ID: strings.Repeat("s", 26), AccountID: account.ID, CredentialEpoch: account.CredentialEpoch,
		CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}
	require.NoError(t, st.Sessions.Reserve(t.Context(), old))
	require.NoError(t, st.Sessions.Open(t.Context(), old.ID, time.Now()))
	for _, name := range []string{in.Storage.Prefix + "hello.txt", ".accord/grants/" + account.StorageKey + "/" + old.ID + "/THEKEY"} {
		_, err := admin.PutObject(t.Context(), s.Storage.Bucket, name, strings.NewReader("hello"), 5, miniogo.PutObjectOptions{})
		require.NoError(t, err)
	}
	storage, err := newStorage(s.Storage, nil)
	require.NoError(t, err)
	defer storage.Close()
	require.Contains(t, strings.Join(storage.Probe(t.Context()).Faults, "\n"), "run `accord migrate`")
	var log bytes.Buffer
	(&program{parts: &parts{storage: storage}, log: slog.New(slog.NewTextHandler(&log, nil))}).prepareStorage(t.Context())
	require.Contains(t, log.String(), "accord migrate")

	var out bytes.Buffer
	require.NoError(t, prepare(t.Context(), s.Config, ring, &out))
	require.Contains(t, out.String(), "storage: moved the records of 1 grants into the database\n")
	require.Contains(t, out.String(), "storage: moved 1 objects of "+account.StorageKey+" into a bucket of its own\n")
	require.Equal(t, "hello", in.hello(t))
	session, _, err := st.Sessions.Live(t.Context(), old.ID, time.Now())
	require.NoError(t, err)
	require.Equal(t, "THEKEY", session.StorageAccessKey)

	out.Reset()
	require.NoError(t, prepare(context.Background(), s.Config, ring, &out))
	require.NotContains(t, out.String(), "moved")
	require.Empty(t, storage.Probe(t.Context()).Faults)
}
