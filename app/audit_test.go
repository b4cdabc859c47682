package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
	"accord/store"
)

// audited is a world whose flow must leave one entry of the right outcome in the
// trail if it began, whoever decided it.
func audited[S any](t *testing.T, c *core, clock *sagatest.Clock, w sagatest.World[S]) sagatest.World[S] {
	t.Helper()
	w.Decided = app.Audited(c.store.Audit, clock.Now)
	before, began := c.trail(t), len(c.flows(t, w.Definition.Name))
	check := w.Check
	w.Check = func(t *testing.T, committed bool) {
		var outcomes []string
		for _, e := range c.trail(t)[len(before):] {
			require.Equal(t, w.Definition.Name, e.Action)
			require.Equal(t, w.Subject, e.AccountID)
			outcomes = append(outcomes, e.Outcome)
		}
		want := len(c.flows(t, w.Definition.Name)) - began
		if w.Subject == app.CodeSubject {
			want = 0 // nobody's account
		}
		require.Len(t, outcomes, want, "one entry of each saga that began")
		for _, outcome := range outcomes {
			require.Equal(t, committed, outcome == "committed", outcome)
			require.True(t, committed || strings.HasPrefix(outcome, "aborted: "), outcome)
		}
		check(t, committed)
	}
	return w
}

func (c *core) flows(t *testing.T, flow string) []saga.Record {
	t.Helper()
	records, err := c.store.Archive.List(t.Context(), saga.Filter{Flow: flow}, saga.Page{Limit: 100})
	require.NoError(t, err)
	return records
}

// trail is the whole of it, in order; it has to be whole.
func (c *core) trail(t *testing.T) []app.AuditEntry {
	t.Helper()
	_, err := c.store.Audit.Verify(t.Context(), store.AuditMark{})
	require.NoError(t, err)
	entries, err := c.store.Audit.List(t.Context(), store.AuditFilter{Limit: 1000})
	require.NoError(t, err)
	for i := range len(entries) / 2 {
		entries[i], entries[len(entries)-1-i] = entries[len(entries)-1-i], entries[i]
	}
	return entries
}

// TestTheTrailOfALife tells all that was done to an account, and nothing of the
// person; removing the account leaves it whole.
func TestTheTrailOfALife(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	ctx := saga.WithOrigin(t.Context(), saga.Origin{Channel: "infinite", Request: "r-1"})
	who := app.Principal{Account: p.account, Session: p.here.Session}
	_, err := p.service.ChangePassword(ctx, who, app.PasswordChange{Old: goodPassword, New: newPassword})
	require.NoError(t, err)
	p.directory.Inject("CreateToken", memory.Refuse)
	_, _, err = p.service.SignIn(ctx, app.Credentials{Username: "alice", Password: newPassword})
	require.Error(t, err)
	_, _, err = p.service.SignIn(ctx, app.Credentials{Username: "alice", Password: "wrong-1pass"})
	require.Equal(t, app.BadCredentials, app.KindOf(err))
	account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
	require.NoError(t, err)
	who.Account = account
	_, err = p.service.Delete(ctx, who, newPassword)
	require.NoError(t, err)
	clock.Advance(grace + time.Minute)
	p.sweepOnce(t, clock)

	var got []string
	for _, e := range p.trail(t) {
		for _, text := range []string{e.Actor, e.Channel, e.Request, e.Action, e.Outcome} {
			require.NotContains(t, text, "alice")
		}
		if e.AccountID == p.account.ID {
			who := strings.ReplaceAll(e.Actor, p.account.ID, "self")
			got = append(got, fmt.Sprintf("%s/%s/%s: %s %s", who, e.Channel, e.Request, e.Action, e.Outcome))
			require.NotEmpty(t, e.SagaID)
		}
	}
	require.Equal(t, []string{
		"self//: register committed", "self//: sign in committed", "self//: sign in committed",
		"self/infinite/r-1: change password committed", "self/infinite/r-1: sign in aborted: directory failed",
		"self/infinite/r-1: delete committed", "system/sweep/: purge committed",
	}, got, "a wrong password is no change")
}

// sweepOnce ends what is due, as a server does.
func (c *core) sweepOnce(t *testing.T, clock *sagatest.Clock) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(ended)
		c.service.Sweep(ctx, ticks)
	}()
	ticks <- clock.Now()
	ticks <- clock.Now() // taken when the first sweep is over
	stop()
	<-ended
}

// TestOperatorsMovesAreAudited, and a saga's own outcome where a move decides it.
func TestOperatorsMovesAreAudited(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	rec := saga.Record{
		ID: "stuck", Flow: "edit", Subject: p.account.ID, Origin: saga.Origin{Actor: p.account.ID, Channel: "infinite"},
		Exclusive: true, Phase: saga.Running, Steps: map[string]saga.StepStatus{}, Epoch: 1, Stuck: true, Attempts: 20,
	}
	require.NoError(t, p.store.Journal.Begin(t.Context(), func(context.Context) (saga.Write, error) {
		return saga.Write{Record: rec}, nil
	}))
	before := len(p.trail(t))
	ctx := saga.WithOrigin(t.Context(), saga.Origin{Actor: app.Operator, Channel: "cli"})
	desk := p.runner.Desk(p.store.Archive)
	_, err := desk.Skip(ctx, "stuck", "keep", "no")
	require.ErrorIs(t, err, saga.ErrNotAllowed)
	require.Len(t, p.trail(t), before, "what was refused was not done")
	_, err = desk.Resolve(ctx, "stuck", saga.Aborted, "looked at all three")
	require.NoError(t, err)
	var got []string
	for _, e := range p.trail(t)[before:] {
		require.Equal(t, "stuck", e.SagaID)
		got = append(got, strings.ReplaceAll(e.Actor, p.account.ID, "self")+": "+e.Action+" "+e.Outcome)
	}
	require.Equal(t, []string{"self: edit aborted: resolved by an operator", "operator: saga resolve aborted"}, got)
}

// brokenTrail takes no entry.
type brokenTrail struct{}

func (brokenTrail) Append(context.Context, app.AuditEntry) error { return errors.New("disk full") }

// TestOutcomesHaveNames, those that no step decided too.
func TestOutcomesHaveNames(t *testing.T) {
	for want, cause := range map[string]error{
		"aborted: busy":                    &app.Error{Kind: app.Busy},
		"aborted: internal":                errors.New("x"),
		"aborted: interrupted":             saga.ErrInterrupted,
		"aborted: too late":                saga.ErrLate,
		"aborted: resolved by an operator": saga.ErrResolved,
	} {
		var got app.AuditEntry
		tell := app.Audited(oneEntry{&got}, time.Now)
		require.NoError(t, tell(t.Context(), saga.Record{Flow: "edit", Subject: "a"}, saga.Outcome{Event: saga.EventAborted, Cause: cause}))
		require.Equal(t, want, got.Outcome)
		require.Equal(t, "edit", got.Action)
	}
	require.Error(t, app.Audited(brokenTrail{}, time.Now)(t.Context(), saga.Record{Subject: "a"}, saga.Outcome{}))
}

type oneEntry struct{ into *app.AuditEntry }

func (o oneEntry) Append(_ context.Context, e app.AuditEntry) error {
	*o.into = e
	return nil
}
