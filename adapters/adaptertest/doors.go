package adaptertest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// firstDoorName keeps the names of this suite off those of the directory's own.
const firstDoorName = 50_000_000

// DirectoryDoor runs the conformance suite of app.DirectoryDoor on a directory
// that passes its own. Names that begin with "dt" are the suite's.
func DirectoryDoor(t *testing.T, fixture func(t *testing.T) (DirectoryFixture, app.DirectoryDoor)) {
	var names atomic.Int64
	names.Store(firstDoorName)
	for name, test := range map[string]func(*testing.T, directoryTest, app.DirectoryDoor){
		"a token is taken until it is deleted":  doorToken,
		"nobody who is shut out is let in":      doorShutOut,
		"a new password ends a demand for one":  doorOutdated,
		"looking changes nothing":               doorChangesNothing,
		"tokens are listed by their beginnings": doorTokens,
		"more tokens than a page has":           doorManyTokens,
		"nobody else's tokens are listed":       doorForeignTokens,
		"a call whose context has ended":        doorEnded,
	} {
		t.Run(name, func(t *testing.T) {
			f, door := fixture(t)
			test(t, directoryTest{f, &names}, door)
		})
	}
}

func requireIn(t *testing.T, door app.DirectoryDoor, token app.Secret, want bool) {
	t.Helper()
	in, err := door.LetsIn(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, want, in)
}

func doorToken(t *testing.T, d directoryTest, door app.DirectoryDoor) {
	u := d.created(t)
	token := d.token(t, u, "accord-door")
	requireIn(t, door, token, true)
	require.NoError(t, d.Directory.DeleteToken(t.Context(), ref(u), "accord-door"))
	requireIn(t, door, token, false)
	requireIn(t, door, "0123456789012345678901234567890123456789", false)
	_, err := door.LetsIn(t.Context(), "")
	requireNotDone(t, err, "without a token")
}

func doorOutdated(t *testing.T, d directoryTest, door app.DirectoryDoor) {
	u := d.created(t)
	token := d.token(t, u, "accord-door")
	d.Outdate(t, u.Username)
	require.Empty(t, d.TokenOwner(t, token))
	_, err := door.LetsIn(t.Context(), token)
	requireNotDone(t, err, "it cannot tell")
	require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), false))
	requireIn(t, door, token, false)
	require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), true))
	require.Empty(t, d.TokenOwner(t, token), "it is demanded still")
	require.NoError(t, d.Directory.SetPassword(t.Context(), ref(u), "Another-1"))
	requireIn(t, door, token, true)
	require.Equal(t, u.Username, d.TokenOwner(t, token))
}

// A token that is made while its user is shut out is as bad as those of before.
func doorShutOut(t *testing.T, d directoryTest, door app.DirectoryDoor) {
	u := d.created(t)
	before := d.token(t, u, "accord-before")
	require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), false))
	during := d.token(t, u, "accord-during")
	for _, token := range []app.Secret{before, during} {
		requireIn(t, door, token, false)
	}
	require.NoError(t, d.Directory.SetActive(t.Context(), ref(u), true))
	for _, token := range []app.Secret{before, during} {
		requireIn(t, door, token, true)
	}
}

func doorChangesNothing(t *testing.T, d directoryTest, door app.DirectoryDoor) {
	u := d.created(t)
	token := d.token(t, u, "accord-door")
	before := d.Describe(t, u.Username)
	requireIn(t, door, token, true)
	_, err := door.Tokens(t.Context(), ref(u), "")
	require.NoError(t, err)
	require.Equal(t, before, d.Describe(t, u.Username))
}

func tokenNames(t *testing.T, door app.DirectoryDoor, r app.DirectoryRef, prefix string) []string {
	t.Helper()
	tokens, err := door.Tokens(t.Context(), r, prefix)
	require.NoError(t, err)
	var names []string
	for _, token := range tokens {
		require.WithinDuration(t, time.Now(), token.CreatedAt, time.Minute)
		names = append(names, token.Name)
	}
	return names
}

func doorTokens(t *testing.T, d directoryTest, door app.DirectoryDoor) {
	u, other := d.created(t), d.account().Username
	require.Empty(t, tokenNames(t, door, ref(u), ""))
	ends := map[string]string{}
	for _, name := range []string{"accord-one", "accord-two", "theirs", "not-accord-"} {
		ends[name] = app.EndOfToken(d.token(t, u, name))
	}
	tokens, err := door.Tokens(t.Context(), ref(u), "")
	require.NoError(t, err)
	for _, token := range tokens {
		require.Len(t, token.End, 8)
		require.Equal(t, ends[token.Name], token.End)
	}
	require.ElementsMatch(t, []string{"accord-one", "accord-two"}, tokenNames(t, door, ref(u), "accord-"))
	require.Len(t, tokenNames(t, door, ref(u), ""), 4)
	d.Rename(t, u.Username, other)
	require.Len(t, tokenNames(t, door, ref(u), "accord-"), 2)
}

func doorManyTokens(t *testing.T, d directoryTest, door app.DirectoryDoor) {
	u := d.created(t)
	const many = 53
	for i := range many {
		d.token(t, u, fmt.Sprintf("accord-%d", i))
	}
	require.Len(t, tokenNames(t, door, ref(u), "accord-"), many)
}

func doorForeignTokens(t *testing.T, d directoryTest, door app.DirectoryDoor) {
	u, foreign := d.created(t), d.account()
	d.token(t, u, "accord-one")
	d.PlaceUser(t, foreign.Username, foreign.Email)
	for _, r := range []app.DirectoryRef{
		ref(foreign),
		{AccountID: u.AccountID, Username: foreign.Username},
		{AccountID: foreign.AccountID, Username: u.Username},
		{Username: u.Username},
		ref(d.account()),
	} {
		require.Empty(t, tokenNames(t, door, r, ""))
	}
}

func doorEnded(t *testing.T, d directoryTest, door app.DirectoryDoor) {
	ctx, cancel := contextEnded(t)
	defer cancel()
	u := d.created(t)
	token := d.token(t, u, "accord-door")
	_, err := door.LetsIn(ctx, token)
	requireNotDone(t, err, "try a token")
	_, err = door.Tokens(ctx, ref(u), "")
	requireNotDone(t, err, "list tokens")
}

// StorageDoor runs the conformance suite of app.StorageDoor on a storage that
// passes its own.
func StorageDoor(t *testing.T, fixture func(t *testing.T) (StorageFixture, app.StorageDoor)) {
	for name, test := range map[string]func(*testing.T, StorageFixture, app.StorageDoor){
		"a grant is taken until it is revoked":     storageDoorGrant,
		"a user is taken until it is shut out":     storageDoorShutOut,
		"credentials that are none are refused":    storageDoorBad,
		"a storage door and a context that ended":  storageDoorEnded,
		"looking with a grant leaves nothing new":  storageDoorChangesNothing,
		"a removed user is not taken, by no grant": storageDoorRemoved,
	} {
		t.Run(name, func(t *testing.T) {
			f, door := fixture(t)
			test(t, f, door)
		})
	}
}

func requireLetIn(t *testing.T, door app.StorageDoor, g app.Grant, want bool) {
	t.Helper()
	in, err := door.LetsIn(t.Context(), g)
	require.NoError(t, err)
	require.Equal(t, want, in)
}

// itself are the lasting credentials of a user.
func itself(key string, secret app.Secret) app.Grant {
	return app.Grant{AccessKeyID: key, SecretAccessKey: secret, Prefix: key + "/"}
}

func storageDoorGrant(t *testing.T, f StorageFixture, door app.StorageDoor) {
	key := f.user(t, secretA)
	ended, other := f.grant(t, key, secretA, "session1"), f.grant(t, key, secretA, "session2")
	requireLetIn(t, door, ended, true)
	require.NoError(t, f.Storage.Revoke(t.Context(), key, "session1", ""))
	requireLetIn(t, door, ended, false)
	requireLetIn(t, door, other, true)
}

func storageDoorShutOut(t *testing.T, f StorageFixture, door app.StorageDoor) {
	key := f.user(t, secretA)
	grant := f.grant(t, key, secretA, "session1")
	for _, in := range []bool{true, false, true} {
		require.NoError(t, f.Storage.SetActive(t.Context(), key, in))
		requireLetIn(t, door, grant, in)
		requireLetIn(t, door, itself(key, secretA), in)
	}
}

func storageDoorBad(t *testing.T, f StorageFixture, door app.StorageDoor) {
	key := f.user(t, secretA)
	requireLetIn(t, door, itself(f.NewKey(), secretA), false)
	elsewhere := f.grant(t, key, secretA, "session1")
	elsewhere.Prefix = f.NewKey() + "/"
	requireLetIn(t, door, elsewhere, false)
	for _, g := range []app.Grant{{}, itself("", secretA), itself(key, ""), {AccessKeyID: key, SecretAccessKey: secretA}} {
		_, err := door.LetsIn(t.Context(), g)
		requireRefused(t, err)
	}
}

func storageDoorEnded(t *testing.T, f StorageFixture, door app.StorageDoor) {
	ctx, cancel := contextEnded(t)
	defer cancel()
	_, err := door.LetsIn(ctx, itself(f.user(t, secretA), secretA))
	requireRefused(t, err)
}

func storageDoorChangesNothing(t *testing.T, f StorageFixture, door app.StorageDoor) {
	key := f.user(t, secretA)
	grant, err := f.Storage.Grant(t.Context(), key, secretA, "session1", time.Hour)
	require.NoError(t, err)
	requireLetIn(t, door, grant, true)
	require.Empty(t, f.Objects(t, key))
}

func storageDoorRemoved(t *testing.T, f StorageFixture, door app.StorageDoor) {
	key := f.user(t, secretA)
	grant := f.grant(t, key, secretA, "session1")
	require.NoError(t, f.Storage.RemoveUser(t.Context(), key))
	requireLetIn(t, door, grant, false)
	requireLetIn(t, door, itself(key, secretA), false)
}
