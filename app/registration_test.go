package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

const sent = app.Secret("7kq2mx") // as a person may type it

func TestRegisterWithoutAUsername(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.service.IDs = &drawn{IDs: w.service.IDs, ids: []string{"26112022009990", accountID, "26112022009999"}}
	w.register(t, "u"+accountID, "squatter@example.com")
	account, receipt, err := w.service.RegisterAccount(t.Context(), app.Registration{
		NoUsername: true, Email: "alice@example.com", Password: goodPassword, Nickname: "小爱",
	})
	require.NoError(t, err)
	require.NotEmpty(t, receipt.ID)
	require.Equal(t, "u26112022009999", account.Username)
	require.True(t, app.UsernameAllowed(account.Username))
	require.Equal(t, "小爱", account.Nickname)
	require.Equal(t, app.Normal, account.Status)
	require.Empty(t, account.StorageSecret)
	w.whole(t, account.Username)
}

func TestRegisterWithCodes(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	p := &personWorld{world: w}
	in := app.Registration{Username: "alice", Email: "alice@example.com", Password: goodPassword, EmailCode: sent, Attributes: app.Attributes{QQ: "1"}}
	_, err := w.service.Register(t.Context(), in)
	require.Equal(t, app.CodeWrong, app.KindOf(err))
	ref := p.code(t, app.MailTarget(in.Email), clock)
	in.Mobile = "13800138000"
	_, err = w.service.Register(t.Context(), in)
	require.Equal(t, app.CodeWrong, app.KindOf(err), "nothing proves the number")
	smsRef := p.code(t, app.SMSTarget("86", in.Mobile), clock)
	in.MobileCode = sent
	w.directory.Inject("CreateUser", memoryFailBefore)
	_, err = w.service.Register(t.Context(), in)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	w.settle(t, clock)
	account, _, err := w.service.RegisterAccount(t.Context(), in)
	require.NoError(t, err, "the codes were given back")
	require.Equal(t, "86", account.Country)
	require.True(t, account.EmailVerified)
	w.whole(t, "alice")
	p.redeemed(t, ref, true, clock)
	p.redeemed(t, smsRef, true, clock)
	person, err := w.store.People.ByUserID(t.Context(), account.UserID)
	require.NoError(t, err)
	require.Equal(t, app.Attributes{QQ: "1"}, person.Attributes)

	in = app.Registration{Username: "bob", Email: "bob@example.com", Password: goodPassword, Mobile: "13800138000", MobileVerified: true}
	_, err = w.service.Register(t.Context(), in)
	require.Equal(t, app.MobileTaken, app.KindOf(err))
	in.Country = "44"
	_, err = w.service.Register(t.Context(), in)
	require.Equal(t, app.Invalid, app.KindOf(err))
}

func TestRegisterByNumberAlone(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	account, _, err := w.service.RegisterAccount(t.Context(), app.Registration{
		Username: "alice", Password: goodPassword, Mobile: "13800138000", MobileVerified: true, EmailVerified: true,
	})
	require.NoError(t, err)
	require.False(t, account.HasEmail())
	require.False(t, account.EmailVerified)
	require.True(t, app.EmailAllowed(account.Email))
	w.whole(t, "alice")
	require.Empty(t, w.mailer.Sent())
	require.True(t, w.register(t, "bob", "bob@example.com").HasEmail())
}

func TestRegisterTakesNoRole(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	for _, role := range []app.Role{app.Administrator, app.SuperAdministrator, "emperor"} {
		_, err := w.service.Register(t.Context(), app.Registration{Username: "a", Email: "a@example.com", Password: goodPassword, Role: role})
		require.Equal(t, app.Forbidden, app.KindOf(err), role)
	}
}

func TestRegisterWithAnInvitation(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	code := w.invite(t, 1, w.register(t, "alice", "alice@example.com").ID)
	in := app.Registration{Username: "bob", Email: "bob@example.com", Password: goodPassword, Invite: "nonsense"}
	_, err := w.service.Register(t.Context(), in)
	require.Equal(t, app.InviteWrong, app.KindOf(err))
	w.absent(t, "bob", "bob@example.com")

	typed := app.Secret(" " + string(code[:6]) + string(code[7:]))
	require.NoError(t, w.service.CheckInvite(t.Context(), typed), "with or without the hyphens")
	in.Invite = typed
	w.directory.Inject("CreateUser", memoryFailBefore)
	_, err = w.service.Register(t.Context(), in)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	w.settle(t, clock)
	require.Zero(t, w.invitesUsed(t))
	account, _, err := w.service.RegisterAccount(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, 1, w.invitesUsed(t))
	person, err := w.store.People.ByUserID(t.Context(), account.UserID)
	require.NoError(t, err)
	require.Equal(t, "alice", person.Attributes.InvitedBy)

	in.Username, in.Email = "carol", "carol@example.com"
	_, err = w.service.Register(t.Context(), in)
	require.Equal(t, app.InviteWrong, app.KindOf(err))
	w.absent(t, "carol", "carol@example.com")
	require.Equal(t, app.InviteWrong, app.KindOf(w.service.CheckInvite(t.Context(), typed)))
	require.NoError(t, w.service.CheckInviter(t.Context(), "ALICE"))
	require.Equal(t, app.NotFound, app.KindOf(w.service.CheckInviter(t.Context(), "nobody")))
}

func TestInvitationsAreBounded(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	for _, in := range []app.NewInvite{
		{Uses: 0}, {Uses: app.MaxInviteUses + 1}, {Uses: 1, ExpiresAt: w.service.Now()}, {Uses: 1, Note: string(make([]byte, 256))},
	} {
		_, _, err := w.service.CreateInvite(t.Context(), in)
		require.Equal(t, app.Invalid, app.KindOf(err))
	}
	_, _, err := w.service.CreateInvite(t.Context(), app.NewInvite{Uses: 1, Inviter: accountID})
	require.Equal(t, app.NotFound, app.KindOf(err))
	invite, code, err := w.service.CreateInvite(t.Context(), app.NewInvite{Uses: 1, ExpiresAt: w.service.Now().Add(time.Hour)})
	require.NoError(t, err)
	require.Regexp(t, "^[2-9A-Z]{6}-[2-9A-Z]{6}-[2-9A-Z]{6}$", code.Reveal())
	require.NoError(t, w.service.RevokeInvite(t.Context(), invite.ID))
	require.Equal(t, app.InviteWrong, app.KindOf(w.service.CheckInvite(t.Context(), code)))
}
