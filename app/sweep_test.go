package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// swept lets a sweep do its work once, and returns what it logged.
func (w *world) swept(t *testing.T, sweep func(context.Context, <-chan time.Time)) string {
	t.Helper()
	var log bytes.Buffer
	w.service.Logger = slog.New(slog.NewTextHandler(&log, nil))
	ticks := make(chan time.Time)
	ctx, end := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { sweep(ctx, ticks) })
	ticks <- time.Time{}
	ticks <- time.Time{} // is taken when the first one is done with
	end()
	group.Wait()
	return log.String()
}

// TestSweepEndsWhatIsOver, and resigns, so that another replica can go on.
func TestSweepEndsWhatIsOver(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.leave(t, p.here)
	clock.Advance(grace + time.Second)
	log := p.swept(t, p.service.Sweep)
	require.Contains(t, log, `msg="swept expired sessions" count=1`)
	require.Contains(t, log, `msg="swept departed accounts" count=1`)
	p.gone(t, p.account)
	p.dead(t, p.bob)
	_, err := p.store.Leaders.Acquire(t.Context(), "sweep", "another", clock.Now(), clock.Now().Add(time.Minute))
	require.NoError(t, err)
}

func TestSweepIsLeftToTheLeader(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	clock.Advance(sessionTTL + time.Second)
	for _, lease := range []string{"sweep", "clear up"} {
		_, err := p.store.Leaders.Acquire(t.Context(), lease, "another", clock.Now(), clock.Now().Add(time.Minute))
		require.NoError(t, err)
	}
	require.Empty(t, p.swept(t, p.service.Sweep))
	require.Empty(t, p.swept(t, p.service.ClearUp))
	require.NotEmpty(t, p.directory.TokenOwner(p.bob.GiteaToken))
	clock.Advance(time.Minute)
	require.Contains(t, p.swept(t, p.service.Sweep), "swept expired sessions")
	p.dead(t, p.bob)
}

// Faults of one job do not keep the others from being done.
func TestSweepGoesOnAfterAFault(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.leave(t, p.here)
	clock.Advance(grace + time.Second)
	p.storage.Break(memory.FailBefore, "Revoke")
	log := p.swept(t, p.service.Sweep)
	require.Contains(t, log, `msg="sweep expired sessions"`)
	require.Contains(t, log, `msg="swept departed accounts" count=1`)
}

// archive counts what it is asked to prune.
type archive struct {
	before []time.Time
	left   int
}

func (a *archive) Prune(_ context.Context, before time.Time, limit int) (int, error) {
	a.before = append(a.before, before)
	n := min(a.left, limit)
	a.left -= n
	return n, nil
}

func TestClearUp(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	sagas := &archive{}
	p.service.Archive = sagas
	begun := clock.Now()
	stale := app.Account{
		ID: accountID, UserID: 7, Username: "stale", Email: "stale@example.com", Status: app.Reserved,
		StorageKey: app.StorageKeyOf(accountID), StorageSecret: "secret", CreatedAt: begun, UpdatedAt: begun,
	}
	require.NoError(t, p.store.Accounts.Reserve(t.Context(), stale))
	reserved := app.Session{ID: strings.Repeat("r", 26), AccountID: p.account.ID, CreatedAt: begun, ExpiresAt: begun.Add(time.Hour)}
	require.NoError(t, p.store.Sessions.Reserve(t.Context(), reserved))
	p.code(t, app.MailTarget("alice@example.com"), clock)
	require.NotContains(t, p.swept(t, p.service.ClearUp), "swept", "nothing is left behind yet")

	clock.Advance(settle + 24*time.Hour)
	log := p.swept(t, p.service.ClearUp)
	for _, line := range []string{"stale registrations", "old codes", "old reserved sessions"} {
		require.Contains(t, log, `msg="swept `+line+`" count=1`)
	}
	p.absent(t, "stale", "stale@example.com")
	left, err := p.store.Accounts.ByID(t.Context(), stale.ID)
	require.NoError(t, err)
	require.Equal(t, app.Abandoned, left.Status)
	require.Equal(t, "stale", left.Username, "it can be looked up for a while")

	_, err = p.service.EndExpired(t.Context())
	require.NoError(t, err)
	clock.Advance(keep + time.Second)
	sagas.left = 700
	log = p.swept(t, p.service.ClearUp)
	require.Contains(t, log, `msg="swept undone registrations" count=1`)
	require.Contains(t, log, `msg="swept old closed sessions" count=3`)
	require.Contains(t, log, `msg="swept ended sagas" count=700`)
	require.Equal(t, clock.Now().Add(-keep), sagas.before[len(sagas.before)-1])
	left, err = p.store.Accounts.ByID(t.Context(), stale.ID)
	require.NoError(t, err)
	require.Empty(t, left.Username+left.Email)
	require.ErrorIs(t, p.store.Accounts.Reserve(t.Context(), stale), app.ErrIDTaken)
}

const orphan = "accord-orphan78901234567890123456"

// theirTokens are names of tokens that people made for themselves. The last two
// begin as sessions' do.
var theirTokens = []string{"theirs", "accord-ci", "accord-" + strings.Repeat("A", 26)}

// orphaned gives both a token of ours that is no session's, and some of their own.
func (p *personWorld) orphaned(t *testing.T) {
	t.Helper()
	for _, ref := range []app.DirectoryRef{p.account.Ref(), p.bob.Account.Ref()} {
		for _, name := range append([]string{orphan}, theirTokens...) {
			_, err := p.directory.CreateToken(t.Context(), ref, name)
			require.NoError(t, err)
		}
	}
}

// orphansOf are who still has the orphan. Nothing else may be missing.
func (p *personWorld) orphansOf(t *testing.T) (who []string) {
	t.Helper()
	for _, e := range p.directory.Entries() {
		sessions := map[string][]app.SignedIn{"alice": {p.here, p.away}, "bob": {p.bob}}[e.Username]
		for _, in := range sessions {
			require.Contains(t, e.Tokens, in.Session.GiteaTokenName())
		}
		require.Subset(t, e.Tokens, theirTokens)
		if len(e.Tokens) == len(sessions)+len(theirTokens)+1 {
			who = append(who, e.Username)
		}
	}
	return who
}

func (p *personWorld) endOrphans(t *testing.T) int {
	t.Helper()
	n, err := p.service.EndOrphanTokens(t.Context())
	require.NoError(t, err)
	return n
}

func TestOrphanedTokens(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.orphaned(t)
	clock.Advance(settle)
	require.Zero(t, p.endOrphans(t), "a sign-in under way may have made it")
	require.Equal(t, []string{"alice", "bob"}, p.orphansOf(t))
	clock.Advance(time.Second)
	require.Equal(t, 2, p.endOrphans(t))
	require.Empty(t, p.orphansOf(t))
	require.Zero(t, p.endOrphans(t))
	p.alive(t, p.here)
}

// A session that is reserved may be opened yet.
func TestTokensOfReservedSessionsStay(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.orphaned(t)
	require.NoError(t, p.store.Sessions.Reserve(t.Context(), app.Session{
		ID: strings.TrimPrefix(orphan, "accord-"), AccountID: p.account.ID, CreatedAt: clock.Now(), ExpiresAt: clock.Now().Add(keepTTL),
	}))
	clock.Advance(settle + time.Second)
	require.Len(t, p.orphansOf(t), 2)
	p.endOrphans(t)
	require.Equal(t, []string{"alice"}, p.orphansOf(t), "bob's has the name of a session that is not bob's")
}

// A run goes on where the last one ended, and the one after the last account
// begins anew; one account's fault does not keep the others from being looked
// through.
func TestOrphanedTokensAreSoughtOnAndOn(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.orphaned(t)
	clock.Advance(settle + time.Second)
	first := min(p.account.ID, p.bob.Account.ID)
	require.NoError(t, p.store.Leftovers.SetPosition(t.Context(), "orphaned Gitea tokens", first))
	require.Equal(t, 1, p.endOrphans(t))
	whoseFirst := []string{map[string]string{p.account.ID: "alice", p.bob.Account.ID: "bob"}[first]}
	require.Equal(t, whoseFirst, p.orphansOf(t))
	require.Equal(t, 1, p.endOrphans(t))
	require.Empty(t, p.orphansOf(t))

	p.orphaned(t)
	clock.Advance(settle + time.Second)
	p.directory.Inject("Tokens", memory.Refuse)
	n, err := p.service.EndOrphanTokens(t.Context())
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.Equal(t, 1, n)
	require.Equal(t, whoseFirst, p.orphansOf(t))
}

// A run looks through as many accounts as it may, each at the pace's word.
func TestOrphanedTokensAreSoughtAtAPace(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	p.orphaned(t)
	clock.Advance(settle + time.Second)
	asked, slow := 0, errors.New("not now")
	pace := func(context.Context) error { asked++; return nil }
	p.service.SetSweep(app.SweepSettings{Settle: settle, Keep: keep, TokensPerRun: 1, Pace: pace})
	for run := 1; run <= 2; run++ {
		require.Equal(t, 1, p.endOrphans(t), "run %d", run)
		require.Equal(t, run, asked, "run %d", run)
		require.Len(t, p.orphansOf(t), 2-run)
	}
	require.Zero(t, p.endOrphans(t), "this one finds the end of the accounts")
	require.Equal(t, 2, asked)

	p.orphaned(t)
	clock.Advance(settle + time.Second)
	p.service.SetSweep(app.SweepSettings{Settle: settle, Keep: keep, Pace: func(context.Context) error { return slow }})
	n, err := p.service.EndOrphanTokens(t.Context())
	require.ErrorIs(t, err, slow)
	require.Zero(t, n)
	require.Len(t, p.orphansOf(t), 2, "nobody is looked through without the pace's word")
}
