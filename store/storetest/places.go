package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

var home = app.Place{Address: "192.0.2.1", Program: "Firefox", System: "Linux"}

const day = 24 * time.Hour

// anyone stands for any account.
const anyone = ""

// visit notes a sign-in, which must be strange or not.
func visit(t *testing.T, d *database, account string, at0 app.Place, now time.Duration, strange bool) {
	t.Helper()
	got, err := d.Places.Visit(t.Context(), account, at0, at(now))
	require.NoError(t, err)
	require.Equal(t, strange, got)
}

func requireVisited(t *testing.T, d *database, account string, at0 app.Place, now time.Duration, want bool) {
	t.Helper()
	got, err := d.Places.Visited(t.Context(), account, at0, at(now))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func placeLife(t *testing.T, d *database) {
	one, two := accountID(1), accountID(2)
	requireVisited(t, d, one, home, 0, false)
	requireVisited(t, d, anyone, home, 0, false)
	visit(t, d, one, home, 0, false) // the first place of an account is none to warn of
	visit(t, d, one, home, time.Minute, false)
	requireVisited(t, d, one, home, time.Minute, true)
	requireVisited(t, d, two, home, time.Minute, false)
	requireVisited(t, d, anyone, home, time.Minute, true)
	visit(t, d, two, home, time.Minute, false)

	neighbour := app.Place{Address: "192.0.2.200", Program: "Firefox", System: "Linux"}
	visit(t, d, one, neighbour, time.Minute, false) // the same network
	other := neighbour
	other.System = "Windows"
	visit(t, d, one, other, time.Minute, true)
	visit(t, d, one, other, time.Minute, false)
	far := app.Place{Address: "2001:db8:1::1"}
	requireVisited(t, d, one, far, time.Minute, false)
	requireVisited(t, d, anyone, far, time.Minute, false)
	visit(t, d, one, far, time.Minute, true)
	visit(t, d, one, app.Place{Address: "2001:db8:1:ffff::1"}, time.Minute, false)
	requireVisited(t, d, one, app.Place{Address: "2001:db8:1:1::", Program: "Safari"}, time.Minute, true)
	visit(t, d, one, app.Place{}, time.Minute, true)

	visit(t, d, one, home, 100*day, false) // renews it
	requireVisited(t, d, one, far, app.PlaceLifetime+2*time.Minute, false)
	requireVisited(t, d, anyone, far, app.PlaceLifetime+2*time.Minute, false)
	visit(t, d, one, far, app.PlaceLifetime+2*time.Minute, true)
	requireVisited(t, d, one, home, app.PlaceLifetime+99*day, true)
	visit(t, d, one, home, 2*app.PlaceLifetime+time.Hour, false) // all are forgotten
}

func placeBuried(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	visit(t, d, a.ID, home, 0, false)
	_, err := d.Accounts.Leave(t.Context(), a.ID, at(0), at(0))
	require.NoError(t, err)
	require.NoError(t, d.Accounts.Bury(t.Context(), a.ID, at(0)))
	requireVisited(t, d, a.ID, home, 0, false)
}

func placePruned(t *testing.T, d *database) {
	for i := range 20 {
		visit(t, d, accountID(i), home, 0, false)
	}
	for i := range 5 {
		visit(t, d, accountID(100+i), home, app.PlaceLifetime, false)
	}
	var left int
	require.NoError(t, d.raw.GetContext(t.Context(), &left, "SELECT COUNT(*) FROM places"))
	require.Equal(t, 5, left)
}

func placeRace(t *testing.T, d *database) {
	one := accountID(1)
	visit(t, d, one, home, 0, false)
	for _, err := range race(racers, func(i int) error {
		_, err := d.Places.Visit(context.WithoutCancel(t.Context()), one, app.Place{Address: fmt.Sprintf("198.51.100.%d", i)}, at(0))
		return err
	}) {
		require.NoError(t, err)
	}
	var rows int
	require.NoError(t, d.raw.GetContext(t.Context(), &rows, "SELECT COUNT(*) FROM places"))
	require.Equal(t, 2, rows)
}

// digestKey is drawn once, kept sealed, and shared.
func digestKey(t *testing.T, d *database) {
	key, err := d.DigestKey(t.Context())
	require.NoError(t, err)
	require.Len(t, key, 32)
	require.NotEqual(t, make([]byte, 32), key)
	same, err := d.replica(t).DigestKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, key, same)
	var sealed []byte
	require.NoError(t, d.raw.GetContext(t.Context(), &sealed, "SELECT sealed FROM secrets WHERE id = 'digest'"))
	require.NotContains(t, string(sealed), string(key))
}
