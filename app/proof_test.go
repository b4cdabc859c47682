package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

// TestProofsOutliveAChangeOfNetwork: what one client verified serves its own network,
// and elsewhere whoever has the code, once.
func TestProofsOutliveAChangeOfNetwork(t *testing.T) {
	const here, neighbour, elsewhere = "192.0.2.1", "192.0.2.200", "198.51.100.7"
	for name, tt := range map[string]struct {
		client string
		code   app.Secret
		want   app.Unproven
	}{
		"the same network":           {client: here},
		"a neighbour":                {client: neighbour, want: app.Unproven{Email: true}},
		"a neighbour with the code":  {client: neighbour, code: "7KQ2MX"},
		"elsewhere with the code":    {client: elsewhere, code: " 7kq2mx "},
		"elsewhere without the code": {client: elsewhere, want: app.Unproven{Email: true}},
		"elsewhere with another":     {client: elsewhere, code: "OTHER2", want: app.Unproven{Email: true}},
	} {
		t.Run(name, func(t *testing.T) {
			clock := sagatest.NewClock()
			g := &guardedWorld{world: newWorld(t, clock), clock: clock}
			g.mail(t, app.MailTarget("new@example.com"))
			require.NoError(t, g.service.VerifyTarget(t.Context(), app.Target{Email: "new@example.com", Client: "192.0.2.1"}, mailed))
			in := app.Registration{
				Username: "newcomer", Email: "new@example.com", Password: goodPassword, Proven: true, Client: tt.client, ProofCode: tt.code,
			}
			_, err := g.service.Register(t.Context(), in)
			if tt.want == (app.Unproven{}) {
				require.NoError(t, err)
				return
			}
			requireKind(t, app.CodeWrong, err)
			var missing *app.Unproven
			require.ErrorAs(t, err, &missing)
			require.Equal(t, tt.want, *missing)
		})
	}
}

// TestGuessedProofs: who does not have the code cannot try one after another.
func TestGuessedProofs(t *testing.T) {
	clock := sagatest.NewClock()
	g := &guardedWorld{world: newWorld(t, clock), clock: clock}
	g.mail(t, app.MailTarget("new@example.com"))
	require.NoError(t, g.service.VerifyTarget(t.Context(), app.Target{Email: "new@example.com", Client: "192.0.2.1"}, mailed))
	in := app.Registration{Username: "newcomer", Email: "new@example.com", Password: goodPassword, Proven: true, Client: "198.51.100.7"}
	for range 5 {
		in.ProofCode = "OTHER2"
		_, err := g.service.Register(t.Context(), in)
		requireKind(t, app.CodeWrong, err)
	}
	in.ProofCode = mailed
	_, err := g.service.Register(t.Context(), in)
	requireKind(t, app.CodeWrong, err)
	in.Client = "203.0.113.9"
	_, err = g.service.Register(t.Context(), in)
	require.NoError(t, err, "strangers do not spend the tries of another network")
}

func TestVerifiedTargets(t *testing.T) {
	w := newPerson(t, sagatest.NewClock())
	clock := sagatest.NewClock()
	g := &guardedWorld{world: w.world, clock: clock}
	proven := func(target app.Target) bool {
		ok, err := g.service.Proven(t.Context(), target)
		require.NoError(t, err)
		return ok
	}
	mail, number := app.Target{Email: "New@example.com"}, app.Target{Country: "86", Mobile: "13800138000", Client: homeIP}
	for target, key := range map[app.Target]string{
		mail: app.MailTarget("new@example.com"), number: app.SMSTarget("86", "13800138000"),
	} {
		requireKind(t, app.CodeWrong, g.service.VerifyTarget(t.Context(), target, mailed))
		g.mail(t, key)
		requireKind(t, app.CodeWrong, g.service.VerifyTarget(t.Context(), target, "WRONG2"))
		require.False(t, proven(target))
		require.NoError(t, g.service.VerifyTarget(t.Context(), target, mailed))
		require.True(t, proven(target))
		requireKind(t, app.CodeWrong, g.service.VerifyTarget(t.Context(), target, mailed))
	}
	require.True(t, proven(app.Target{Email: "new@EXAMPLE.com"}))
	require.False(t, proven(app.Target{Email: "other@example.com"}))
	require.False(t, proven(app.Target{Country: "86", Mobile: "13800138000", Client: awayIP}), "it is bound to the client")
	require.False(t, proven(app.Target{Country: "86", Mobile: "13800138000"}))
	requireKind(t, app.Invalid, g.service.VerifyTarget(t.Context(), app.Target{Email: "x"}, mailed))
	requireKind(t, app.Invalid, g.service.VerifyTarget(t.Context(), app.Target{}, mailed))

	ref, err := g.store.Proofs.Consume(t.Context(), g.service.ProofName(mail), clock.Now())
	require.NoError(t, err)
	require.Equal(t, clock.Now().Add(15*time.Minute), ref.Ends)
	require.False(t, proven(mail))
}
