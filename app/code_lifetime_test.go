package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

// A code that was sent is good for five minutes.
func TestSentCodesRunOut(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration
		want  app.Kind
	}{
		"in time":  {5*time.Minute - time.Second, 0},
		"too late": {5 * time.Minute, app.CodeWrong},
	} {
		t.Run(name, func(t *testing.T) {
			clock := sagatest.NewClock()
			w := newWorld(t, clock)
			w.register(t, "alice", "alice@example.com")
			w.calm(t)
			_, err := w.service.SendMailCode(t.Context(), "alice@example.com", app.ForReset, "en")
			require.NoError(t, err)
			w.calm(t)
			sent := w.mailer.Sent()
			code := sent[len(sent)-1].Code
			require.NotEmpty(t, code)
			clock.Advance(tt.after)
			_, err = w.service.ResetPassword(t.Context(), app.PasswordReset{Email: "alice@example.com", Code: code, New: newPassword})
			require.Equal(t, tt.want, app.KindOf(err), "%v", err)
		})
	}
}

// Two sign-ins share nothing.
func TestEachSignInOpensASession(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	one, two := p.signIn(t, "alice"), p.signIn(t, "alice")
	require.NotEqual(t, one.Session.ID, two.Session.ID)
	require.NotEqual(t, one.AccessToken, two.AccessToken)
	require.NotEqual(t, one.GiteaToken, two.GiteaToken)
	require.NotEqual(t, one.Grant.AccessKeyID, two.Grant.AccessKeyID)
}
