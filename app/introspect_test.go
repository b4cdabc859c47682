package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

func TestIntrospect(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	account := w.register(t, "alice", "alice@example.com")
	word := func(token app.Secret) bool {
		t.Helper()
		claims, got, ok, err := w.service.Introspect(t.Context(), token)
		require.NoError(t, err)
		if ok {
			require.Equal(t, account.UserID, claims.UserID)
			require.Equal(t, account.ID, got.ID)
		} else {
			require.Zero(t, claims)
			require.Empty(t, got.ID)
		}
		return ok
	}
	require.False(t, word(""))
	require.False(t, word("x.y.z"))

	out, over, left := w.signIn(t, "alice"), w.signIn(t, "alice"), w.signIn(t, "alice")
	require.True(t, word(out.AccessToken))
	p, err := w.service.Authenticate(t.Context(), out.AccessToken)
	require.NoError(t, err)
	_, err = w.service.SignOut(t.Context(), p)
	require.NoError(t, err)
	require.False(t, word(out.AccessToken), "signed out")

	// What shuts an account out raises its epoch before its sessions are closed.
	require.True(t, word(left.AccessToken))
	require.True(t, word(over.AccessToken))
	_, err = w.store.Accounts.SetPassword(t.Context(), account.ID, "$argon2id$other", "", clock.Now())
	require.NoError(t, err)
	require.False(t, word(left.AccessToken))

	_, err = w.store.Accounts.SetPassword(t.Context(), account.ID, account.PasswordHash, "", clock.Now())
	require.NoError(t, err)
	fresh := w.signIn(t, "alice")
	require.True(t, word(fresh.AccessToken))
	clock.Advance(sessionTTL)
	require.False(t, word(fresh.AccessToken), "expired")

	require.NoError(t, w.store.Close())
	_, _, _, err = w.service.Introspect(t.Context(), fresh.AccessToken)
	require.NoError(t, err, "no database is needed to know it")
}

// A fault of the store is no word on the token.
func TestIntrospectWithoutItsStore(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.register(t, "alice", "alice@example.com")
	in := w.signIn(t, "alice")
	require.NoError(t, w.store.Close())
	_, _, ok, err := w.service.Introspect(t.Context(), in.AccessToken)
	requireKind(t, app.Internal, err)
	require.False(t, ok)
}

// standing is a token's session and account as the store has them.
type standing struct {
	app.Sessions
	app.Tokens
	session app.Session
	account app.Account
}

func (s standing) Verify(app.Secret) (app.Claims, error) {
	return app.Claims{UserID: 7, SessionID: "s"}, nil
}

func (s standing) Live(context.Context, string, time.Time) (app.Session, app.Account, error) {
	return s.session, s.account, nil
}

// Whoever is shut out has open sessions for a moment.
func TestIntrospectOfWhoIsShutOut(t *testing.T) {
	whole := standing{session: app.Session{CredentialEpoch: 3}, account: app.Account{UserID: 7, Status: app.Normal, CredentialEpoch: 3}}
	for name, c := range map[string]struct {
		change func(*standing)
		good   bool
	}{
		"whole":               {func(*standing) {}, true},
		"locked":              {func(s *standing) { s.account.Status = app.Locked }, false},
		"leaving":             {func(s *standing) { s.account.Status = app.Leaving }, false},
		"credentials changed": {func(s *standing) { s.account.CredentialEpoch = 4 }, false},
		"another's session":   {func(s *standing) { s.account.UserID = 8 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := whole
			c.change(&s)
			service := app.Service{Deps: app.Deps{Sessions: s, Tokens: s, Now: sagatest.NewClock().Now}}
			claims, account, ok, err := service.Introspect(t.Context(), "token")
			require.NoError(t, err)
			require.Equal(t, c.good, ok)
			if !ok {
				require.Zero(t, claims)
				require.Zero(t, account)
			}
		})
	}
}
