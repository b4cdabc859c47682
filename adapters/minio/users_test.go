package minio

import (
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
