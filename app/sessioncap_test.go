package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

// A sign-in beyond the limit ends the oldest session, on all three systems.
func TestSessionsOfAnAccountAreBounded(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	var opened []app.SignedIn
	for range sessionsPerAccount {
		p.clock.Advance(time.Second)
		opened = append(opened, p.signIn(t, "alice"))
	}
	p.calm(t)
	p.dead(t, p.here)
	p.dead(t, p.away)
	for _, in := range opened {
		p.alive(t, in)
	}
	p.alive(t, p.bob)
}

// Sessions that have run out do not count, and a sign-in does not end them.
func TestSessionsThatRanOutDoNotCount(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.clock.Advance(time.Second)
	kept, _, err := p.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword, Keep: true})
	require.NoError(t, err)
	for range sessionsPerAccount - 3 { // here, away and kept are open
		p.clock.Advance(time.Second)
		p.signIn(t, "alice")
	}
	p.clock.Advance(sessionTTL)
	for range 4 {
		p.signIn(t, "alice")
	}
	p.calm(t)
	p.alive(t, kept)
	unclosed, err := p.store.Listings.UnclosedOf(t.Context(), p.account.ID)
	require.NoError(t, err)
	require.Len(t, unclosed, sessionsPerAccount+4)
}
