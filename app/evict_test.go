package app_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// A second address, and a storage access key, that an intruder left.
const (
	intruderAddress = "intruder@example.com"
	intruderKey     = "intruders-access-key"
)

// intrude leaves in alice's name what somebody would who had been in: tokens, one
// of them named after a session of bob's, an application, an address, keys.
func (p *personWorld) intrude(t *testing.T) []app.Secret {
	t.Helper()
	var tokens []app.Secret
	for _, name := range []string{"ci", "accord-ci", p.bob.Session.GiteaTokenName()} {
		token, err := p.directory.CreateToken(t.Context(), p.account.Ref(), name)
		require.NoError(t, err)
		tokens = append(tokens, token)
	}
	p.directory.AddCredential("alice", app.OAuth2Application, "app")
	p.directory.AddCredential("alice", app.Webhook, "hook")
	p.directory.AddCredential("alice", app.ActionsRunner, "runner")
	p.directory.AddEmails("alice", intruderAddress)
	p.directory.AddCredential("alice", app.SSHKey, "laptop")
	p.directory.AddCredential("alice", app.GPGKey, "gpg")
	p.directory.AddCredential("alice", app.DeployKey, "deploy")
	p.storage.AddAccessKey(p.account.StorageKey, intruderKey)
	return tokens
}

// foreignCredentials lists what of alice's no session has, by kind and name.
func (p *personWorld) foreignCredentials(t *testing.T) []string {
	t.Helper()
	kinds := []app.CredentialKind{app.GiteaToken, app.OAuth2Application, app.SecondAddress, app.Webhook, app.ActionsRunner, app.SSHKey, app.GPGKey, app.DeployKey}
	found, err := p.directory.Credentials(t.Context(), p.account.ID, kinds...)
	require.NoError(t, err)
	inStorage, err := p.storage.AccessKeys(t.Context(), p.account.StorageKey)
	require.NoError(t, err)
	open, err := p.store.Listings.UnclosedOf(t.Context(), p.account.ID)
	require.NoError(t, err)
	var foreign []string
	for _, c := range append(found, inStorage...) {
		id, ours := app.SessionOfToken(c.Name)
		if _, isOpen := open[id]; !ours || !isOpen {
			foreign = append(foreign, string(c.Kind)+" "+c.Name)
		}
	}
	return foreign
}

var keysLeft = []string{"GPG key gpg", "deploy key deploy"}

// shutOut reports whether Gitea keeps alice out.
func (p *personWorld) shutOut() bool {
	for _, e := range p.directory.Entries() {
		if e.Mark == p.account.ID {
			return e.ShutOut
		}
	}
	return true
}

// evicted requires that nothing is left but keys, and those only if they are to
// be, and that Gitea lets alice in if her account does.
func (p *personWorld) evicted(t *testing.T, keys []string) {
	t.Helper()
	require.Equal(t, p.now(t).Status != app.Normal, p.shutOut())
	require.ElementsMatch(t, keys, p.foreignCredentials(t))
}

// intact requires that an intruder's things are all there.
func (p *personWorld) intact(t *testing.T) {
	t.Helper()
	require.ElementsMatch(t, append([]string{
		"access token ci", "access token accord-ci", "access token " + p.bob.Session.GiteaTokenName(), "OAuth2 application app",
		"webhook hook", "Actions runner runner", "SSH key laptop", "second address " + intruderAddress, "storage access key " + intruderKey,
	}, keysLeft...), p.foreignCredentials(t))
}

func TestEvictFailingEveryStep(t *testing.T) {
	for keys, holds := range map[bool]bool{false: true, true: false} {
		sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.EvictingState] {
			p := newPerson(t, clock)
			p.intrude(t)
			left := keysLeft
			if keys {
				left = nil
			}
			return audited(t, p.core, clock, sagatest.World[app.EvictingState]{
				Definition: p.service.EvictFlow(), Journal: p.store.Journal, Subject: p.account.ID,
				State: app.EvictingState{Account: p.account, Keys: keys, Holds: holds},
				Check: func(t *testing.T, committed bool) {
					if committed {
						p.evicted(t, left)
					} else {
						p.intact(t)
						require.False(t, p.shutOut())
					}
					p.alive(t, p.here)
					p.alive(t, p.away)
					p.alive(t, p.bob)
				},
			})
		})
	}
}

func TestEvictSaysWhatItEnded(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	tokens := p.intrude(t)
	found, err := p.service.Evictable(t.Context(), p.account.ID, true)
	require.NoError(t, err)
	require.Len(t, found, 11)
	found, err = p.service.Evictable(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	require.Len(t, found, 9)
	p.intact(t)

	out, _, err := p.service.Evict(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	require.Len(t, out.Ended, 9)
	require.Len(t, out.Left, 1, "deploy keys are looked for only if they are to end")
	for _, token := range tokens {
		require.Empty(t, p.directory.TokenOwner(token))
	}
	p.alive(t, p.here)

	out, _, err = p.service.Evict(t.Context(), p.account.ID, true)
	require.NoError(t, err)
	require.Len(t, out.Ended, 2)
	require.Empty(t, out.Left)
	_, _, err = p.service.Evict(t.Context(), "absent", true)
	require.Equal(t, app.NotFound, app.KindOf(err))
}

// calmed lets every saga come to its end: the clock moves to when it goes on.
func (p *personWorld) calmed(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		_, pending, err := p.store.Repairs.Pending(t.Context(), 1)
		require.NoError(t, err)
		if pending == 0 {
			return
		}
		require.True(t, time.Now().Before(end), "a saga does not come to its end")
		p.goOn(t)
	}
}

// goOn moves the clock to when a saga that is parked goes on, and lets it.
func (p *personWorld) goOn(t *testing.T) {
	t.Helper()
	records, err := p.store.Archive.List(t.Context(), saga.Filter{}, saga.Page{Limit: 200})
	require.NoError(t, err)
	for _, r := range records {
		if !r.Phase.Ended() && r.Owner == "" && !r.Due.IsZero() {
			p.clock.Reach(r.Due)
		}
	}
	_, err = p.runner.Tick(t.Context())
	require.NoError(t, err)
}

// hold keeps credentials from ending, until Mend.
func (p *personWorld) hold() { p.directory.Break(memoryFailBefore, "EndCredential") }

// Every token stops at once, however long the eviction takes. Nothing else is done
// with the account meanwhile.
func TestNoTokenWorksWhileAnEvictionGoesOn(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.intrude(t)
	p.hold()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, receipt, err := p.service.Evict(ctx, p.account.ID, false)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.Error(t, receipt.Pending)
	require.True(t, p.shutOut())
	_, err = p.service.Suspend(ctx, p.account.ID, app.Locked)
	require.Equal(t, app.Busy, app.KindOf(err))
	p.directory.Mend()
	p.calmed(t)
	p.evicted(t, keysLeft)
	p.alive(t, p.here)
}

// Whom an administrator of Gitea keeps out, no eviction lets in.
func TestAnEvictionLiftsNoBanOfGitea(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.intrude(t)
	require.NoError(t, p.directory.SetActive(t.Context(), p.account.Ref(), false))
	_, _, err := p.service.Evict(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	require.True(t, p.shutOut())
	require.ElementsMatch(t, keysLeft, p.foreignCredentials(t))
}

// A listing that fails does not keep the door open.
func TestAnEvictionThatCannotLookShutsOut(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.intrude(t)
	p.directory.Break(memoryFailBefore, "SomeTokens")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, _, err := p.service.Evict(ctx, p.account.ID, false)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.True(t, p.shutOut())
	p.directory.Mend()
	p.calmed(t)
	p.evicted(t, keysLeft)
}

// keepsKeys refuses to end keys.
type keepsKeys struct{ app.DirectoryCredentials }

func (k keepsKeys) EndCredentials(ctx context.Context, accountID string, all []app.Credential) ([]app.Credential, error) {
	ended, err := k.DirectoryCredentials.EndCredentials(ctx, accountID, slices.DeleteFunc(slices.Clone(all), func(c app.Credential) bool { return c.Kind.IsKey() }))
	if err == nil && len(ended) < len(all) {
		err = saga.Refused(&app.Error{Kind: app.DirectoryFailed})
	}
	return ended, err
}

// Keys that Gitea refuses to end keep no user out.
func TestKeysThatGiteaKeepsAreLeft(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.intrude(t)
	p.service.DirectoryCredentials = keepsKeys{p.directory}
	out, _, err := p.service.Evict(t.Context(), p.account.ID, true)
	require.NoError(t, err)
	require.Len(t, out.Left, 2)
	p.evicted(t, keysLeft)
}

// endsTwo ends two credentials at a time, and then fails.
type endsTwo struct{ app.DirectoryCredentials }

func (e endsTwo) EndCredentials(ctx context.Context, accountID string, all []app.Credential) ([]app.Credential, error) {
	if len(all) <= 2 {
		return e.DirectoryCredentials.EndCredentials(ctx, accountID, all)
	}
	ended, err := e.DirectoryCredentials.EndCredentials(ctx, accountID, all[:2])
	if err == nil {
		err = &app.Error{Kind: app.DirectoryFailed}
	}
	return ended, err
}

// An eviction that ends a part in every try is never given up. Its state does not
// grow with the credentials.
func TestAnEvictionThatProgressesIsNotGivenUp(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	const tokens = 240
	for i := range tokens {
		_, err := p.directory.CreateToken(t.Context(), p.account.Ref(), fmt.Sprintf("token-%d", i))
		require.NoError(t, err)
	}
	p.service.DirectoryCredentials = endsTwo{p.directory}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, receipt, err := p.service.Evict(ctx, p.account.ID, false)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	p.calmed(t)
	p.evicted(t, nil)
	rec, err := p.store.Journal.Load(t.Context(), receipt.ID)
	require.NoError(t, err)
	require.Equal(t, saga.Committed, rec.Phase)
	require.Less(t, len(rec.State), 32<<10)
}

// endsOneKey ends one access key after each listing, and then fails.
type endsOneKey struct {
	app.StorageCredentials
	ended *atomic.Bool
}

func (e endsOneKey) AccessKeys(ctx context.Context, key string) ([]app.Credential, error) {
	e.ended.Store(false)
	return e.StorageCredentials.AccessKeys(ctx, key)
}

func (e endsOneKey) EndAccessKey(ctx context.Context, key string, c app.Credential) error {
	if e.ended.Swap(true) {
		return &app.Error{Kind: app.StorageFailed}
	}
	return e.StorageCredentials.EndAccessKey(ctx, key, c)
}

// The same of the storage's access keys.
func TestAnEvictionFromStorageThatProgressesIsNotGivenUp(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	const keys = 30 // more than a saga has tries
	for i := range keys {
		p.storage.AddAccessKey(p.account.StorageKey, fmt.Sprintf("key-%d", i))
	}
	p.service.StorageCredentials = endsOneKey{p.storage, new(atomic.Bool)}
	_, receipt, err := p.service.Evict(t.Context(), p.account.ID, false)
	require.Equal(t, app.StorageFailed, app.KindOf(err))
	p.calmed(t)
	p.evicted(t, nil)
	rec, err := p.store.Journal.Load(t.Context(), receipt.ID)
	require.NoError(t, err)
	require.Equal(t, saga.Committed, rec.Phase)
}

// A web session of Gitea's can make tokens after the eviction, as long as it is
// used.
func TestEvictAgain(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	_, _, err := p.service.Evict(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	again := func(want int) {
		t.Helper()
		n, err := p.service.EvictAgain(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	p.intrude(t)
	again(0)
	p.intact(t)
	p.clock.Advance(evictAgain)
	later := p.signIn(t, "alice")
	again(1)
	p.evicted(t, keysLeft)
	p.alive(t, later)
	_, err = p.directory.CreateToken(t.Context(), p.account.Ref(), "by the same web session")
	require.NoError(t, err)
	again(0)
	p.clock.Advance(evictAgain)
	again(1)
	p.evicted(t, keysLeft)
	p.clock.Advance(evictAgain)
	again(0)
	_, err = p.directory.CreateToken(t.Context(), p.account.Ref(), "after the last look")
	require.NoError(t, err)
	p.clock.Advance(2 * evictAgain)
	again(0)

	// An unlock lets Gitea's web sessions in again.
	p.suspend(t, app.Locked)
	_, err = p.service.Resume(t.Context(), p.account.ID)
	require.NoError(t, err)
	_, err = p.directory.CreateToken(t.Context(), p.account.Ref(), "late")
	require.NoError(t, err)
	again(0)
	p.storage.Break(memoryFailBefore, "AccessKeys")
	p.clock.Advance(evictAgain)
	_, err = p.service.EvictAgain(t.Context())
	require.Equal(t, app.StorageFailed, app.KindOf(err))
	p.storage.Mend()
	again(0)
	p.clock.Advance(evictAgain)
	again(1)
	p.evicted(t, keysLeft)
}

// Whose credentials cannot be listed is shut out until they have ended; not while
// Gitea does not answer at all.
func TestEvictAgainShutsOutBeforeItCanLook(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	_, _, err := p.service.Evict(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	p.intrude(t)
	p.clock.Advance(evictAgain)
	again := func(shutOut bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := p.service.EvictAgain(ctx)
		require.Equal(t, app.DirectoryFailed, app.KindOf(err))
		require.Equal(t, shutOut, p.shutOut())
		p.directory.Mend()
	}
	p.directory.Break(memoryFailBefore, "Credentials", "SomeTokens", "UsersMarked")
	again(false)
	p.intact(t)
	p.clock.Advance(evictAgain)
	p.directory.Break(memoryFailBefore, "Credentials", "SomeTokens")
	again(true)
	p.calmed(t)
	p.evicted(t, keysLeft)
}

// failsFor fails to list credentials of a kind.
type failsFor struct {
	app.DirectoryCredentials
	kind app.CredentialKind
	off  *atomic.Bool
}

func (f failsFor) Credentials(ctx context.Context, accountID string, kinds ...app.CredentialKind) ([]app.Credential, error) {
	if slices.Contains(kinds, f.kind) && !f.off.Load() {
		return nil, saga.Refused(&app.Error{Kind: app.DirectoryFailed})
	}
	return f.DirectoryCredentials.Credentials(ctx, accountID, kinds...)
}

// Webhooks, GPG and deploy keys that cannot be listed keep neither tokens alive nor the
// user out; what lets someone in, and cannot be listed, keeps the user out.
func TestWhatCannotBeListedWhileCredentialsEnd(t *testing.T) {
	for kind, letsIn := range map[app.CredentialKind]bool{
		app.Webhook: false, app.GPGKey: false, app.DeployKey: false,
		app.OAuth2Application: true, app.SSHKey: true, app.SecondAddress: true, app.ActionsRunner: true,
	} {
		t.Run(string(kind), func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			tokens := p.intrude(t)
			off := new(atomic.Bool)
			p.service.DirectoryCredentials = failsFor{p.directory, kind, off}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			_, _, err := p.service.Evict(ctx, p.account.ID, true)
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
			if !letsIn {
				for _, token := range tokens {
					require.Empty(t, p.directory.TokenOwner(token))
				}
				require.Eventually(t, func() bool { return !p.shutOut() }, 3*time.Second, time.Millisecond)
			} else {
				require.True(t, p.shutOut())
			}
			off.Store(true)
			p.calmed(t)
			p.evicted(t, nil)
		})
	}
}

// keepsGPG refuses to end GPG keys.
type keepsGPG struct{ app.DirectoryCredentials }

func (k keepsGPG) EndCredentials(ctx context.Context, accountID string, all []app.Credential) ([]app.Credential, error) {
	ended, err := k.DirectoryCredentials.EndCredentials(ctx, accountID, slices.DeleteFunc(slices.Clone(all), func(c app.Credential) bool { return c.Kind == app.GPGKey }))
	if err == nil && len(ended) < len(all) {
		err = saga.Refused(&app.Error{Kind: app.DirectoryFailed})
	}
	return ended, err
}

// A GPG key that Gitea keeps saves no deploy key.
func TestAGPGKeyThatGiteaKeepsSavesNoDeployKey(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.intrude(t)
	p.service.DirectoryCredentials = keepsGPG{p.directory}
	_, _, err := p.service.Evict(t.Context(), p.account.ID, true)
	require.NoError(t, err)
	p.evicted(t, keysLeft[:1])
}

// Whatever throws people out throws out those who left themselves a key.
func TestWhatThrowsOutEvicts(t *testing.T) {
	for name, throwOut := range map[string]func(t *testing.T, p *personWorld){
		"lock": func(t *testing.T, p *personWorld) {
			p.suspend(t, app.Locked)
			_, err := p.service.Resume(t.Context(), p.account.ID)
			require.NoError(t, err)
		},
		"revoke all": func(t *testing.T, p *personWorld) {
			require.NoError(t, p.service.RevokeAll(t.Context(), p.account.ID, func(app.Session, saga.Receipt) {}))
		},
		"delete and restore": func(t *testing.T, p *personWorld) {
			p.leave(t, p.here)
			_, err := p.service.Restore(t.Context(), p.account.ID)
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			tokens := p.intrude(t)
			throwOut(t, p)
			for _, token := range tokens {
				require.Empty(t, p.directory.TokenOwner(token))
			}
			p.evicted(t, keysLeft)
			p.dead(t, p.here)
			p.dead(t, p.away)
			p.alive(t, p.bob)

			_, err := p.directory.CreateToken(t.Context(), p.account.Ref(), "by a web session")
			require.NoError(t, err)
			p.clock.Advance(evictAgain)
			n, err := p.service.EvictAgain(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, n)
		})
	}
}
