package app_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// A key that Gitea keeps does not save the tokens beyond the first batch.
func TestAKeyThatGiteaKeepsSavesNoToken(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.directory.AddCredential("alice", app.GPGKey, "gpg")
	for i := range 1200 {
		_, err := p.directory.CreateToken(t.Context(), p.account.Ref(), fmt.Sprintf("theirs-%d", i))
		require.NoError(t, err)
	}
	p.service.DirectoryCredentials = keepsKeys{p.directory}
	_, _, err := p.service.Evict(t.Context(), p.account.ID, true)
	require.NoError(t, err)
	require.Len(t, p.foreignCredentials(t), 1, "the GPG key alone")
}

// Who has a web session of Gitea's sees the names of tokens, and can replace that
// of an open session by one of any scope.
func TestATokenNamedAfterAnOpenSessionIsNotSpared(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	_, _, err := p.service.Evict(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	owners := p.signIn(t, "alice")
	p.clock.Advance(evictAgain / 2)
	// On Gitea's pages: delete the owner's token, make one of the same name.
	theirs, err := p.directory.CreateToken(t.Context(), p.account.Ref(), owners.Session.GiteaTokenName())
	require.NoError(t, err)
	p.clock.Advance(evictAgain)
	_, err = p.service.EvictAgain(t.Context())
	require.NoError(t, err)
	require.Empty(t, p.directory.TokenOwner(theirs))
}

// However many access keys end, the state of the saga names a bounded number.
func TestAnEvictionNamesSomeOfManyAccessKeys(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	const many = 130
	for i := range many {
		p.storage.AddAccessKey(p.account.StorageKey, fmt.Sprintf("THEIRS%d", i))
	}
	out, _, err := p.service.Evict(t.Context(), p.account.ID, false)
	require.NoError(t, err)
	require.Len(t, out.Ended, 100)
	require.Equal(t, many, out.Count())
	require.Empty(t, p.foreignCredentials(t))
}

// pagesFail fails to list any page of sessions but the first.
type pagesFail struct{ app.Listings }

func (l pagesFail) PageOfSessions(ctx context.Context, accountID string, now time.Time, after string, limit int) ([]app.Session, error) {
	if after != "" {
		return nil, &app.Error{Kind: app.Internal}
	}
	return l.Listings.PageOfSessions(ctx, accountID, now, after, limit)
}

// Sessions that cannot be listed keep no other credential alive.
func TestRevokingAllEvictsWhateverIsListed(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	for range 100 {
		p.signIn(t, "alice")
	}
	_, err := p.directory.CreateToken(t.Context(), p.account.Ref(), "theirs")
	require.NoError(t, err)
	p.service.Listings = pagesFail{p.service.Listings}
	err = p.service.RevokeAll(t.Context(), p.account.ID, func(app.Session, saga.Receipt) {})
	require.Equal(t, app.Internal, app.KindOf(err))
	require.Empty(t, p.foreignCredentials(t))
}

// The sweep for tokens of sessions that are over ends it too.
func TestATokenNamedAfterAnOpenSessionIsAnOrphan(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	owners := p.signIn(t, "alice")
	other := p.signIn(t, "alice")
	theirs, err := p.directory.CreateToken(t.Context(), p.account.Ref(), owners.Session.GiteaTokenName())
	require.NoError(t, err)
	p.clock.Advance(settle + time.Second)
	_, err = p.service.EndOrphanTokens(t.Context())
	require.NoError(t, err)
	require.Empty(t, p.directory.TokenOwner(theirs))
	require.NotEmpty(t, p.directory.TokenOwner(other.GiteaToken), "that of another session")
}
