package adaptertest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// A refusal says how to end a second address that a user of ours has, and then
// another user gets it.
func credentialsGiveWay(t *testing.T, c credentialsTest) {
	for _, take := range []func(app.DirectoryUser) error{
		func(u app.DirectoryUser) error {
			_, err := c.Directory.CreateUser(t.Context(), u)
			return err
		},
		func(u app.DirectoryUser) error {
			other := c.created(t)
			return c.Directory.SetEmail(t.Context(), ref(other), u.Email)
		},
	} {
		u, wanted := c.created(t), c.account()
		first := c.Describe(t, u.Username)
		c.AddEmails(t, u.Username, wanted.Email)
		held := wanted.Email
		wanted.Email = strings.ToLower(wanted.Email)
		err := take(wanted)
		require.Equal(t, app.EmailTaken, app.KindOf(err), "%v", err)
		var taken *app.Taken
		require.ErrorAs(t, err, &taken)
		require.Equal(t, app.Taken{Username: u.Username, Mark: u.AccountID, Second: held, SecondOf: u.AccountID}, *taken)
		require.NoError(t, c.of.Credentials.EndCredential(t.Context(), taken.SecondOf, app.Credential{
			Kind: app.SecondAddress, User: taken.Username, ID: taken.Second,
		}))
		require.Equal(t, first, c.Describe(t, u.Username))
		require.NoError(t, take(wanted))
	}
}
