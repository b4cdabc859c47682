package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// reads are the entries of the trail that are no sagas.
func (c *core) reads(t *testing.T) []app.AuditEntry {
	t.Helper()
	var reads []app.AuditEntry
	for _, e := range c.trail(t) {
		if e.SagaID == "" {
			reads = append(reads, e)
		}
	}
	return reads
}

// TestReadsOfPersonalDataAreAudited: one entry each, of who read whose, and
// nothing of the data; one's own data is no such read.
func TestReadsOfPersonalDataAreAudited(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	boss := p.role(t, p.bob.Account, app.Administrator)
	ctx := saga.WithOrigin(t.Context(), saga.Origin{Channel: "community", Request: "r-1"})
	_, err := p.service.PersonDetail(ctx, boss, boss.Account.UserID)
	require.NoError(t, err)
	_, err = p.service.PersonDetail(ctx, app.Principal{Account: p.account}, boss.Account.UserID)
	requireKind(t, app.Forbidden, err)
	_, err = p.service.PersonDetail(ctx, boss, 1)
	requireKind(t, app.NotFound, err)
	require.Empty(t, p.reads(t), "nothing of another was shown")

	_, err = p.service.PersonDetail(ctx, boss, p.account.UserID)
	require.NoError(t, err)
	_, _, err = p.service.ListPeople(ctx, boss, app.Page{Number: 1, Size: 30})
	require.NoError(t, err)
	_, _, err = p.service.SearchPeople(ctx, boss, "alice@example.com", app.Page{Number: 1, Size: 30})
	require.NoError(t, err)
	got := p.reads(t)
	require.Len(t, got, 3)
	for i, want := range []app.AuditEntry{
		{Action: "read person", AccountID: p.account.ID, Outcome: "1 shown"},
		{Action: "list people", Outcome: "2 shown"},
		{Action: "search people", Outcome: "1 shown"},
	} {
		want.Actor, want.Channel, want.Request, want.Seq, want.At = boss.Account.ID, "community", "r-1", got[i].Seq, got[i].At
		require.Equal(t, want, got[i])
	}
}

// TestUnauditedDataIsNotShown.
func TestUnauditedDataIsNotShown(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	boss := p.role(t, p.bob.Account, app.Administrator)
	deps := p.service.Deps
	deps.Audit = brokenTrail{}
	service := guardedBy(t, p.store, deps, deps.Hasher, app.GuardSettings{})
	person, err := service.PersonDetail(t.Context(), boss, p.account.UserID)
	requireKind(t, app.Internal, err)
	require.Zero(t, person)
	people, total, err := service.ListPeople(t.Context(), boss, app.Page{Number: 1, Size: 30})
	requireKind(t, app.Internal, err)
	require.Empty(t, people)
	require.Zero(t, total)
}
