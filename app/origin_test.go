package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// TestEveryChangeNamesWhoAsked: the person, unless somebody else is named.
func TestEveryChangeNamesWhoAsked(t *testing.T) {
	clock := sagatest.NewClock()
	for name := range actions(newPerson(t, clock), t, clock) {
		t.Run(name, func(t *testing.T) {
			for _, named := range []string{"", app.Operator} {
				clock := sagatest.NewClock()
				p := newPerson(t, clock)
				a := actions(p, t, clock)[name]
				before := p.sagas(t, p.account.ID)
				ctx := saga.WithOrigin(t.Context(), saga.Origin{Actor: named, Channel: "infinite", Request: "r-1"})
				clock.Advance(time.Second)
				require.NoError(t, a.do(ctx, p))
				after := p.sagas(t, p.account.ID)
				require.Len(t, after, len(before)+1)
				want := saga.Origin{Actor: p.account.ID, Channel: "infinite", Request: "r-1"}
				if named != "" {
					want.Actor = named
				}
				require.Equal(t, want, after[0].Origin)
			}
		})
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
