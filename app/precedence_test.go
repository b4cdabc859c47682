package app_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

func asOperator(ctx context.Context) context.Context {
	return saga.WithOrigin(ctx, saga.Origin{Actor: app.Operator, Channel: "cli"})
}

// Operators and administrators who wait for an account get it when the present
// change ends, before any further one of its own user.
func TestOthersComeBeforeTheAccountsOwnUser(t *testing.T) {
	names := append(slices.Collect(maps.Keys(administrators)), "suspend", "remove")
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			clock := sagatest.NewClock()
			p := newPerson(t, clock)
			all := actions(p, t, clock)
			ctx := t.Context()
			if !administrators[name] {
				ctx = asOperator(ctx)
			}
			edit := all["edit"].do
			hold := p.directory.Inject("SetProfile", memory.Hold)
			first, answer := make(chan error, 1), make(chan error, 1)
			go func() { first <- edit(t.Context(), p) }()
			<-hold.Met()
			go func() { answer <- all[name].do(ctx, p) }()
			<-p.reserved
			require.NoError(t, hold.Release())
			require.NoError(t, <-first)

			again := edit(p.untilTurnedAway(t), p)
			require.Error(t, again, "the user's own came first")
			require.Contains(t, []app.Kind{app.Busy, app.BadCredentials, app.NotFound}, app.KindOf(again), "%v", again)
			require.NoError(t, <-answer)
			p.settle(t, clock)
			p.agree(t)
		})
	}
}

// A password that the user changes meanwhile does not keep an administrator from
// setting another.
func TestAPasswordIsSetAfterTheUserChangedIt(t *testing.T) {
	clock := sagatest.NewClock()
	p := newPerson(t, clock)
	all := actions(p, t, clock)
	hold := p.directory.Inject("SetPassword", memory.Hold)
	first, answer := make(chan error, 1), make(chan error, 1)
	go func() { first <- all["change password"].do(t.Context(), p) }()
	<-hold.Met()
	go func() { answer <- all["set password"].do(t.Context(), p) }()
	<-p.turnedAway
	require.NoError(t, hold.Release())
	require.NoError(t, <-first)
	require.NoError(t, <-answer)
	p.settle(t, clock)
	p.agree(t)
	p.passwordIs(t, "3edcxsw2", newPassword)
}
