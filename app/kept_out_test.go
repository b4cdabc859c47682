package app_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// giteaTokens are the names of alice's.
func (p *personWorld) giteaTokens(t *testing.T) []string {
	t.Helper()
	return p.entry(t, "alice").Tokens
}

// A user whom an administrator of Gitea shut out there stays out, and is not given
// a token that Gitea refuses.
func TestSignInOfAUserWhomGiteaKeepsOut(t *testing.T) {
	eachSignIn(t, func(t *testing.T, p *personWorld, signIn func(context.Context) (app.SignedIn, error)) {
		before := p.giteaTokens(t)
		p.directory.Change("alice", func(e *memory.Entry) { e.ShutOut = true })
		in, err := signIn(t.Context())
		require.Equal(t, app.DirectoryFailed, app.KindOf(err))
		require.Empty(t, in.GiteaToken)
		require.True(t, p.entry(t, "alice").ShutOut)
		p.calm(t)
		require.Subset(t, before, p.giteaTokens(t), "the token is ended")
	})
}

// A user of whom Gitea demands a new password is not let in there, and so does not
// sign in. A sign-in leaves the user as it is: it does not hold the account.
func TestSignInOfAUserWhoMustChangeThePassword(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	require.NoError(t, p.store.Accounts.VerifyEmail(t.Context(), p.account.ID, "alice@example.com", clock.Now()))
	require.NoError(t, p.put(t.Context(), app.MailTarget("alice@example.com"), clock))
	before := p.giteaTokens(t)
	p.directory.Change("alice", func(e *memory.Entry) { e.MustChange = true })
	_, _, byPassword := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
	_, _, byCode := p.service.SignInByCode(t.Context(), app.Credentials{Email: "alice@example.com", Code: mailed})
	for _, err := range []error{byPassword, byCode} {
		require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	}
	require.True(t, p.entry(t, "alice").MustChange)
	p.calm(t)
	require.Equal(t, before, p.giteaTokens(t), "no token is left")
}

// A new password that is set here is the one that Gitea demands.
func TestANewPasswordEndsTheDemandForOne(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.directory.Change("alice", func(e *memory.Entry) { e.MustChange = true })
	require.NoError(t, p.put(t.Context(), app.MailTarget("alice@example.com"), clock))
	_, err := p.service.ResetPassword(t.Context(), app.PasswordReset{Email: "alice@example.com", Code: mailed, New: newPassword})
	require.NoError(t, err)
	p.calm(t)
	in, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: newPassword})
	require.NoError(t, err)
	p.alive(t, in)
}

// An account that is suspended, or changes its credentials, while it signs in, is
// told so, although Gitea is what refuses the token.
func TestSignInOfAUserWhomTheAccountKeepsOutMeanwhile(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, p *personWorld){
		"suspended": func(t *testing.T, p *personWorld) {
			_, err := p.store.Standings.Suspend(t.Context(), p.account.ID, app.Locked, p.clock.Now())
			require.NoError(t, err)
		},
		"other credentials": func(t *testing.T, p *personWorld) {
			_, err := p.store.Ownership.Disown(t.Context(), p.account.ID, p.clock.Now())
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			p.service.Directory = &interrupted{Directory: p.directory, afterToken: func() {
				change(t, p)
				p.directory.Change("alice", func(e *memory.Entry) { e.ShutOut = true })
			}}
			_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
			require.Equal(t, app.BadCredentials, app.KindOf(err))
		})
	}
}

// If the token cannot be tried, it is ended with the sign-in.
func TestSignInWhoseTokenCannotBeTried(t *testing.T) {
	for name, fault := range map[string]memory.Fault{"refused": memory.Refuse, "the reply is lost": memory.LoseReply} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			before := p.giteaTokens(t)
			p.directory.Inject("LetsIn", fault)
			_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
			p.calm(t)
			require.Equal(t, before, p.giteaTokens(t))
			p.alive(t, p.here)
			p.alive(t, p.signIn(t, "alice"))
		})
	}
}
