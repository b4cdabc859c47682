package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

func TestSignInByCodeFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SigningInState] {
		p := newPerson(t, clock)
		ref := p.code(t, app.MailTarget("alice@example.com"), clock)
		session := app.Session{
			ID: "a2345678901234567890123456", AccountID: p.account.ID, CredentialEpoch: p.account.CredentialEpoch,
			CreatedAt: clock.Now(), ExpiresAt: clock.Now().Add(sessionTTL),
		}
		return sagatest.World[app.SigningInState]{
			Definition: p.service.SignInFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.SigningInState{
				Session: session, Username: p.account.Username, Code: ref, Email: p.account.Email,
				StorageKey: p.account.StorageKey, StorageSecret: p.account.StorageSecret,
			},
			Check: func(t *testing.T, committed bool) {
				p.sessionIs(t, session, committed)
				account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
				require.NoError(t, err)
				require.Equal(t, committed, account.EmailVerified)
				p.redeemed(t, ref, committed, clock)
				p.alive(t, p.here)
			},
		}
	})
}

const redeemedBefore = "by a redeemed code"

// A reset by a token, by a code that was redeemed before, and one that needs a
// permit; what is used up has to be there again where the reset did not come
// about.
func TestResetWithAPermitFailingEveryStep(t *testing.T) {
	for name, code := range map[string]bool{"by code": true, "by token": false, redeemedBefore: false} {
		t.Run(name, func(t *testing.T) {
			sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ResettingPasswordState] {
				p := newPerson(t, clock)
				hash, err := p.hasher.Hash(t.Context(), newPassword)
				require.NoError(t, err)
				state := app.ResettingPasswordState{Account: p.account, New: newPassword, Hash: hash}
				if code {
					state.Code, state.Permits = p.code(t, app.MailTarget("alice@example.com"), clock), []string{"permit"}
					require.NoError(t, p.store.Proofs.Put(t.Context(), "permit", clock.Now().Add(grace), clock.Now()))
				}
				if name == redeemedBefore {
					state.Redeemed = "redeemed"
					require.NoError(t, p.store.Proofs.Put(t.Context(), "redeemed", clock.Now().Add(grace), clock.Now()))
				}
				return sagatest.World[app.ResettingPasswordState]{
					Definition: p.service.ResetPasswordFlow(), Journal: p.store.Journal, Subject: p.account.ID, State: state,
					Check: func(t *testing.T, committed bool) {
						if committed {
							p.passwordIs(t, newPassword, goodPassword)
							p.dead(t, p.here)
						} else {
							p.passwordIs(t, goodPassword, newPassword)
							p.alive(t, p.here)
						}
						if code {
							p.redeemed(t, state.Code, committed, clock)
							p.proofIs(t, "permit", !committed, clock)
						}
						p.proofIs(t, "redeemed", name == redeemedBefore && !committed, clock)
						account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
						require.NoError(t, err)
						require.False(t, account.EmailVerified)
						p.alive(t, p.bob)
					},
				}
			})
		})
	}
}

// proofIs requires that the proof is there, or is not.
func (w *world) proofIs(t *testing.T, name string, there bool, clock *sagatest.Clock) {
	t.Helper()
	has, err := w.store.Proofs.Has(t.Context(), name, clock.Now())
	require.NoError(t, err)
	require.Equal(t, there, has)
}

func TestSendCodeToAPersonFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SendingCodeState] {
		w := newWorld(t, clock)
		require.NoError(t, w.store.Proofs.Put(t.Context(), "human", clock.Now().Add(grace), clock.Now()))
		return sagatest.World[app.SendingCodeState]{
			Definition: w.service.MailCodeFlow(), Journal: w.store.Journal, Subject: "code",
			State: app.SendingCodeState{
				Target: app.MailTarget("alice@example.com"), Language: "en", Code: "7KQ2MX", Human: []string{"absent", "human"},
				Expires: clock.Now().Add(codeLife), Email: "alice@example.com",
			},
			Check: func(t *testing.T, committed bool) { w.proofIs(t, "human", !committed, clock) },
		}
	})
}

func TestSendUsernameFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SendingUsernameState] {
		w := newWorld(t, clock)
		return sagatest.World[app.SendingUsernameState]{
			Definition: w.service.SendUsernameFlow(), Journal: w.store.Journal, Subject: "code",
			State: app.SendingUsernameState{
				Username: "alice", Email: "alice@example.com", Language: "en", Expires: clock.Now().Add(grace),
			},
			Check: func(t *testing.T, committed bool) { require.Equal(t, committed, len(w.mailer.Sent()) > 0) },
		}
	})
}
