package adaptertest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// CredentialsFixture is a directory whose users can be given what opens a door.
type CredentialsFixture struct {
	DirectoryFixture
	Credentials app.DirectoryCredentials
	// AddApplication makes an OAuth2 application of the user.
	AddApplication func(t *testing.T, username, name string)
	// AddSSHKey and AddGPGKey give the user a key; AddDeployKey gives one to a
	// repository of the user's.
	AddSSHKey    func(t *testing.T, username, title string)
	AddGPGKey    func(t *testing.T, username string)
	AddDeployKey func(t *testing.T, username, repository, title string)
	// AddWebhook makes a webhook of the user's own that has no name and goes to a
	// URL of that origin; AddRunner registers an Actions runner of the user's own.
	AddWebhook func(t *testing.T, username, origin string)
	AddRunner  func(t *testing.T, username, name string)
}

// firstCredentialsName keeps the names of this suite off those of the others.
const firstCredentialsName = 60_000_000

// everyKind are the kinds of credentials in a directory.
var everyKind = []app.CredentialKind{
	app.GiteaToken, app.OAuth2Application, app.SecondAddress, app.Webhook, app.ActionsRunner, app.SSHKey, app.GPGKey, app.DeployKey,
}

// DirectoryCredentials runs the conformance suite of app.DirectoryCredentials on
// a directory that passes its own. Names that begin with "dt" are the suite's.
func DirectoryCredentials(t *testing.T, fixture func(t *testing.T) CredentialsFixture) {
	var names atomic.Int64
	names.Store(firstCredentialsName)
	for name, test := range map[string]func(*testing.T, credentialsTest){
		"every credential is listed and ends":       credentialsEnd,
		"more credentials than a page has":          credentialsMany,
		"a user who is shut out":                    credentialsShutOut,
		"many end together":                         credentialsEndedTogether,
		"many of others":                            credentialsEndedTogetherOfOthers,
		"a renamed user":                            credentialsRenamed,
		"nobody else's credentials":                 credentialsForeign,
		"what is absent has none":                   credentialsAbsent,
		"credentials and a context that has ended":  credentialsEnded,
		"an address that became the first one stay": credentialsFirstAddress,
		"a second address gives way":                credentialsGiveWay,
	} {
		t.Run(name, func(t *testing.T) {
			f := fixture(t)
			test(t, credentialsTest{f, directoryTest{f.DirectoryFixture, &names}})
		})
	}
}

type credentialsTest struct {
	of CredentialsFixture
	directoryTest
}

// list lists by kind and name.
func (c credentialsTest) list(t *testing.T, u app.DirectoryUser, kinds ...app.CredentialKind) (texts []string) {
	t.Helper()
	found, err := c.of.Credentials.Credentials(t.Context(), u.AccountID, kinds...)
	require.NoError(t, err)
	for _, f := range found {
		texts = append(texts, string(f.Kind)+" "+f.Name)
	}
	slices.Sort(texts)
	return texts
}

// furnished is a user with one of each but a GPG key, and their texts.
func (c credentialsTest) furnished(t *testing.T) (app.DirectoryUser, []string) {
	t.Helper()
	u := c.created(t)
	second := "second-" + u.Email
	c.token(t, u, "theirs")
	c.of.AddApplication(t, u.Username, "app")
	c.AddEmails(t, u.Username, second)
	c.of.AddSSHKey(t, u.Username, "laptop")
	c.GiveRepository(t, u.Username, "work")
	c.of.AddDeployKey(t, u.Username, "work", "deploy")
	c.of.AddWebhook(t, u.Username, "http://127.0.0.1:9")
	c.of.AddRunner(t, u.Username, "runner")
	return u, []string{
		"Actions runner runner", "OAuth2 application app", "SSH key laptop", "access token theirs", "deploy key deploy (work)",
		"second address " + second, "webhook http://127.0.0.1:9",
	}
}

func credentialsEnd(t *testing.T, c credentialsTest) {
	u, want := c.furnished(t)
	c.of.AddGPGKey(t, u.Username)
	token := c.token(t, u, "accord-a2345678901234567890123456")
	all, err := c.of.Credentials.Credentials(t.Context(), u.AccountID, everyKind...)
	require.NoError(t, err)
	require.Len(t, all, len(want)+3, "%v: the key's address is a second one", all)
	require.Subset(t, c.list(t, u, everyKind...), want)
	require.Equal(t, want[1:2], c.list(t, u, app.OAuth2Application), "no other kind than those asked for")
	for _, credential := range all {
		require.Equal(t, u.Username, credential.User)
		for range 2 {
			require.NoError(t, c.of.Credentials.EndCredential(t.Context(), u.AccountID, credential), "%v", credential)
		}
	}
	require.Empty(t, c.list(t, u, everyKind...))
	require.Empty(t, c.TokenOwner(t, token))
	require.True(t, c.SignsIn(t, u.Username, password), "the user itself stays")
}

func credentialsMany(t *testing.T, c credentialsTest) {
	u := c.created(t)
	const many = 53
	for n := range many {
		c.token(t, u, fmt.Sprintf("theirs-%d", n))
	}
	require.Len(t, c.list(t, u, app.GiteaToken), many)
}

func credentialsEndedTogether(t *testing.T, c credentialsTest) {
	u := c.created(t)
	const many = 53
	for n := range many {
		c.token(t, u, fmt.Sprintf("theirs-%d", n))
	}
	c.of.AddApplication(t, u.Username, "application")
	some, err := c.of.Credentials.SomeTokens(t.Context(), u.AccountID, 51)
	require.NoError(t, err)
	require.Len(t, some, 51)
	all, err := c.of.Credentials.Credentials(t.Context(), u.AccountID, everyKind...)
	require.NoError(t, err)
	require.Subset(t, all, some)
	for range 2 {
		ended, err := c.of.Credentials.EndCredentials(t.Context(), u.AccountID, all)
		require.NoError(t, err)
		require.ElementsMatch(t, all, ended)
		require.Empty(t, c.list(t, u, everyKind...))
	}
	some, err = c.of.Credentials.SomeTokens(t.Context(), u.AccountID, 51)
	require.NoError(t, err)
	require.Empty(t, some)
	none, err := c.of.Credentials.EndCredentials(t.Context(), u.AccountID, nil)
	require.NoError(t, err)
	require.Empty(t, none)
}

func credentialsEndedTogetherOfOthers(t *testing.T, c credentialsTest) {
	u, other := c.created(t), c.created(t)
	token := c.token(t, other, "theirs")
	all, err := c.of.Credentials.Credentials(t.Context(), other.AccountID, app.GiteaToken)
	require.NoError(t, err)
	ended, err := c.of.Credentials.EndCredentials(t.Context(), u.AccountID, all)
	require.True(t, saga.IsRefused(err), "%v", err)
	require.Empty(t, ended)
	require.Equal(t, other.Username, c.TokenOwner(t, token))
}

func credentialsShutOut(t *testing.T, c credentialsTest) {
	u, want := c.furnished(t)
	require.NoError(t, c.Directory.SetActive(t.Context(), ref(u), false))
	require.Equal(t, want, c.list(t, u, everyKind...))
	all, err := c.of.Credentials.Credentials(t.Context(), u.AccountID, everyKind...)
	require.NoError(t, err)
	for _, credential := range all {
		require.NoError(t, c.of.Credentials.EndCredential(t.Context(), u.AccountID, credential), "%v", credential)
	}
	require.Empty(t, c.list(t, u, everyKind...))
}

func credentialsRenamed(t *testing.T, c credentialsTest) {
	u, other := c.created(t), c.account().Username
	c.token(t, u, "before")
	before, err := c.of.Credentials.Credentials(t.Context(), u.AccountID, everyKind...)
	require.NoError(t, err)
	c.Rename(t, u.Username, other)
	c.token(t, u, "after")
	require.Len(t, c.list(t, u, app.GiteaToken), 2)
	require.NoError(t, c.of.Credentials.EndCredential(t.Context(), u.AccountID, before[0]))
	require.Equal(t, []string{"access token after"}, c.list(t, u, app.GiteaToken))
}

func credentialsForeign(t *testing.T, c credentialsTest) {
	u, want := c.furnished(t)
	other := c.created(t)
	foreign := c.account()
	c.PlaceUser(t, foreign.Username, foreign.Email, "second-"+foreign.Email)
	require.Empty(t, c.list(t, foreign, everyKind...))
	require.Empty(t, c.list(t, other, everyKind...))
	require.Empty(t, c.list(t, app.DirectoryUser{}, everyKind...))
	all, err := c.of.Credentials.Credentials(t.Context(), u.AccountID, everyKind...)
	require.NoError(t, err)
	for _, credential := range all {
		requireNotDone(t, c.of.Credentials.EndCredential(t.Context(), other.AccountID, credential), string(credential.Kind))
	}
	require.Equal(t, want, c.list(t, u, everyKind...))
}

func credentialsAbsent(t *testing.T, c credentialsTest) {
	u := c.account()
	require.Empty(t, c.list(t, u, everyKind...))
	gone := c.created(t)
	c.token(t, gone, "theirs")
	all, err := c.of.Credentials.Credentials(t.Context(), gone.AccountID, everyKind...)
	require.NoError(t, err)
	require.NoError(t, c.Directory.RemoveUser(t.Context(), gone.Username, gone.AccountID))
	require.NoError(t, c.of.Credentials.EndCredential(t.Context(), gone.AccountID, all[0]))
}

func credentialsEnded(t *testing.T, c credentialsTest) {
	u, want := c.furnished(t)
	all, err := c.of.Credentials.Credentials(t.Context(), u.AccountID, everyKind...)
	require.NoError(t, err)
	ctx, cancel := contextEnded(t)
	defer cancel()
	_, err = c.of.Credentials.Credentials(ctx, u.AccountID, everyKind...)
	requireNotDone(t, err, "list")
	for _, credential := range all {
		requireNotDone(t, c.of.Credentials.EndCredential(ctx, u.AccountID, credential), string(credential.Kind))
	}
	require.Equal(t, want, c.list(t, u, everyKind...))
}

// An address that was a second one when it was listed and is the first one now
// is not taken away.
func credentialsFirstAddress(t *testing.T, c credentialsTest) {
	u := c.created(t)
	second := "second-" + u.Email
	c.AddEmails(t, u.Username, second)
	all, err := c.of.Credentials.Credentials(t.Context(), u.AccountID, app.SecondAddress)
	require.NoError(t, err)
	require.NoError(t, c.Directory.SetEmail(t.Context(), ref(u), second))
	require.NoError(t, c.of.Credentials.EndCredential(t.Context(), u.AccountID, all[0]))
	require.Contains(t, c.Describe(t, u.Username), second)
}

// AccessKeysFixture is a storage whose users can be given lasting access keys.
type AccessKeysFixture struct {
	StorageFixture
	Credentials app.StorageCredentials
	// AddAccessKey makes one below a user and returns what it opens.
	AddAccessKey func(t *testing.T, key, accessKey string) app.Grant
}

// StorageCredentials runs the conformance suite of app.StorageCredentials on a
// storage that passes its own.
func StorageCredentials(t *testing.T, fixture func(t *testing.T) AccessKeysFixture) {
	for name, test := range map[string]func(*testing.T, AccessKeysFixture){
		"an access key is listed and ends":         accessKeysEnd,
		"another user's access key is left alone":  accessKeysForeign,
		"all temporary credentials end":            accessKeysRevokeAll,
		"an absent user has no access keys":        accessKeysAbsent,
		"access keys and a context that has ended": accessKeysEnded,
	} {
		t.Run(name, func(t *testing.T) { test(t, fixture(t)) })
	}
}

func (f AccessKeysFixture) keys(t *testing.T, key string) []app.Credential {
	t.Helper()
	found, err := f.Credentials.AccessKeys(t.Context(), key)
	require.NoError(t, err)
	return found
}

func accessKeysEnd(t *testing.T, f AccessKeysFixture) {
	key := f.user(t, secretA)
	require.Empty(t, f.keys(t, key))
	first, second := "svc"+key[len(key)-9:]+"a", "svc"+key[len(key)-9:]+"b"
	opens := f.AddAccessKey(t, key, first)
	f.AddAccessKey(t, key, second)
	require.True(t, f.MayUse(t, opens, key+"/x"))
	found := f.keys(t, key)
	require.Len(t, found, 2)
	for _, c := range found {
		require.Equal(t, app.StorageAccessKey, c.Kind)
		for range 2 {
			require.NoError(t, f.Credentials.EndAccessKey(t.Context(), key, c))
		}
	}
	require.Empty(t, f.keys(t, key))
	require.False(t, f.MayUse(t, opens, key+"/x"))
	f.grant(t, key, secretA, "session1")
}

func accessKeysForeign(t *testing.T, f AccessKeysFixture) {
	key, other := f.user(t, secretA), f.user(t, secretB)
	opens := f.AddAccessKey(t, key, "svc"+key[len(key)-9:]+"c")
	found := f.keys(t, key)
	require.Empty(t, f.keys(t, other))
	require.NoError(t, f.Credentials.EndAccessKey(t.Context(), other, found[0]))
	require.True(t, f.MayUse(t, opens, key+"/x"))
	requireRefused(t, f.Credentials.EndAccessKey(t.Context(), key, app.Credential{Kind: app.GiteaToken, ID: found[0].ID}))
	requireRefused(t, f.Credentials.EndAccessKey(t.Context(), "", found[0]))
}

func accessKeysRevokeAll(t *testing.T, f AccessKeysFixture) {
	key, other := f.user(t, secretA), f.user(t, secretB)
	first, second := f.grant(t, key, secretA, "session1"), f.grant(t, key, secretA, "session2")
	spared := f.grant(t, other, secretB, "session3")
	for range 2 {
		require.NoError(t, f.Credentials.RevokeAll(t.Context(), key))
	}
	require.False(t, f.MayUse(t, first, key+"/x"))
	require.False(t, f.MayUse(t, second, key+"/x"))
	require.True(t, f.MayUse(t, spared, other+"/x"))
	f.grant(t, key, secretA, "session4")
	requireRefused(t, f.Credentials.RevokeAll(t.Context(), ""))
}

func accessKeysAbsent(t *testing.T, f AccessKeysFixture) {
	key := f.NewKey()
	require.Empty(t, f.keys(t, key))
	require.NoError(t, f.Credentials.RevokeAll(t.Context(), key))
	require.NoError(t, f.Credentials.EndAccessKey(t.Context(), key, app.Credential{Kind: app.StorageAccessKey, ID: "svcabsent"}))
	_, err := f.Credentials.AccessKeys(t.Context(), "")
	requireRefused(t, err)
}

func accessKeysEnded(t *testing.T, f AccessKeysFixture) {
	key := f.user(t, secretA)
	ctx, cancel := contextEnded(t)
	defer cancel()
	_, err := f.Credentials.AccessKeys(ctx, key)
	requireRefused(t, err)
	requireRefused(t, f.Credentials.RevokeAll(ctx, key))
	require.Error(t, f.Credentials.EndAccessKey(ctx, key, app.Credential{Kind: app.StorageAccessKey, ID: "svcabsent"}))
	_, err = f.Storage.Grant(t.Context(), key, secretA, "session1", time.Hour)
	require.NoError(t, err)
}
