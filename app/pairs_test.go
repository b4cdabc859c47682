package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// action is one changing use case of alice's, and the call on Gitea that it can
// be held in; none for one that only the account store knows of.
type action struct {
	call string
	// renews: it changes the credentials. old: it was given the old ones.
	renews, old bool
	do          func(ctx context.Context, p *personWorld) error
}

// exclusive reports whether the flow holds the account: all but those of a
// session.
func (a action) exclusive() bool { return a.call != "CreateToken" && a.call != "DeleteToken" }

// actions change one account in every way there is. Codes are sent beforehand.
func actions(p *personWorld, t *testing.T, clock *sagatest.Clock) map[string]action {
	t.Helper()
	require.NoError(t, p.store.Accounts.VerifyEmail(t.Context(), p.account.ID, p.account.Email, clock.Now()))
	p.account = p.now(t)
	who := app.Principal{Account: p.account, Session: p.here.Session}
	for _, target := range []string{
		app.MailTarget("new@example.com"), app.MailTarget("alice@example.com"), app.SMSTarget("86", "13800138000"),
	} {
		p.code(t, target, clock)
	}
	boss := p.role(t, p.bob.Account, app.SuperAdministrator)
	const code = app.Secret("7kq2mx") // as a person may type it
	token, err := p.service.VerifyForReset(t.Context(), "alice@example.com", code)
	require.NoError(t, err)
	require.NoError(t, p.store.Codes.Put(t.Context(), app.MailTarget("alice@example.com"), app.AnyPurpose, "7KQ2MX",
		clock.Now().Add(codeLife), clock.Now()))
	return map[string]action{
		"edit": {"SetProfile", false, true, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.Edit(ctx, who, app.Profile{Nickname: "Alice L", AvatarURL: "http://p.test/a.png", Location: "l"})
			return err
		}},
		"change e-mail": {"SetEmail", false, true, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.ChangeEmail(ctx, who, app.EmailChange{
				Password: goodPassword, Old: "Alice@Example.com", New: "new@example.com", Code: code,
			})
			return err
		}},
		"change password": {"SetPassword", true, true, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.ChangePassword(ctx, who, app.PasswordChange{Old: goodPassword, New: newPassword})
			return err
		}},
		"reset password": {"SetPassword", true, false, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.ResetPassword(ctx, app.PasswordReset{Email: "alice@example.com", Code: code, New: "3edcxsw2"})
			return err
		}},
		"reset by token": {"SetPassword", true, true, func(ctx context.Context, p *personWorld) error {
			_, _, err := p.service.ResetByToken(ctx, app.TokenReset{Token: token, New: "3edcxsw2"})
			return err
		}},
		"sign in by code": {"CreateToken", false, false, func(ctx context.Context, p *personWorld) error {
			_, _, err := p.service.SignInByCode(ctx, app.Credentials{Email: "alice@example.com", Code: code})
			return err
		}},
		"change mobile": {"", false, true, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.ChangeMobile(ctx, who, app.MobileChange{Password: goodPassword, New: "13800138000", Code: code})
			return err
		}},
		"delete": {"SetActive", true, true, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.Delete(ctx, who, goodPassword)
			return err
		}},
		"mend in Gitea": {"UserNumbered", false, false, func(ctx context.Context, p *personWorld) error {
			account, err := p.store.Accounts.ByID(ctx, p.account.ID)
			if err != nil {
				return err
			}
			seen, err := p.directory.UsersMarked(ctx, account.ID)
			if err != nil || len(seen) == 0 { // given back
				return err
			}
			_, err = p.service.MendDirectory(ctx, account.Facts(), seen[0])
			return err
		}},
		"modify": {"SetEmail", false, false, func(ctx context.Context, p *personWorld) error {
			email, name := "other@example.com", "Alice M"
			_, err := p.service.ModifyPerson(ctx, boss, p.account.UserID, app.PersonModification{
				PersonChange: app.PersonChange{Nickname: &name}, Email: &email,
			})
			return err
		}},
		"set password": {"SetPassword", true, false, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.SetPasswordFor(ctx, boss, p.account.UserID, "3edcxsw2")
			return err
		}},
		"set role": {"", false, false, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.SetRole(ctx, boss, p.account.UserID, app.User)
			return err
		}},
		"be removed": {"SetActive", true, false, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.RemovePerson(ctx, boss, p.account.UserID)
			return err
		}},
		"suspend": {"SetActive", true, false, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.Suspend(ctx, p.account.ID, app.Locked)
			return err
		}},
		"resume": {"", false, false, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.Resume(ctx, p.account.ID)
			return err
		}},
		"remove": {"SetActive", true, false, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.Remove(ctx, p.account.ID, false)
			return err
		}},
		"restore": {"", false, false, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.Restore(ctx, p.account.ID)
			return err
		}},
		"revoke all": {"DeleteToken", false, false, func(ctx context.Context, p *personWorld) error {
			return p.service.RevokeAll(ctx, p.account.ID, func(app.Session, saga.Receipt) {})
		}},
		"sign in": {"CreateToken", false, true, func(ctx context.Context, p *personWorld) error {
			_, _, err := p.service.SignIn(ctx, app.Credentials{Username: "alice", Password: goodPassword})
			return err
		}},
		"release": {"Profile", true, false, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.Release(ctx, p.account.ID, true)
			return err
		}},
		"keep password": {"", false, true, func(ctx context.Context, p *personWorld) error {
			return p.service.KeepPassword(ctx, p.account, goodPassword)
		}},
		"sign out": {"DeleteToken", false, false, func(ctx context.Context, p *personWorld) error {
			_, err := p.service.SignOut(ctx, who)
			return err
		}},
	}
}

// operators are the actions that need no person. After one of them alice may be
// back, so that old credentials are judged by what she has.
var operators = map[string]bool{
	"suspend": true, "resume": true, "remove": true, "restore": true, "revoke all": true, "mend in Gitea": true,
	"release": true,
}

// administrators are the actions of one upon alice.
var administrators = map[string]bool{"modify": true, "set password": true, "set role": true, "be removed": true}

// adoptions are the actions on accounts that were adopted; they are tried on such
// a one.
var adoptions = map[string]bool{"release": true, "keep password": true}

// newAdopted is newPerson, with an alice who was in Gitea before us.
func newAdopted(t *testing.T, clock *sagatest.Clock) *personWorld {
	t.Helper()
	p := &personWorld{world: newWorld(t, clock)}
	id := p.directory.Place(memory.Entry{Username: "alice", Emails: []string{"alice@example.com"}, FullName: "alice"}, goodPassword)
	_, _, err := p.service.Adopt(t.Context(), p.view(t, id))
	require.NoError(t, err)
	p.here, p.away = p.signIn(t, "alice"), p.signIn(t, "alice")
	p.account, err = p.store.Accounts.ByUsername(t.Context(), "alice")
	require.NoError(t, err)
	p.register(t, "bob", "bob@example.com")
	p.bob = p.signIn(t, "bob")
	return p
}

// watched tells when a saga finds its subject held, and when one reserves it.
type watched struct {
	saga.Journal
	turnedAway, reserved chan<- struct{}
}

func (w watched) Begin(ctx context.Context, fn saga.WriteFunc) error {
	err := w.Journal.Begin(ctx, fn)
	if errors.Is(err, saga.ErrBusy) {
		signal(w.turnedAway)
	}
	return err
}

func (w watched) Reserve(ctx context.Context, id string, subjects []string, now, until time.Time) error {
	err := w.Journal.Reserve(ctx, id, subjects, now, until)
	if err == nil {
		signal(w.reserved)
	}
	return err
}

func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default: // it was told before
	}
}

// untilTurnedAway ends when a flow has met another that holds its account. Such
// a flow then answers that it is busy, where it would have waited for longer.
func (c *core) untilTurnedAway(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		select {
		case <-c.turnedAway:
		case <-t.Context().Done():
		}
	}()
	return ctx
}

// Every flow is begun while every other one is in the middle of its work on
// Gitea, and again when that one is through. Two flows that change the account
// never run together, one that was given old credentials comes too late, and
// whatever each answers, the systems agree afterwards.
func TestEveryPairOfFlows(t *testing.T) {
	for first, held := range actions(newPerson(t, sagatest.NewClock()), t, sagatest.NewClock()) {
		if held.call == "" {
			continue
		}
		for second := range actions(newPerson(t, sagatest.NewClock()), t, sagatest.NewClock()) {
			t.Run(fmt.Sprintf("%s during %s", second, first), func(t *testing.T) {
				clock := sagatest.NewClock()
				person, also := newPerson, []app.Kind(nil)
				if adoptions[first] || adoptions[second] {
					person, also = newAdopted, []app.Kind{app.DirectoryFailed} // for a user that has been given back
				}
				p := person(t, clock)
				all := actions(p, t, clock)
				hold := p.directory.Inject(held.call, memory.Hold)
				answer := make(chan error, 1)
				go func() { answer <- all[first].do(t.Context(), p) }()
				<-hold.Met()

				during := all[second].do(p.untilTurnedAway(t), p)
				requireExpected(t, during, also...)
				if all[first].exclusive() && all[second].exclusive() {
					require.Error(t, during)
				}
				require.NoError(t, hold.Release())
				before := <-answer
				requireExpected(t, before, also...)

				after := all[second].do(t.Context(), p)
				requireExpected(t, after, also...)
				if before == nil && all[first].renews && all[second].old {
					require.Contains(t, []app.Kind{app.BadCredentials, app.TokenInvalid}, app.KindOf(after), "%v", after)
				}
				p.settle(t, clock)
				p.agree(t)
			})
		}
	}
}

// requireExpected allows what one of two flows may answer: that the other came
// first, that the credentials it was given no longer hold, that storage has shut
// the account out already, that it stands elsewhere than the flow is about or is
// found no more, that the address is kept for the other flow, or that the one to
// be changed is another since; and what more says.
func requireExpected(t *testing.T, err error, more ...app.Kind) {
	t.Helper()
	var e *app.Error
	readdressed := errors.As(err, &e) && slices.Equal(e.Violations, []app.Violation{{Field: "oriEmail", Rule: app.Pattern}})
	if err != nil && !readdressed {
		require.Contains(t, append(more,
			app.Busy, app.BadCredentials, app.CodeWrong, app.TokenInvalid, app.StorageFailed, app.NotFound, app.EmailTaken, app.Unchanged,
		), app.KindOf(err), "%v", err)
	}
}

// settle lets recovery finish what is left.
func (w *world) settle(t *testing.T, clock *sagatest.Clock) {
	t.Helper()
	for range 3 {
		clock.Advance(sessionTTL / 100)
		_, err := w.runner.Tick(t.Context())
		require.NoError(t, err)
	}
}

// agree requires that alice is the same person on all three systems.
func (p *personWorld) agree(t *testing.T) {
	t.Helper()
	account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
	require.NoError(t, err)
	if account.Status == app.Deleted {
		p.givenBack(t, account)
		return
	}
	there, err := p.directory.Profile(t.Context(), account.Ref())
	require.NoError(t, err)
	require.Equal(t, account.Nickname, there.FullName)
	require.Equal(t, account.Location, there.Location)
	p.giteaEmailIs(t, account, account.Email)

	for _, password := range []app.Secret{goodPassword, newPassword, "3edcxsw2"} {
		ok, err := p.hasher.Verify(t.Context(), account.PasswordHash, password)
		require.NoError(t, err)
		require.Equal(t, ok && account.MaySignIn(), p.directory.SignsIn("alice", password), "password here and in Gitea")
	}
	require.Equal(t, account.MaySignIn(), p.storage.Active(account.StorageKey))
	p.sessionsAgree(t, account)
}

// givenBack requires that nothing of alice is left but what she had in Gitea before.
func (p *personWorld) givenBack(t *testing.T, account app.Account) {
	t.Helper()
	require.Equal(t, app.Adopted, account.GiteaOrigin)
	there := p.view(t, account.GiteaID)
	require.Empty(t, there.Mark)
	require.True(t, there.Active)
	require.Empty(t, p.entry(t, there.Username).Tokens)
	require.NotContains(t, p.storage.Users(), account.StorageKey)
	p.dead(t, p.here)
	p.dead(t, p.away)
	p.alive(t, p.bob)
}

// sessionsAgree requires that each session is alive everywhere or dead
// everywhere, and that none outlived what it was opened with.
func (p *personWorld) sessionsAgree(t *testing.T, account app.Account) {
	t.Helper()
	var tokens []string
	for _, e := range p.directory.Entries() {
		if e.Mark == account.ID {
			tokens = e.Tokens
		}
	}
	for _, name := range tokens {
		session, _, err := p.store.Sessions.Live(t.Context(), name[len("accord-"):], p.here.Session.CreatedAt)
		require.NoError(t, err, "a Gitea token without a session")
		require.Equal(t, account.CredentialEpoch, session.CredentialEpoch)
		require.Contains(t, p.storage.LiveSessions(), session.ID)
		require.True(t, account.MaySignIn())
	}
	for _, in := range []app.SignedIn{p.here, p.away} {
		if _, _, err := p.store.Sessions.Live(t.Context(), in.Session.ID, in.Session.CreatedAt); err == nil {
			p.alive(t, in)
		} else {
			p.dead(t, in)
		}
	}
	p.alive(t, p.bob)
}
