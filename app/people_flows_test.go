package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

// role gives an account a role behind the use cases' back and returns it as its
// principal.
func (w *world) role(t *testing.T, a app.Account, role app.Role) app.Principal {
	t.Helper()
	require.NoError(t, w.store.Roster.SetRole(t.Context(), a.ID, role, a.UpdatedAt))
	a, err := w.store.Accounts.ByID(t.Context(), a.ID)
	require.NoError(t, err)
	return app.Principal{Account: a}
}

// invite makes an invitation that can be used so often.
func (w *world) invite(t *testing.T, uses int, inviter string) app.Secret {
	t.Helper()
	_, code, err := w.service.CreateInvite(t.Context(), app.NewInvite{Uses: uses, Inviter: inviter})
	require.NoError(t, err)
	return code
}

func (w *world) invitesUsed(t *testing.T) (used int) {
	t.Helper()
	all, err := w.service.ListInvites(t.Context(), 0, 10)
	require.NoError(t, err)
	for _, invite := range all {
		used += invite.Used
	}
	return used
}

// TestFullRegistrationFailingEveryStep registers with a code for the address, one for the
// number, an invitation, attributes, a page, a picture and an administrator's word.
func TestFullRegistrationFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.RegistrationState] {
		p := newPerson(t, clock)
		boss := p.role(t, p.account, app.Administrator)
		refs := []app.CodeRef{
			p.code(t, app.MailTarget("carol@example.com"), clock), p.code(t, app.SMSTarget("86", "13800138000"), clock),
		}
		invite := p.invite(t, 5, p.account.ID)
		require.NoError(t, p.store.Proofs.Put(t.Context(), "proof", clock.Now().Add(grace), clock.Now()))
		return sagatest.World[app.RegistrationState]{
			Definition: p.service.RegisterFlow(), Journal: p.store.Journal, Subject: accountID,
			State: app.RegistrationState{
				Account: app.Account{
					ID: accountID, UserID: 1, Username: "carol", Email: "carol@example.com", EmailVerified: true,
					Country: "86", Mobile: "13800138000",
					Profile: app.Profile{Nickname: "Carol C", Website: "http://c.test", AvatarURL: "http://p.test/c.png"},
					Status:  app.Reserved, Role: app.User, GiteaOrigin: app.Created, StorageOrigin: app.Created,
					StorageKey: app.StorageKeyOf(accountID), StorageSecret: "a-storage-secret-of-many-characters",
					CreatedAt: clock.Now(), UpdatedAt: clock.Now(),
				},
				Password: goodPassword, Language: "zh", Actor: boss.Account.ID, Codes: refs, Invite: invite, Prove: []string{"proof"},
				Attributes: &app.Attributes{QQ: "10001"}, Picture: picture(t),
			},
			Check: func(t *testing.T, committed bool) {
				used := 0
				if committed {
					used = 1
					p.whole(t, "carol")
					person, err := p.store.People.ByUserID(t.Context(), 1)
					require.NoError(t, err)
					require.Equal(t, app.Attributes{QQ: "10001", InvitedBy: "alice"}, person.Attributes)
					require.Equal(t, "13800138000", person.Account.Mobile)
					there, err := p.directory.Profile(t.Context(), person.Account.Ref())
					require.NoError(t, err)
					require.Equal(t, app.DirectoryProfile{FullName: "Carol C", Website: "http://c.test"}, there)
					require.Equal(t, picture(t), p.directory.Avatar("carol"))
					require.True(t, person.Account.EmailVerified)
				} else {
					p.absent(t, "carol", "carol@example.com")
					require.Len(t, p.directory.Entries(), 2)
					require.NoError(t, p.store.Accounts.SetMobile(t.Context(), p.account.ID, "86", "13800138000", clock.Now()), "the number is free")
				}
				require.Equal(t, used, p.invitesUsed(t))
				for _, ref := range refs {
					p.redeemed(t, ref, committed, clock)
				}
				p.proofIs(t, "proof", !committed, clock)
				p.alive(t, p.bob)
			},
		}
	})
}

func TestModifyFailingEveryStep(t *testing.T) {
	nickname, sign := "Alice L", "after"
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.EditingState] {
		p := newPerson(t, clock)
		boss := p.role(t, p.bob.Account, app.Administrator)
		require.NoError(t, p.store.Accounts.VerifyEmail(t.Context(), p.account.ID, p.account.Email, clock.Now()))
		return sagatest.World[app.EditingState]{
			Definition: p.service.ModifyFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.EditingState{
				Account: p.account, Actor: boss.Account.ID, Email: "New@example.com", Picture: picture(t),
				Change: app.PersonChange{Nickname: &nickname, Attributes: app.AttributesChange{Sign: &sign}},
			},
			Check: func(t *testing.T, committed bool) {
				is, free, name, signed := "alice@example.com", "new@example.com", "alice", ""
				if committed {
					is, free, name, signed = "New@example.com", "alice@example.com", nickname, sign
				}
				person, err := p.store.People.ByUserID(t.Context(), p.account.UserID)
				require.NoError(t, err)
				require.Equal(t, []string{is, name, signed}, []string{person.Account.Email, person.Account.Nickname, person.Attributes.Sign})
				require.Equal(t, !committed, person.Account.EmailVerified, "nobody has shown that the new one is his")
				p.giteaEmailIs(t, p.account, is)
				there, err := p.directory.Profile(t.Context(), p.account.Ref())
				require.NoError(t, err)
				require.Equal(t, name, there.FullName)
				require.Equal(t, committed, len(p.directory.Avatar("alice")) > 0)
				p.register(t, "carol", free)
				p.alive(t, p.here)
				p.alive(t, p.bob)
			},
		}
	})
}

func TestSetPasswordFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ResettingPasswordState] {
		p := newPerson(t, clock)
		p.intrude(t)
		boss := p.role(t, p.bob.Account, app.SuperAdministrator)
		hash, err := p.hasher.Hash(t.Context(), newPassword)
		require.NoError(t, err)
		return sagatest.World[app.ResettingPasswordState]{
			Definition: p.service.SetPasswordFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.ResettingPasswordState{Account: p.account, Actor: boss.Account.ID, New: newPassword, Hash: hash},
			Check: func(t *testing.T, committed bool) {
				account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
				require.NoError(t, err)
				require.False(t, account.EmailVerified)
				if committed {
					p.evicted(t, keysLeft)
					p.passwordIs(t, newPassword, goodPassword)
					p.dead(t, p.here)
					p.dead(t, p.away)
				} else {
					p.intact(t)
					p.passwordIs(t, goodPassword, newPassword)
					p.alive(t, p.here)
				}
				p.alive(t, p.bob)
			},
		}
	})
}

func TestSetRoleFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.GivingRoleState] {
		p := newPerson(t, clock)
		boss := p.role(t, p.bob.Account, app.SuperAdministrator)
		return sagatest.World[app.GivingRoleState]{
			Definition: p.service.SetRoleFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.GivingRoleState{AccountID: p.account.ID, Actor: boss.Account.ID, Role: app.Administrator},
			Check: func(t *testing.T, committed bool) {
				account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
				require.NoError(t, err)
				require.Equal(t, committed, account.Role == app.Administrator)
				p.alive(t, p.here)
			},
		}
	})
}

func TestRemovePersonFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.DeletingState] {
		p := newPerson(t, clock)
		boss := p.role(t, p.bob.Account, app.Administrator)
		return sagatest.World[app.DeletingState]{
			Definition: p.service.DeleteFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.DeletingState{Account: p.account, Actor: boss.Account.ID, Until: clock.Now().Add(time.Hour)},
			Check: func(t *testing.T, committed bool) {
				p.alive(t, p.bob)
				if committed {
					p.dead(t, p.here)
					return
				}
				p.alive(t, p.here)
			},
		}
	})
}
