package minio

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// A listing that is cut short or is no listing is an error, whatever was read.
func TestListingOfUsersIsWhole(t *testing.T) {
	const whole = `{"a":{"status":"enabled"},"b":{"status":"disabled","policyName":"p"}}`
	read := func(text string) ([]string, error) {
		var keys []string
		err := decodeUsers(strings.NewReader(text), func(key string, _ userRecord) bool {
			keys = append(keys, key)
			return true
		})
		return keys, err
	}
	keys, err := read(whole)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, keys)
	keys, err = read("{}")
	require.NoError(t, err)
	require.Empty(t, keys)
	for n := range len(whole) {
		_, err := read(whole[:n])
		require.Error(t, err, whole[:n])
	}
	for _, text := range []string{"[]", "null", `{"a":1}`, whole + "{", "<html>"} {
		_, err := read(text)
		require.Error(t, err, text)
	}
}

func TestListingTellsThatTheAdministratorIsTurnedAway(t *testing.T) {
	s := realStorage(t, "denied")
	s.admin.as.secret = "not the secret of it"
	for _, err := range s.EachUser(t.Context()) {
		require.ErrorIs(t, err, app.ErrDenied)
		require.Equal(t, app.StorageFailed, app.KindOf(err))
	}
	_, _, err := s.User(t.Context(), "acc1")
	require.ErrorIs(t, err, app.ErrDenied)
}

// What a user has beside the policy of homes is shown by name, in a listing and
// of one.
func TestUsersShowFurtherPoliciesAndGroups(t *testing.T) {
	s := realStorage(t, "privileged")
	require.NoError(t, s.EnsureHome(t.Context()))
	const key, secret = "acc26010100000099", app.Secret("S1b2C3d4E5f6G7h8I9j0A1b2C3d4E5f6G7h8I9j0")
	require.NoError(t, s.CreateUser(t.Context(), key, secret))
	require.NoError(t, s.admin.setPolicy(t.Context(), key, "readwrite,"+s.options.PolicyName+",diagnostics"))
	require.NoError(t, s.admin.change(t.Context(), http.MethodPut, "update-group-members", nil,
		[]byte(`{"group":"backup","members":["`+key+`"],"isRemove":false,"groupStatus":"enabled"}`)))
	want := app.StorageView{Key: key, Enabled: true, Policies: "diagnostics,readwrite", Groups: "backup"}
	seen, found, err := s.User(t.Context(), key)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, want, seen)
	all, err := s.Users(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, all[key])
}
