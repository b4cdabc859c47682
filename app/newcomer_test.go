package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

// prove has the target verified by a client.
func (g *guardedWorld) prove(t *testing.T, target app.Target, key string) {
	t.Helper()
	g.mail(t, key)
	require.NoError(t, g.service.VerifyTarget(t.Context(), target, mailed))
}

// newProving is a world whose clock can be moved on.
func newProving(t *testing.T) *guardedWorld {
	t.Helper()
	clock := sagatest.NewClock()
	return &guardedWorld{world: newWorld(t, clock), clock: clock}
}

func TestRegisterWithWhatWasProved(t *testing.T) {
	g := newProving(t)
	email := app.Target{Email: "alice@example.com", Client: homeIP}
	number := app.Target{Country: "86", Mobile: "13800138000", Client: homeIP}
	in := app.Registration{
		Username: "alice", Email: "Alice@example.com", Mobile: "13800138000", Password: goodPassword, Proven: true, Client: homeIP,
	}
	refused := func(why string) {
		t.Helper()
		_, receipt, err := g.service.RegisterAccount(t.Context(), in)
		requireKind(t, app.CodeWrong, err)
		require.Empty(t, receipt.ID, why)
	}
	refused("nothing is proved")
	g.prove(t, email, app.MailTarget("alice@example.com"))
	refused("the number is not")
	g.prove(t, number, app.SMSTarget("86", "13800138000"))
	in.Client = awayIP
	refused("another client proved them")
	in.Mobile = ""
	refused("another client proved the address")
	in.Client, in.Mobile = homeIP, number.Mobile
	g.clock.Advance(15 * time.Minute)
	refused("it was too long ago")

	g.prove(t, email, app.MailTarget("alice@example.com"))
	g.prove(t, number, app.SMSTarget("86", "13800138000"))
	g.directory.Inject("CreateUser", memoryFailBefore)
	_, err := g.service.Register(t.Context(), in)
	requireKind(t, app.DirectoryFailed, err)
	g.settle(t, g.clock)
	account, _, err := g.service.RegisterAccount(t.Context(), in)
	require.NoError(t, err, "what was proved was given back")
	require.True(t, account.EmailVerified)
	require.Equal(t, "86", account.Country)
	g.whole(t, "alice")
	g.proofIs(t, g.service.ProofName(email), false, g.clock)
	g.proofIs(t, g.service.ProofName(number), false, g.clock)
}

// TestOneProofIsOneRegistration: of many who ask at once one gets the account.
func TestOneProofIsOneRegistration(t *testing.T) {
	g := newProving(t)
	g.prove(t, app.Target{Country: "86", Mobile: "13800138000", Client: homeIP}, app.SMSTarget("86", "13800138000"))
	kinds := make([]error, 6)
	var all sync.WaitGroup
	for i := range kinds {
		all.Go(func() {
			_, kinds[i] = g.service.Register(context.Background(), app.Registration{
				NoUsername: true, Mobile: "13800138000", Password: goodPassword, Proven: true, Client: homeIP,
			})
		})
	}
	all.Wait()
	made := 0
	for _, err := range kinds {
		if err == nil {
			made++
			continue
		}
		require.Contains(t, []app.Kind{app.CodeWrong, app.MobileTaken}, app.KindOf(err), "%v", err)
	}
	require.Equal(t, 1, made)
}

func TestCheckNewcomer(t *testing.T) {
	g := newProving(t)
	account := g.register(t, "alice", "alice@example.com")
	require.NoError(t, g.store.Accounts.SetMobile(t.Context(), account.ID, "86", "13800138000", g.clock.Now()))
	tomorrow := app.Attributes{Birthday: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, try := range []struct {
		in   app.Registration
		want app.Kind
	}{
		{app.Registration{Username: "ALICE"}, app.UserTaken},
		{app.Registration{Email: "Alice@example.com"}, app.EmailTaken},
		{app.Registration{Country: "86", Mobile: "13800138000"}, app.MobileTaken},
		{app.Registration{Username: "a..b"}, app.Invalid},
		{app.Registration{Email: "x"}, app.Invalid},
		{app.Registration{Password: "weak"}, app.Invalid},
		{app.Registration{Country: "44", Mobile: "13800138001"}, app.Invalid},
		{app.Registration{Attributes: tomorrow}, app.Invalid},
	} {
		requireKind(t, try.want, g.service.CheckNewcomer(t.Context(), try.in))
	}
	require.NoError(t, g.service.CheckNewcomer(t.Context(), app.Registration{}))
	require.NoError(t, g.service.CheckNewcomer(t.Context(), app.Registration{
		Username: "bob", Email: "bob@example.com", Country: "86", Mobile: "13800138001", Password: goodPassword,
	}))
	g.absent(t, "bob", "bob@example.com")
}

func TestSignInByNumber(t *testing.T) {
	g := newGuarded(t, strict)
	account, err := g.store.Accounts.ByUsername(t.Context(), "alice")
	require.NoError(t, err)
	require.NoError(t, g.store.Accounts.SetMobile(t.Context(), account.ID, "86", "13800138000", g.clock.Now()))
	in := app.Credentials{Country: "86", Mobile: "13800138000", Password: goodPassword, IP: homeIP}
	require.NoError(t, g.try(in))
	in.Mobile = "13800138001"
	requireKind(t, app.BadCredentials, g.try(in))

	in.Mobile, in.Password, in.IP = "13800138000", wrongPassword, awayIP
	for range 5 {
		requireKind(t, app.BadCredentials, g.try(in))
	}
	in.Password = newPassword
	held(t, time.Second, g.try(in))
	g.mail(t, app.SMSTarget("86", "13800138000"))
	_, err = g.service.ResetPassword(t.Context(), app.PasswordReset{Country: "86", Mobile: "13800138000", Code: mailed, New: newPassword})
	require.NoError(t, err)
	require.NoError(t, g.try(in), "the reset lifts the lock")
}

func TestResetByACodeThatWasRedeemed(t *testing.T) {
	g := newGuarded(t, strict)
	target := app.Target{Email: "alice@example.com", Client: homeIP}
	in := app.PasswordReset{Email: "Alice@example.com", Code: mailed, New: newPassword, Client: homeIP, AfterVerify: true}
	reset := func(in app.PasswordReset) error {
		_, err := g.service.ResetPassword(t.Context(), in)
		return err
	}
	requireKind(t, app.CodeWrong, reset(in))
	g.prove(t, target, app.MailTarget("alice@example.com"))
	for _, other := range []func(*app.PasswordReset){
		func(r *app.PasswordReset) { r.AfterVerify = false },
		func(r *app.PasswordReset) { r.Code = "WRONG2" },
		func(r *app.PasswordReset) { r.Code = "" },
		func(r *app.PasswordReset) { r.Email = "bob@example.com" },
	} {
		wrong := in
		other(&wrong)
		requireKind(t, app.CodeWrong, reset(wrong))
	}
	in.Code, in.Client = " 7kq2mx ", "203.0.113.9"
	require.NoError(t, reset(in), "as people type it, and from another network than before")
	in.New = goodPassword
	requireKind(t, app.CodeWrong, reset(in))
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: newPassword}))
}

func TestRedeemedCodesAreNotGuessed(t *testing.T) {
	g := newGuarded(t, strict)
	g.prove(t, app.Target{Email: "alice@example.com", Client: homeIP}, app.MailTarget("alice@example.com"))
	in := app.PasswordReset{Email: "alice@example.com", Code: "WRONG2", New: newPassword, Client: homeIP, AfterVerify: true}
	for range 5 {
		_, err := g.service.ResetPassword(t.Context(), in)
		requireKind(t, app.CodeWrong, err)
	}
	in.Code = mailed
	_, err := g.service.ResetPassword(t.Context(), in)
	requireKind(t, app.CodeWrong, err)
}
