package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// user is alice's in Gitea, by her mark.
func (p *personWorld) user(t *testing.T) app.DirectoryView {
	t.Helper()
	users, err := p.directory.UsersMarked(t.Context(), p.account.ID)
	require.NoError(t, err)
	require.Len(t, users, 1)
	return users[0]
}

// now is alice's account as it is.
func (p *personWorld) now(t *testing.T) app.Account {
	t.Helper()
	account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
	require.NoError(t, err)
	return account
}

// mended requires that alice's user in Gitea shows what her account says.
func (p *personWorld) mended(t *testing.T) {
	t.Helper()
	account, user := p.now(t), p.user(t)
	require.Equal(t, app.DirectoryView{
		ID: account.GiteaID, Username: account.Username, Email: account.Email, Mark: account.ID,
		Profile: account.Facts().Profile, Active: account.Status == app.Normal,
	}, user)
}

// healed requires that the next sign-in gives Gitea the password that it has not.
func (p *personWorld) healed(t *testing.T) {
	t.Helper()
	require.Equal(t, app.RandomPassword, p.now(t).GiteaPassword)
	require.False(t, p.directory.SignsIn("alice", goodPassword))
	p.alive(t, p.signIn(t, "alice"))
	require.True(t, p.directory.SignsIn("alice", goodPassword))
	require.Equal(t, app.SamePassword, p.now(t).GiteaPassword)
}

func TestRemakeInDirectoryFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.RemakingInDirectoryState] {
		p := newPerson(t, clock)
		require.NoError(t, p.directory.RemoveUser(t.Context(), "alice", p.account.ID))
		return audited(t, p.core, clock, sagatest.World[app.RemakingInDirectoryState]{
			Definition: p.service.RemakeInDirectoryFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.RemakingInDirectoryState{Facts: p.account.Facts(), Password: "nobody knows this"},
			Check: func(t *testing.T, committed bool) {
				if !committed {
					users, err := p.directory.UsersMarked(t.Context(), p.account.ID)
					require.NoError(t, err)
					require.Empty(t, users)
					require.Equal(t, p.account, p.now(t))
					_, err = p.service.RemakeInDirectory(t.Context(), p.account.Facts())
					require.NoError(t, err, "it can be tried again")
				}
				p.mended(t)
				p.healed(t)
				p.alive(t, p.bob)
			},
		})
	})
}

func TestMendDirectoryFailingEveryStep(t *testing.T) {
	damages := map[string]func(t *testing.T, p *personWorld){
		"everything": func(t *testing.T, p *personWorld) {
			ref := p.account.Ref()
			require.NoError(t, p.directory.SetEmail(t.Context(), ref, "other@example.com"))
			require.NoError(t, p.directory.SetProfile(t.Context(), ref, app.DirectoryProfile{FullName: "Other"}))
			require.NoError(t, p.directory.SetActive(t.Context(), ref, false))
			p.directory.Rename("alice", "other")
		},
		"mark": func(t *testing.T, p *personWorld) {
			require.NoError(t, p.directory.UnmarkUser(t.Context(), p.account.GiteaID, p.account.Ref()))
		},
		"number": func(t *testing.T, p *personWorld) {
			require.NoError(t, p.directory.RemoveUser(t.Context(), "alice", p.account.ID))
			p.directory.Place(memory.Entry{Username: "other", Emails: []string{"other@example.com"}, Mark: p.account.ID}, "by hand")
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.MendingDirectoryState] {
				p := newPerson(t, clock)
				damage(t, p)
				seen, found, err := p.directory.UserNumbered(t.Context(), p.account.GiteaID)
				require.NoError(t, err)
				if !found {
					seen = p.user(t)
				}
				return audited(t, p.core, clock, sagatest.World[app.MendingDirectoryState]{
					Definition: p.service.MendDirectoryFlow(), Journal: p.store.Journal, Subject: p.account.ID,
					State: app.MendingDirectoryState{Facts: p.account.Facts(), Seen: seen},
					Check: func(t *testing.T, committed bool) {
						if !committed {
							now, _, err := p.directory.UserNumbered(t.Context(), seen.ID)
							require.NoError(t, err)
							require.Equal(t, seen, now)
							require.Equal(t, p.account, p.now(t))
							return
						}
						p.mended(t)
						if name == "number" {
							p.healed(t)
						} else {
							p.passwordIs(t, goodPassword, newPassword)
						}
						p.alive(t, p.bob)
					},
				})
			})
		})
	}
}

// emailsOf are the addresses of the user of that name in Gitea.
func (p *personWorld) emailsOf(username string) []string {
	for _, e := range p.directory.Entries() {
		if e.Username == username {
			return e.Emails
		}
	}
	return nil
}

func TestEndAddressesFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.EndingAddressesState] {
		p := newPerson(t, clock)
		p.directory.AddEmails("alice", "one@example.com", "two@example.com")
		return audited(t, p.core, clock, sagatest.World[app.EndingAddressesState]{
			Definition: p.service.EndAddressesFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.EndingAddressesState{Facts: p.account.Facts(), Seen: p.user(t), Addresses: []string{"one@example.com", "two@example.com"}},
			Check: func(t *testing.T, committed bool) {
				want := []string{"alice@example.com"}
				if !committed {
					want = append(want, "one@example.com", "two@example.com")
				}
				require.Equal(t, want, p.emailsOf("alice"))
				p.mended(t)
				p.alive(t, p.here)
			},
		})
	})
}

func TestStepAsideFailingEveryStep(t *testing.T) {
	for _, twin := range []bool{false, true} {
		t.Run(map[bool]string{false: "alone", true: "beside another one of the mark"}[twin], func(t *testing.T) {
			sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SteppingAsideState] {
				p := newPerson(t, clock)
				require.NoError(t, p.directory.SetEmail(t.Context(), p.account.Ref(), "other@example.com"))
				p.directory.Rename("alice", "other")
				if twin {
					p.directory.Place(memory.Entry{Username: "twin", Emails: []string{"twin@example.com"}, Mark: p.account.ID}, "by hand")
				}
				now := func() app.DirectoryView {
					v, _, err := p.directory.UserNumbered(t.Context(), p.account.GiteaID)
					require.NoError(t, err)
					return v
				}
				seen := now()
				aside := seen
				aside.Username, aside.Email = "aside-1", "aside-1@example.com"
				return audited(t, p.core, clock, sagatest.World[app.SteppingAsideState]{
					Definition: p.service.StepAsideFlow(), Journal: p.store.Journal, Subject: p.account.ID,
					State: app.SteppingAsideState{Facts: p.account.Facts(), Seen: seen, Name: aside.Username, Email: aside.Email},
					Check: func(t *testing.T, committed bool) {
						if !committed {
							require.Equal(t, seen, now())
							return
						}
						require.Equal(t, aside, now())
						_, err := p.service.MendDirectory(t.Context(), p.account.Facts(), aside)
						require.NoError(t, err)
						require.Equal(t, "alice", now().Username)
						require.Equal(t, "alice@example.com", now().Email)
						p.alive(t, p.bob)
					},
				})
			})
		})
	}
}

// Only what is not the account's is given up.
func TestStepAsideWithWhatIsAnothers(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	require.NoError(t, p.directory.SetEmail(t.Context(), p.account.Ref(), "other@example.com"))
	aside, _, err := p.service.StepAside(t.Context(), p.account.Facts(), p.user(t))
	require.NoError(t, err)
	require.Equal(t, p.user(t), aside)
	require.Equal(t, "alice", aside.Username)
	require.Regexp(t, `^aside-[a-z2-7]{26}@`, aside.Email)
	_, _, err = p.service.StepAside(t.Context(), p.account.Facts(), app.DirectoryView{ID: aside.ID, Username: "alice"})
	require.Equal(t, app.Internal, app.KindOf(err), "without a mark")
}

func TestDropFromDirectoryFailingEveryStep(t *testing.T) {
	const stranger = "26010100000001"
	for _, has := range []bool{false, true} {
		t.Run(map[bool]string{false: "nothing", true: "a repository"}[has], func(t *testing.T) {
			sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.DroppingFromDirectoryState] {
				p := newPerson(t, clock)
				id := p.directory.Place(memory.Entry{Username: "orphan", Emails: []string{"orphan@example.com"}, Mark: stranger}, "x")
				if has {
					p.directory.GiveRepository("orphan", "work")
				}
				seen, _, err := p.directory.UserNumbered(t.Context(), id)
				require.NoError(t, err)
				return audited(t, p.core, clock, sagatest.World[app.DroppingFromDirectoryState]{
					Definition: p.service.DropFromDirectoryFlow(), Journal: p.store.Journal, Subject: stranger,
					State: app.DroppingFromDirectoryState{Seen: seen},
					Check: func(t *testing.T, committed bool) {
						now, found, err := p.directory.UserNumbered(t.Context(), id)
						require.NoError(t, err)
						require.Equal(t, has || !committed, found)
						if found {
							require.Equal(t, !committed, now.Active)
						}
						p.alive(t, p.here)
						p.alive(t, p.bob)
					},
				})
			})
		})
	}
}

func TestEndTokensFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.EndingTokensState] {
		p := newPerson(t, clock)
		require.NoError(t, p.store.Sessions.Close(t.Context(), p.away.Session.ID, clock.Now()))
		_, err := p.directory.CreateToken(t.Context(), p.account.Ref(), "laptop")
		require.NoError(t, err)
		return audited(t, p.core, clock, sagatest.World[app.EndingTokensState]{
			Definition: p.service.EndTokensFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.EndingTokensState{Seen: p.user(t), Tokens: []string{p.away.Session.GiteaTokenName()}},
			Check: func(t *testing.T, committed bool) {
				require.Equal(t, !committed, p.directory.TokenOwner(p.away.GiteaToken) == "alice")
				p.alive(t, p.here)
				for _, e := range p.directory.Entries() {
					if e.Username == "alice" {
						require.Contains(t, e.Tokens, "laptop")
					}
				}
			},
		})
	})
}

func TestHealDirectoryFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.HealingDirectoryState] {
		p := newPerson(t, clock)
		require.NoError(t, p.directory.SetPassword(t.Context(), p.account.Ref(), "nobody knows this"))
		require.NoError(t, p.store.Repairs.SetDirectoryUser(t.Context(), p.account.ID, p.account.GiteaID, app.RandomPassword, clock.Now()))
		return audited(t, p.core, clock, sagatest.World[app.HealingDirectoryState]{
			Definition: p.service.HealDirectoryFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.HealingDirectoryState{Account: p.now(t), Password: goodPassword},
			Check: func(t *testing.T, committed bool) {
				if !committed {
					p.healed(t)
				}
				require.Equal(t, app.SamePassword, p.now(t).GiteaPassword)
				p.passwordIs(t, goodPassword, newPassword)
				p.alive(t, p.here)
			},
		})
	})
}

func TestRemakeInStorageFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.RemakingInStorageState] {
		p := newPerson(t, clock)
		require.True(t, p.storage.Put(p.here.Grant, p.here.Grant.Prefix+"kept"))
		require.NoError(t, p.storage.RemoveUser(t.Context(), p.account.StorageKey))
		return audited(t, p.core, clock, sagatest.World[app.RemakingInStorageState]{
			Definition: p.service.RemakeInStorageFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.RemakingInStorageState{Facts: p.account.Facts(), Secret: "another secret of the storage"},
			Check: func(t *testing.T, committed bool) {
				if !committed {
					require.NotContains(t, p.storage.Users(), p.account.StorageKey)
					_, err := p.service.RemakeInStorage(t.Context(), p.account.Facts())
					require.NoError(t, err, "it can be tried again")
				}
				require.True(t, p.storage.Active(p.account.StorageKey))
				require.Contains(t, p.storage.Objects(p.account.StorageKey), p.account.StorageKey+"/kept")
				p.alive(t, p.signIn(t, "alice"))
				p.alive(t, p.bob)
			},
		})
	})
}

func TestMendStorageFailingEveryStep(t *testing.T) {
	for _, out := range []bool{false, true} {
		t.Run(map[bool]string{false: "let in", true: "shut out"}[out], func(t *testing.T) {
			sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.MendingStorageState] {
				p := newPerson(t, clock)
				key := p.account.StorageKey
				p.storage.LoseHome(key)
				if out {
					p.suspend(t, app.Locked)
				}
				require.NoError(t, p.storage.SetActive(t.Context(), key, out))
				seen := app.StorageView{Key: key, Enabled: out}
				return audited(t, p.core, clock, sagatest.World[app.MendingStorageState]{
					Definition: p.service.MendStorageFlow(), Journal: p.store.Journal, Subject: p.account.ID,
					State: app.MendingStorageState{Facts: p.now(t).Facts(), Seen: seen},
					Check: func(t *testing.T, committed bool) {
						want := seen
						if committed {
							want = app.StorageView{Key: key, Enabled: !out, Home: true}
						}
						now, _, err := p.storage.User(t.Context(), key)
						require.NoError(t, err)
						require.Equal(t, want, now)
						if committed && !out {
							p.alive(t, p.here)
						}
						p.alive(t, p.bob)
					},
				})
			})
		})
	}
}

// Who was made again by hand has another secret, which no listing shows.
func TestMendStorageSetsTheSecret(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	key := p.account.StorageKey
	require.NoError(t, p.storage.RemoveUser(t.Context(), key))
	p.storage.PlaceForeign(key, "by hand")
	_, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword})
	require.Equal(t, app.StorageFailed, app.KindOf(err))
	_, err = p.service.MendStorage(t.Context(), p.account.Facts(), app.StorageView{Key: key, Enabled: true})
	require.NoError(t, err)
	p.alive(t, p.signIn(t, "alice"))
}

func TestDropFromStorageFailingEveryStep(t *testing.T) {
	const stranger = "26010100000001"
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.DroppingFromStorageState] {
		p := newPerson(t, clock)
		key := app.StorageKeyOf(stranger)
		require.NoError(t, p.storage.CreateUser(t.Context(), key, "secret"))
		return audited(t, p.core, clock, sagatest.World[app.DroppingFromStorageState]{
			Definition: p.service.DropFromStorageFlow(), Journal: p.store.Journal, Subject: stranger,
			State: app.DroppingFromStorageState{AccountID: stranger, Seen: app.StorageView{Key: key, Enabled: true, Home: true}},
			Check: func(t *testing.T, committed bool) {
				require.Equal(t, !committed, p.storage.Active(key))
				p.alive(t, p.here)
			},
		})
	})
}

// What a repair rests on is looked at once more, under the hold of the account;
// where anything has changed, nothing is done.
func TestRepairsOfWhatHasChanged(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	facts, user := p.account.Facts(), p.user(t)
	key := p.account.StorageKey
	home := app.StorageView{Key: key, Enabled: true, Home: true}
	other := facts
	other.Email = "other@example.com"
	elsewhere := user
	elsewhere.Active = false
	before, storage := p.directory.Entries(), p.storage.Users()
	for name, repair := range map[string]func() error{
		"made again in Gitea, and there": func() error { _, err := p.service.RemakeInDirectory(t.Context(), facts); return err },
		"of other facts":                 func() error { _, err := p.service.MendDirectory(t.Context(), other, user); return err },
		"of a user that changed":         func() error { _, err := p.service.MendDirectory(t.Context(), facts, elsewhere); return err },
		"dropped, and an account's":      func() error { _, _, err := p.service.DropFromDirectory(t.Context(), user); return err },
		"tokens of an open session": func() error {
			_, err := p.service.EndTokens(t.Context(), facts, user, []string{p.here.Session.GiteaTokenName()})
			return err
		},
		"made again in storage, and there": func() error { _, err := p.service.RemakeInStorage(t.Context(), facts); return err },
		"in storage, of other facts":       func() error { _, err := p.service.MendStorage(t.Context(), other, home); return err },
		"in storage, of a user that changed": func() error {
			_, err := p.service.MendStorage(t.Context(), facts, app.StorageView{Key: key})
			return err
		},
		"dropped from storage, and an account's": func() error {
			_, err := p.service.DropFromStorage(t.Context(), p.account.ID, home)
			return err
		},
	} {
		err := repair()
		require.ErrorIs(t, err, app.ErrChanged, name)
		require.Equal(t, app.Busy, app.KindOf(err), name)
	}
	require.Equal(t, before, p.directory.Entries())
	require.Equal(t, storage, p.storage.Users())
	p.alive(t, p.here)
}

// A token that is named after the open session of another account is none of a
// session, and goes.
func TestEndTokensNamedAfterOthersSessions(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	bob := p.signIn(t, "bob")
	name := bob.Session.GiteaTokenName()
	token, err := p.directory.CreateToken(t.Context(), p.account.Ref(), name)
	require.NoError(t, err)
	_, err = p.service.EndTokens(t.Context(), p.account.Facts(), p.user(t), []string{name})
	require.NoError(t, err)
	require.Empty(t, p.directory.TokenOwner(token))
	require.Equal(t, "bob", p.directory.TokenOwner(bob.GiteaToken))
}

// What is not ours is refused before a saga begins.
func TestRepairsOfForeigners(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	facts, foreign := p.account.Facts(), app.DirectoryView{ID: 99, Username: "alice", Email: "alice@example.com", Active: true}
	external := p.user(t)
	external.Mark, external.External = "", true
	for _, repair := range []func() error{
		func() error { _, err := p.service.MendDirectory(t.Context(), facts, foreign); return err },
		func() error { _, err := p.service.MendDirectory(t.Context(), facts, external); return err },
		func() error { _, _, err := p.service.DropFromDirectory(t.Context(), foreign); return err },
		func() error {
			_, err := p.service.EndTokens(t.Context(), facts, p.user(t), []string{"accord-laptop"})
			return err
		},
		func() error {
			_, err := p.service.MendStorage(t.Context(), facts, app.StorageView{Key: "foreign"})
			return err
		},
		func() error {
			_, err := p.service.DropFromStorage(t.Context(), p.account.ID, app.StorageView{Key: "foreign"})
			return err
		},
	} {
		require.Equal(t, app.Internal, app.KindOf(repair()))
	}
}

// A sign-in never fails for Gitea not taking the password; the next one tries
// again. A password that is changed or reset is Gitea's too.
func TestHealingNeverFailsASignIn(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	random := func() {
		require.NoError(t, p.directory.SetPassword(t.Context(), p.account.Ref(), "nobody knows this"))
		require.NoError(t, p.store.Repairs.SetDirectoryUser(t.Context(), p.account.ID, p.account.GiteaID, app.RandomPassword, clock.Now()))
	}
	random()
	p.directory.Inject("SetPassword", memory.Refuse)
	p.alive(t, p.signIn(t, "alice"))
	p.healed(t)
	set := p.directory.Count("SetPassword")
	p.signIn(t, "alice")
	require.Equal(t, set, p.directory.Count("SetPassword"), "once is enough")

	random()
	who := app.Principal{Account: p.now(t), Session: p.here.Session}
	_, err := p.service.ChangePassword(t.Context(), who, app.PasswordChange{Old: goodPassword, New: newPassword})
	require.NoError(t, err)
	require.Equal(t, app.SamePassword, p.now(t).GiteaPassword)
	require.True(t, p.directory.SignsIn("alice", newPassword))
}
