package app_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/adapters/password"
	"accord/app"
	"accord/saga/sagatest"
)

// recorder is a directory that keeps every password it is sent.
type recorder struct {
	*memory.Directory

	mu   sync.Mutex
	sent []app.Secret
}

func (r *recorder) record(password app.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, password)
}

func (r *recorder) CreateUser(ctx context.Context, u app.DirectoryUser) (int64, error) {
	r.record(u.Password)
	return r.Directory.CreateUser(ctx, u)
}

func (r *recorder) SetPassword(ctx context.Context, ref app.DirectoryRef, password app.Secret) error {
	r.record(password)
	return r.Directory.SetPassword(ctx, ref, password)
}

func (r *recorder) CheckPassword(ctx context.Context, ref app.DirectoryRef, password app.Secret) (app.PasswordCheck, error) {
	r.record(password)
	return r.Directory.CheckPassword(ctx, ref, password)
}

// sealedWorld is a world in which no password may reach Gitea.
type sealedWorld struct {
	*world
	recorder *recorder
}

func newSealed(t *testing.T, clock *sagatest.Clock) sealedWorld {
	t.Helper()
	w := &world{
		directory: memory.NewDirectory(), storage: memory.NewStorage(), mailer: memory.NewMailer(), sms: memory.NewSMS(),
		files: memory.NewFiles(),
	}
	w.storage.Now, w.directory.Now = clock.Now, clock.Now
	r := &recorder{Directory: w.directory}
	w.core = newCore(t, clock.Now, password.Options{Memory: 64, Time: 1}, app.Deps{
		Directory: r, Storage: w.storage, Mailer: w.mailer, SMS: w.sms, Files: w.files, Repositories: w.directory,
		DirectoryDoor: w.directory, StorageDoor: w.storage,
		DirectoryCredentials: w.directory, StorageCredentials: w.storage,
		DirectoryRepairs: w.directory, StorageRepairs: w.storage, DirectoryAdoption: r,
	})
	w.service.SealPasswords(true)
	return sealedWorld{w, r}
}

// sealed requires that Gitea was sent random passwords alone, at least n of them.
func (w sealedWorld) sealed(t *testing.T, n int, chosen ...app.Secret) {
	t.Helper()
	w.recorder.mu.Lock()
	defer w.recorder.mu.Unlock()
	seen := map[app.Secret]bool{}
	for _, sent := range w.recorder.sent {
		require.NotContains(t, append(chosen, goodPassword, newPassword, theirPassword), sent)
		require.Regexp(t, `^[A-Z2-7]{36}aA1!$`, sent.Reveal())
		require.False(t, seen[sent], "each is drawn anew")
		seen[sent] = true
	}
	require.GreaterOrEqual(t, len(seen), n)
}

func (w sealedWorld) account(t *testing.T, username string) app.Account {
	t.Helper()
	account, err := w.store.Accounts.ByUsername(t.Context(), username)
	require.NoError(t, err)
	return account
}

// opens reports whether the password signs in here; it never does in Gitea.
func (w sealedWorld) opens(t *testing.T, username string, password app.Secret) bool {
	t.Helper()
	require.False(t, w.directory.SignsIn(username, password))
	in, _, err := w.service.SignIn(t.Context(), app.Credentials{Username: username, Password: password})
	if err != nil {
		require.Equal(t, app.BadCredentials, app.KindOf(err))
		return false
	}
	w.alive(t, in)
	require.False(t, w.directory.SignsIn(username, password))
	require.Equal(t, app.RandomPassword, w.account(t, username).GiteaPassword)
	return true
}

func TestSealedPasswordsNeverReachGitea(t *testing.T) {
	clock := sagatest.NewClock()
	w := newSealed(t, clock)
	account := w.register(t, "alice", "alice@example.com")
	require.Equal(t, app.RandomPassword, account.GiteaPassword)
	require.True(t, w.opens(t, "alice", goodPassword))

	in := w.signIn(t, "alice")
	p := app.Principal{Account: in.Account, Session: in.Session}
	_, err := w.service.ChangePassword(t.Context(), p, app.PasswordChange{Old: goodPassword, New: newPassword})
	require.NoError(t, err)
	require.True(t, w.opens(t, "alice", newPassword))
	require.False(t, w.opens(t, "alice", goodPassword))

	code := app.Secret("7KQ2MX")
	require.NoError(t, w.store.Codes.Put(t.Context(), app.MailTarget("alice@example.com"), app.AnyPurpose, code,
		clock.Now().Add(codeLife), clock.Now()))
	_, err = w.service.ResetPassword(t.Context(), app.PasswordReset{Email: "alice@example.com", Code: code, New: "3reset-it"})
	require.NoError(t, err)
	require.True(t, w.opens(t, "alice", "3reset-it"))

	_, err = w.service.RemakeInDirectory(t.Context(), w.lost(t, "alice"))
	require.NoError(t, err)
	require.True(t, w.opens(t, "alice", "3reset-it"))
	w.sealed(t, 4, "3reset-it")
}

// lost removes the user from Gitea behind our back.
func (w sealedWorld) lost(t *testing.T, username string) app.Facts {
	t.Helper()
	account := w.account(t, username)
	require.NoError(t, w.directory.PurgeUser(t.Context(), account.Ref()))
	return account.Facts()
}

// An adopted person's old password is replaced too: a reset lets them in.
func TestSealedAdoption(t *testing.T) {
	w := newSealed(t, sagatest.NewClock())
	w.adopt(t)
	require.Equal(t, app.RandomPassword, w.account(t, "carol").GiteaPassword)
	require.False(t, w.opens(t, "carol", theirPassword))
	w.sealed(t, 1)
}

// A running deployment is switched: what Gitea has is sealed by a repair, and
// given back at the next sign-in after the switch back.
func TestSwitchingTheModeOfPasswords(t *testing.T) {
	w := newSealed(t, sagatest.NewClock())
	w.service.SealPasswords(false)
	account := w.register(t, "alice", "alice@example.com")
	in := w.signIn(t, "alice")
	require.True(t, w.directory.SignsIn("alice", goodPassword))
	mirrored, err := w.store.Repairs.Mirrored(t.Context(), []string{account.ID})
	require.NoError(t, err)
	require.True(t, mirrored[account.ID])

	w.service.SealPasswords(true)
	views, err := w.directory.UsersMarked(t.Context(), account.ID)
	require.NoError(t, err)
	_, err = w.service.SealDirectory(t.Context(), account.Facts(), views[0])
	require.NoError(t, err)
	w.alive(t, in)
	require.True(t, w.opens(t, "alice", goodPassword))
	mirrored, err = w.store.Repairs.Mirrored(t.Context(), []string{account.ID})
	require.NoError(t, err)
	require.Empty(t, mirrored)

	w.service.SealPasswords(false)
	w.alive(t, w.signIn(t, "alice"))
	require.True(t, w.directory.SignsIn("alice", goodPassword))
	require.Equal(t, app.SamePassword, w.account(t, "alice").GiteaPassword)
}

// A heal that began before the switch does not go on after it.
func TestASealedDeploymentHealsNothing(t *testing.T) {
	w := newSealed(t, sagatest.NewClock())
	account := w.register(t, "alice", "alice@example.com")
	err := w.service.Heal(t.Context(), app.HealingDirectoryState{Account: account, Password: goodPassword})
	require.ErrorIs(t, err, app.ErrChanged)
	w.sealed(t, 1)
}

func TestSealDirectoryFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SealingDirectoryState] {
		p := newPerson(t, clock)
		p.service.SealPasswords(true)
		return audited(t, p.core, clock, sagatest.World[app.SealingDirectoryState]{
			Definition: p.service.SealDirectoryFlow(), Journal: p.store.Journal, Subject: p.account.ID,
			State: app.SealingDirectoryState{Facts: p.account.Facts(), Username: "alice"},
			Check: func(t *testing.T, committed bool) {
				if !committed {
					require.True(t, p.directory.SignsIn("alice", goodPassword))
					_, err := p.service.SealDirectory(t.Context(), p.account.Facts(), p.user(t))
					require.NoError(t, err, "it can be tried again")
				}
				require.False(t, p.directory.SignsIn("alice", goodPassword))
				require.Equal(t, app.RandomPassword, p.now(t).GiteaPassword)
				p.alive(t, p.here)
				p.alive(t, p.signIn(t, "alice"))
				p.alive(t, p.bob)
			},
		})
	})
}

func TestSealedRegistrationFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.RegistrationState] {
		w := newSealed(t, clock)
		return audited(t, w.core, clock, sagatest.World[app.RegistrationState]{
			Definition: w.service.RegisterFlow(), Journal: w.store.Journal, Subject: accountID,
			State: app.RegistrationState{
				Account: app.Account{
					ID: accountID, UserID: 1, Username: "alice", Email: "alice@example.com", Status: app.Reserved,
					GiteaOrigin: app.Created, StorageOrigin: app.Created,
					StorageKey: app.StorageKeyOf(accountID), StorageSecret: "a-storage-secret-of-many-characters",
					CreatedAt: clock.Now(), UpdatedAt: clock.Now(),
				},
				Password: goodPassword, Language: "zh",
			},
			Check: func(t *testing.T, committed bool) {
				if committed {
					require.True(t, w.opens(t, "alice", goodPassword))
				} else {
					w.absent(t, "alice", "alice@example.com")
				}
				w.sealed(t, 0)
			},
		})
	})
}

func TestSealedPasswordChangeFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.ChangingPasswordState] {
		w := newSealed(t, clock)
		account := w.register(t, "alice", "alice@example.com")
		here := w.signIn(t, "alice")
		return audited(t, w.core, clock, sagatest.World[app.ChangingPasswordState]{
			Definition: w.service.ChangePasswordFlow(), Journal: w.store.Journal, Subject: account.ID,
			State: app.ChangingPasswordState{Account: account, Keep: here.Session.ID, Old: goodPassword, New: newPassword},
			Check: func(t *testing.T, committed bool) {
				w.alive(t, here)
				require.Equal(t, committed, w.opens(t, "alice", newPassword))
				require.Equal(t, !committed, w.opens(t, "alice", goodPassword))
				w.sealed(t, 1)
			},
		})
	})
}
