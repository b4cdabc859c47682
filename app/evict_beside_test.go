package app_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// evictBeside begins an eviction as earlier releases did, whose sagas did not hold
// the account.
func (p *personWorld) evictBeside(ctx context.Context, t *testing.T) error {
	t.Helper()
	runner := saga.NewRunner(p.store.Journal, saga.Options{
		Now: p.clock.Now, Logger: slog.New(slog.DiscardHandler), Decided: app.Audited(p.store.Audit, p.clock.Now),
		Deadline: patience, Answer: patience, StepTimeout: patience,
	})
	beside := p.service.EvictFlow()
	beside.Exclusive = false
	for _, stage := range beside.Stages {
		for i := range stage {
			stage[i].Reverses = false // it was not there either
		}
	}
	flow, err := saga.Bind(runner, beside)
	require.NoError(t, err)
	_, receipt, err := flow.Execute(ctx, p.account.ID, app.EvictingState{Account: p.account})
	return errors.Join(err, receipt.Pending)
}

// An eviction that does not hold the account does not let a user in who is shut
// out meanwhile.
func TestAnEvictionBesideTheAccountLetsNoUserIn(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.intrude(t)
	p.hold()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	require.Equal(t, app.DirectoryFailed, app.KindOf(p.evictBeside(ctx, t)))
	require.False(t, p.shutOut(), "it shuts no user out either")
	require.NoError(t, p.directory.SetActive(t.Context(), p.account.Ref(), false))
	p.directory.Mend()
	p.calmed(t)
	require.True(t, p.shutOut())
	require.ElementsMatch(t, keysLeft, p.foreignCredentials(t))
}

// A user who is deleted in Gitea while credentials end keeps no eviction from its
// end, whether before the user is shut out or after.
func TestAnEvictionEndsIfTheUserIsGoneMeanwhile(t *testing.T) {
	for name, call := range map[string]string{"before": "SetActive", "after": "EndCredential"} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			p.intrude(t)
			p.directory.Break(memoryFailBefore, call)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			_, receipt, err := p.service.Evict(ctx, p.account.ID, false)
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
			p.goneInGitea(t, false)
			p.directory.Mend()
			p.calmed(t)
			rec, err := p.store.Journal.Load(t.Context(), receipt.ID)
			require.NoError(t, err)
			require.Equal(t, saga.Committed, rec.Phase)
		})
	}
}
