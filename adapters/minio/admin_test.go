package minio

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"
	"github.com/stretchr/testify/require"

	"accord/adapters/servers/serverstest"
	"accord/app"
)

const goodSecret app.Secret = "S1b2C3d4E5f6G7h8I9j0"

// realStorage is an adapter over the real server with homes of its own.
func realStorage(t *testing.T, name string) *Storage {
	t.Helper()
	server := serverstest.MinIO(t)
	s, err := New(Options{
		Endpoint: server.Endpoint, Region: server.Region, Bucket: name, PolicyName: name,
		AdminUser: server.RootUser, AdminPassword: app.Secret(server.RootPassword), Timeout: 30 * time.Second,
	})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.EnsureHome(t.Context()))
	return s
}

// The reason to look first: the server takes the same call for a new secret.
func TestAddUserIsAnUpsert(t *testing.T) {
	s, key := realStorage(t, "upsert"), "accupsert"
	require.NoError(t, s.CreateUser(t.Context(), key, goodSecret))
	require.NoError(t, s.admin.addUser(t.Context(), key, goodSecret+"2"))
	_, err := s.Grant(t.Context(), key, goodSecret, "session1", time.Hour)
	require.Equal(t, "AccessDenied", codeOf(err), "%v", err)
	_, err = s.Grant(t.Context(), key, goodSecret+"2", "session1", time.Hour)
	require.NoError(t, err)
}

func TestSetPolicyIsRepeatable(t *testing.T) {
	s, key := realStorage(t, "setpolicy"), "accsetpolicy"
	require.NoError(t, s.CreateUser(t.Context(), key, goodSecret))
	require.NoError(t, s.admin.setPolicy(t.Context(), key, s.options.PolicyName))
	user, err := s.admin.userInfo(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, userRecord{Status: "enabled", PolicyName: "setpolicy"}, user)
}

// Answers come under the slow suites, whatever the request used.
func TestServerSealsWithArgon(t *testing.T) {
	s := realStorage(t, "argon")
	r := s.admin.get("list-users", nil)
	got, err := s.wire.do(t.Context(), r)
	require.NoError(t, err)
	require.Contains(t, []byte{suiteArgonAES, suiteArgonChaCha}, got.body[saltSize])
	plain, err := s.admin.seal.open(t.Context(), got.body)
	require.NoError(t, err)
	require.True(t, json.Valid(plain))
}

// What a session was lent must end with it, so it must not make anything that
// stays: no access key, no further temporary credentials, no other secret.
func TestGrantCannotBeMadeLasting(t *testing.T) {
	s, key := realStorage(t, "lasting"), "acclasting"
	require.NoError(t, s.CreateUser(t.Context(), key, goodSecret))
	g, err := s.Grant(t.Context(), key, goodSecret, "session1", time.Hour)
	require.NoError(t, err)
	asGrant := func(req *http.Request) *http.Request {
		return signer.SignV4(*req, g.AccessKeyID, g.SecretAccessKey.Reveal(), g.SessionToken.Reveal(), s.options.Region)
	}
	sealed := func(plain string) []byte {
		body, err := newSealer(g.SecretAccessKey).seal([]byte(plain))
		require.NoError(t, err)
		return body
	}
	again := url.Values{"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "DurationSeconds": {"900"}}
	for name, r := range map[string]request{
		"own access key": {
			method: http.MethodPut, path: adminPath + "add-service-account",
			body: sealed(`{"accessKey":"lastingkey","secretKey":"lastingsecret"}`),
		},
		"own access key by name": {
			method: http.MethodPut, path: adminPath + "add-service-account",
			body: sealed(`{"accessKey":"lastingkey","secretKey":"lastingsecret","targetUser":"` + key + `"}`),
		},
		"another secret": {
			method: http.MethodPut, path: adminPath + "add-user", query: url.Values{"accessKey": {key}},
			body: sealed(`{"secretKey":"lastingsecret","status":"enabled"}`),
		},
		"a wider policy": {
			method: http.MethodPut, path: adminPath + "set-user-or-group-policy",
			query: url.Values{"policyName": {"readwrite"}, "userOrGroup": {key}, "isGroup": {"false"}},
		},
		"further credentials": {
			method: http.MethodPost, path: "/", contentType: "application/x-www-form-urlencoded", body: []byte(again.Encode()),
			sign: func(req *http.Request) *http.Request {
				req.Header.Set("X-Amz-Security-Token", g.SessionToken.Reveal())
				return signer.SignV4STS(*req, g.AccessKeyID, g.SecretAccessKey.Reveal(), s.options.Region)
			},
		},
	} {
		if r.sign == nil {
			r.sign = asGrant
		}
		_, err := s.wire.do(t.Context(), r)
		var f *failure
		require.ErrorAs(t, err, &f, name)
		require.Equal(t, http.StatusForbidden, f.status, "%s: %v", name, f)
	}
}

// The server lets everyone end temporary credentials of their own user, whatever
// the policy denies: any session of a user can end the storage credentials of all
// of them, and nothing else.
func TestGrantEndsTemporaryCredentialsOfItsOwnUserAlone(t *testing.T) {
	s, key, other := realStorage(t, "selfrevoke"), "accselfrevoke", "accotherrevoke"
	grant := func(key, session string) app.Grant {
		g, err := s.Grant(t.Context(), key, goodSecret, session, time.Hour)
		require.NoError(t, err)
		return g
	}
	for _, k := range []string{key, other} {
		require.NoError(t, s.CreateUser(t.Context(), k, goodSecret))
	}
	first, second, spared := grant(key, "session1"), grant(key, "session2"), grant(other, "session3")
	as := func(g app.Grant) func(*http.Request) *http.Request {
		return func(req *http.Request) *http.Request {
			return signer.SignV4(*req, g.AccessKeyID, g.SecretAccessKey.Reveal(), g.SessionToken.Reveal(), s.options.Region)
		}
	}
	revoke := func(user string) error {
		_, err := s.wire.do(t.Context(), request{
			method: http.MethodPost, path: adminPath + "revoke-tokens/builtin",
			query: url.Values{"user": {user}, "fullRevoke": {"true"}}, sign: as(first),
		})
		return err
	}
	works := func(g app.Grant) bool {
		_, err := s.wire.do(t.Context(), request{method: http.MethodGet, path: "/" + g.Bucket, query: url.Values{"list-type": {"2"}}, sign: as(g)})
		return err == nil
	}
	var f *failure
	require.ErrorAs(t, revoke(other), &f)
	require.Equal(t, http.StatusForbidden, f.status)
	require.True(t, works(first) && works(second) && works(spared))

	require.NoError(t, revoke(key))
	require.False(t, works(first) || works(second))
	require.True(t, works(spared))
	require.True(t, works(grant(key, "session4")), "a new session is not affected")
}
