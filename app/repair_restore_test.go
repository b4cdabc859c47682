package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

// A password that was changed in Gitea's own pages is put back by a sign-in with
// the right one, which asks Gitea once an hour.
func TestSignInRestoresThePasswordInGitea(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.service.SetRestorePasswords(true)
	asked := func(n int) func() bool { return func() bool { return p.directory.Count("CheckPassword") == n } }
	changed := app.Secret("changed-in-Gitea")

	p.signIn(t, "alice")
	require.Eventually(t, asked(1), time.Minute, time.Millisecond)
	require.NoError(t, p.directory.SetPassword(t.Context(), p.account.Ref(), changed))
	p.signIn(t, "alice")
	require.True(t, asked(1)(), "within the hour nobody asks again")

	clock.Advance(time.Hour)
	p.signIn(t, "alice")
	require.Eventually(t, func() bool { return p.directory.SignsIn("alice", goodPassword) }, time.Minute, time.Millisecond)
	require.False(t, p.directory.SignsIn("alice", changed))
	p.calm(t)
	require.True(t, asked(2)())
	p.alive(t, p.here)

	// The wrong password restores nothing.
	clock.Advance(time.Hour)
	require.NoError(t, p.directory.SetPassword(t.Context(), p.account.Ref(), changed))
	_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: changed})
	require.Equal(t, app.BadCredentials, app.KindOf(err))
	require.True(t, asked(2)())

	p.service.SetRestorePasswords(false)
	p.signIn(t, "alice")
	require.True(t, asked(2)())
}
