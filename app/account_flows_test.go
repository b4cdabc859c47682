package app_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

const newPassword = app.Secret("2wsxzaq1")

// person is a world with one account, alice, who is signed in twice, and a
// second one, bob, who must come out of everything untouched.
type personWorld struct {
	*world
	account    app.Account
	here, away app.SignedIn
	bob        app.SignedIn
}

func newPerson(t *testing.T, clock *sagatest.Clock) *personWorld {
	t.Helper()
	p := &personWorld{world: newWorld(t, clock)}
	p.account = p.register(t, "alice", "alice@example.com")
	p.here, p.away = p.signIn(t, "alice"), p.signIn(t, "alice")
	p.register(t, "bob", "bob@example.com")
	p.bob = p.signIn(t, "bob")
	return p
}

// code sends a verification code to the target and returns what a person who
// reads it holds.
func (p *personWorld) code(t *testing.T, target string, clock *sagatest.Clock) app.CodeRef {
	t.Helper()
	code := app.Secret("7KQ2MX")
	require.NoError(t, p.store.Codes.Put(t.Context(), target, app.AnyPurpose, code, clock.Now().Add(codeLife), clock.Now()))
	ref, _, err := p.store.Codes.Check(t.Context(), target, code, clock.Now())
	require.NoError(t, err)
	return ref
}

// redeemed requires that the code is used up, or as good as before.
func (p *personWorld) redeemed(t *testing.T, ref app.CodeRef, used bool, clock *sagatest.Clock) {
	t.Helper()
	err := p.store.Codes.Redeem(t.Context(), ref, clock.Now())
	if used {
		require.Equal(t, app.CodeWrong, app.KindOf(err))
		return
	}
	require.NoError(t, err)
}

// passwordIs requires that the password is the one good one, here and in Gitea.
func (p *personWorld) passwordIs(t *testing.T, good, bad app.Secret) {
	t.Helper()
	require.True(t, p.directory.SignsIn("alice", good))
	require.False(t, p.directory.SignsIn("alice", bad))
	_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: bad})
	require.Equal(t, app.BadCredentials, app.KindOf(err))
	in, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: good})
	require.NoError(t, err)
	p.alive(t, in)
}

func TestChangePasswordFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ChangingPasswordState] {
		p := newPerson(t, clock)
		return audited(t, p.core, clock, sagatest.World[app.ChangingPasswordState]{
			Definition: p.service.ChangePasswordFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.ChangingPasswordState{
				Account: p.account, Keep: p.here.Session.ID, Old: goodPassword, New: newPassword,
			},
			Check: func(t *testing.T, committed bool) {
				p.alive(t, p.here)
				if committed {
					p.passwordIs(t, newPassword, goodPassword)
					p.dead(t, p.away)
				} else {
					p.passwordIs(t, goodPassword, newPassword)
					p.alive(t, p.away)
				}
				p.alive(t, p.bob)
			},
		})
	})
}

func TestResetPasswordFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ResettingPasswordState] {
		p := newPerson(t, clock)
		p.intrude(t)
		ref := p.code(t, app.MailTarget("alice@example.com"), clock)
		hash, err := p.hasher.Hash(t.Context(), newPassword)
		require.NoError(t, err)
		return audited(t, p.core, clock, sagatest.World[app.ResettingPasswordState]{
			Definition: p.service.ResetPasswordFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.ResettingPasswordState{Account: p.account, Code: ref, Verified: "alice@example.com", New: newPassword, Hash: hash},
			Check: func(t *testing.T, committed bool) {
				account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
				require.NoError(t, err)
				require.Equal(t, committed, account.EmailVerified)
				if committed {
					p.evicted(t, nil) // it is the first proof of the address
					p.passwordIs(t, newPassword, goodPassword)
					p.dead(t, p.here)
					p.dead(t, p.away)
				} else {
					p.intact(t)
					p.passwordIs(t, goodPassword, newPassword)
					p.alive(t, p.here)
				}
				p.redeemed(t, ref, committed, clock)
				p.alive(t, p.bob)
			},
		})
	})
}

func TestChangeEmailFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ChangingEmailState] {
		p := newPerson(t, clock)
		ref := p.code(t, app.MailTarget("New@example.com"), clock)
		return audited(t, p.core, clock, sagatest.World[app.ChangingEmailState]{
			Definition: p.service.ChangeEmailFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.ChangingEmailState{Account: p.account, Code: ref, New: "New@example.com"},
			Check: func(t *testing.T, committed bool) {
				is, free := "alice@example.com", "new@example.com"
				if committed {
					is, free = "New@example.com", "alice@example.com"
				}
				account, err := p.store.Accounts.ByEmail(t.Context(), is)
				require.NoError(t, err)
				require.Equal(t, committed, account.EmailVerified)
				require.Equal(t, is, account.Email)
				p.giteaEmailIs(t, p.account, is)
				p.redeemed(t, ref, committed, clock)
				p.register(t, "carol", free)
				p.alive(t, p.here)
				p.alive(t, p.bob)
			},
		})
	})
}

// picture is the smallest of PNGs.
func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))))
	return b.Bytes()
}

func TestEditFailingEveryStep(t *testing.T) {
	after := app.Profile{Nickname: "Alice L", AvatarURL: "http://p.test/a.png", Description: "d", Website: "http://a.test", Location: "l"}
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.EditingState] {
		p := newPerson(t, clock)
		before, err := p.directory.Profile(t.Context(), p.account.Ref())
		require.NoError(t, err)
		sign := "after"
		require.NoError(t, p.store.People.SetAttributes(t.Context(), p.account.ID, app.Attributes{Sign: "before", QQ: "10001"}, clock.Now()))
		return audited(t, p.core, clock, sagatest.World[app.EditingState]{
			Definition: p.service.EditFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.EditingState{
				Account: p.account, Picture: picture(t),
				Change: app.PersonChange{
					Nickname: &after.Nickname, AvatarURL: &after.AvatarURL, Description: &after.Description,
					Website: &after.Website, Location: &after.Location, Attributes: app.AttributesChange{Sign: &sign},
				},
			},
			Check: func(t *testing.T, committed bool) {
				account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
				require.NoError(t, err)
				there, err := p.directory.Profile(t.Context(), p.account.Ref())
				require.NoError(t, err)
				require.Equal(t, committed, len(p.directory.Avatar("alice")) > 0)
				_, attributes, err := p.store.People.Hold(t.Context(), p.account.ID)
				require.NoError(t, err)
				require.Equal(t, app.Attributes{Sign: map[bool]string{true: "after", false: "before"}[committed], QQ: "10001"}, attributes)
				if committed {
					require.Equal(t, after, account.Profile)
					require.Equal(t, app.DirectoryProfile{FullName: "Alice L", Description: "d", Website: "http://a.test", Location: "l"}, there)
				} else {
					require.Equal(t, p.account.Profile, account.Profile)
					require.Equal(t, before, there)
				}
				p.alive(t, p.here)
			},
		})
	})
}

func TestChangeMobileFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ChangingMobileState] {
		p := newPerson(t, clock)
		ref := p.code(t, app.SMSTarget("86", "13800138000"), clock)
		return audited(t, p.core, clock, sagatest.World[app.ChangingMobileState]{
			Definition: p.service.ChangeMobileFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.ChangingMobileState{Account: p.account, Code: ref, Country: "86", New: "13800138000"},
			Check: func(t *testing.T, committed bool) {
				account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
				require.NoError(t, err)
				want := ""
				if committed {
					want = "13800138000"
				}
				require.Equal(t, want, account.Mobile)
				p.redeemed(t, ref, committed, clock)
			},
		})
	})
}

func TestDeleteFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.DeletingState] {
		p := newPerson(t, clock)
		p.intrude(t)
		until := clock.Now().Add(grace)
		return audited(t, p.core, clock, sagatest.World[app.DeletingState]{
			Definition: p.service.DeleteFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.DeletingState{Account: p.account, Until: until},
			Check: func(t *testing.T, committed bool) {
				p.alive(t, p.bob)
				if !committed {
					p.intact(t)
					p.alive(t, p.here)
					p.passwordIs(t, goodPassword, newPassword)
					return
				}
				p.evicted(t, keysLeft)
				p.dead(t, p.here)
				p.dead(t, p.away)
				_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
				require.Equal(t, app.BadCredentials, app.KindOf(err))
				_, err = p.service.Restore(t.Context(), p.account.ID)
				require.NoError(t, err, "within the grace period it comes back whole")
				p.passwordIs(t, goodPassword, newPassword)
			},
		})
	})
}

func TestPurgeFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.BuryingState] {
		p := newPerson(t, clock)
		p.leave(t, p.here)
		return audited(t, p.core, clock, sagatest.World[app.BuryingState]{
			Definition: p.service.PurgeFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.BuryingState{Account: p.account, Checks: true},
			Check: func(t *testing.T, committed bool) {
				p.alive(t, p.bob)
				if committed {
					p.gone(t, p.account)
					return
				}
				_, err := p.service.Restore(t.Context(), p.account.ID)
				require.NoError(t, err)
				p.passwordIs(t, goodPassword, newPassword)
			},
		})
	})
}

func TestRestoreFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.RestoringState] {
		p := newPerson(t, clock)
		p.leave(t, p.here)
		return audited(t, p.core, clock, sagatest.World[app.RestoringState]{
			Definition: p.service.RestoreFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.RestoringState{Account: p.account},
			Check: func(t *testing.T, committed bool) {
				p.dead(t, p.here)
				if committed {
					p.passwordIs(t, goodPassword, newPassword)
					return
				}
				_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
				require.Equal(t, app.BadCredentials, app.KindOf(err))
				_, err = p.service.Restore(t.Context(), p.account.ID)
				require.NoError(t, err)
			},
		})
	})
}

func TestSendCodeFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SendingCodeState] {
		w := newWorld(t, clock)
		target := app.MailTarget("alice@example.com")
		return audited(t, w.core, clock, sagatest.World[app.SendingCodeState]{
			Definition: w.service.MailCodeFlow(), Journal: w.store.Journal, Subject: "code",
			State: app.SendingCodeState{
				Target: target, Language: "en", Code: "7KQ2MX", Client: homeIP,
				Expires: clock.Now().Add(codeLife), Email: "alice@example.com",
			},
			Check: func(t *testing.T, committed bool) {
				again := w.service.ChargeCode(t.Context(), &app.SendingCodeState{Target: target, Email: "alice@example.com", Client: homeIP})
				if !committed {
					require.NoError(t, again, "what was not sent counts against no limit")
					return
				}
				require.NotEmpty(t, w.mailer.Sent())
				require.Equal(t, app.TooOften, app.KindOf(again))
			},
		})
	})
}
