package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// Every change names who asked: the administrator or the person, unless somebody
// else is named, as an operator always is.
func TestEveryChangeNamesWhoAsked(t *testing.T) {
	clock := sagatest.NewClock()
	for name := range actions(newPerson(t, clock), t, clock) {
		t.Run(name, func(t *testing.T) {
			for _, named := range []string{"", app.Operator} {
				clock := sagatest.NewClock()
				person := newPerson
				if adoptions[name] {
					person = newAdopted
				}
				p := person(t, clock)
				a := actions(p, t, clock)[name]
				if operators[name] && named == "" {
					continue
				}
				p.prepare(t, name)
				before := p.sagas(t, p.account.ID)
				ctx := saga.WithOrigin(t.Context(), saga.Origin{Actor: named, Channel: "infinite", Request: "r-1"})
				clock.Advance(time.Second)
				require.NoError(t, a.do(ctx, p))
				after := p.sagas(t, p.account.ID)
				require.Greater(t, len(after), len(before))
				want := saga.Origin{Actor: p.account.ID, Channel: "infinite", Request: "r-1"}
				switch {
				case named != "":
					want.Actor = named
				case administrators[name]:
					want.Actor = p.bob.Account.ID
				}
				for _, one := range after[:len(after)-len(before)] {
					require.Equal(t, want, one.Origin, one.Flow)
				}
			}
		})
	}
}

// prepare makes the person what only some actions are about.
func (p *personWorld) prepare(t *testing.T, action string) {
	t.Helper()
	switch action {
	case "resume":
		p.suspend(t, app.Locked)
	case "restore":
		_, err := p.service.Remove(t.Context(), p.account.ID, false)
		require.NoError(t, err)
	}
}

func TestNewcomersAskForThemselves(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	account := w.register(t, "alice", "alice@example.com")
	require.Equal(t, saga.Origin{Actor: account.ID}, w.sagas(t, account.ID)[0].Origin)
}

// sagas are those about an account, the last first.
func (c *core) sagas(t *testing.T, account string) []saga.Record {
	t.Helper()
	records, err := c.store.Archive.List(t.Context(), saga.Filter{Subject: account}, saga.Page{Limit: 100})
	require.NoError(t, err)
	return records
}
