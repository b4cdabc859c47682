package ident

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func options() Options {
	return Options{
		Location:  time.FixedZone("east", 8*3600),
		Start:     time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		MachineID: func() (uint16, error) { return 77, nil },
		Now:       time.Now,
	}
}

func newGenerator(t *testing.T, o Options) *Generator {
	t.Helper()
	g, err := New(o)
	require.NoError(t, err)
	return g
}

func TestAccountIDTellsTheMinuteInItsZone(t *testing.T) {
	g := newGenerator(t, options())
	id := g.AccountID(time.Date(2026, 12, 31, 23, 4, 59, 0, time.UTC))
	require.Regexp(t, `^2701010704\d{4}$`, id)
}

// Each of the first of the four digits is due 2,000 times in 20,000 draws; ten
// standard deviations away from that is no accident.
func TestAccountIDDigitsAreEven(t *testing.T) {
	g := newGenerator(t, options())
	const draws = 20_000
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	counts := make([][10]int, 4)
	for range draws {
		for place, digit := range g.AccountID(now)[10:] {
			counts[place][digit-'0']++
		}
	}
	allowed := 10 * math.Sqrt(draws*0.1*0.9)
	for place := range counts {
		for digit, n := range counts[place] {
			require.InDelta(t, draws/10, n, allowed, "digit %d at place %d", digit, place)
		}
	}
}

func TestUserIDsAreUniqueAcrossMachinesAndCalls(t *testing.T) {
	const each, machines = 300, 4
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := map[int64]bool{}
	for machine := range machines {
		o := options()
		o.MachineID = func() (uint16, error) { return uint16(machine), nil }
		g := newGenerator(t, o)
		for range 2 {
			wg.Go(func() {
				for range each / 2 {
					id, err := g.UserID()
					mu.Lock()
					if err != nil || id <= 0 || seen[id] {
						t.Errorf("user id %d: error %v, seen before %v", id, err, seen[id])
					}
					seen[id] = true
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	require.Len(t, seen, each*machines)
}

func TestUserIDNamesItsMachine(t *testing.T) {
	id, err := newGenerator(t, options()).UserID()
	require.NoError(t, err)
	require.EqualValues(t, 77, id&0xffff)
}

func TestUserIDsRunOut(t *testing.T) {
	o := options()
	o.Start = time.Date(1815, 12, 10, 0, 0, 0, 0, time.UTC)
	_, err := newGenerator(t, o).UserID()
	require.Error(t, err)
	require.Equal(t, app.Internal, app.KindOf(err))
}

func TestSessionID(t *testing.T) {
	g := newGenerator(t, options())
	a, b := g.SessionID(), g.SessionID()
	require.Regexp(t, `^[a-z2-7]{26}$`, a)
	require.NotEqual(t, a, b)
}

func TestSessionIDIsNeverDigitsOnly(t *testing.T) {
	g := newGenerator(t, options())
	draws := []string{strings.Repeat("7", 26), strings.Repeat("2", 26), "2345672345672345672345672A"}
	g.text = func() string {
		next := draws[0]
		draws = draws[1:]
		return next
	}
	require.Equal(t, "2345672345672345672345672a", g.SessionID())
}

func TestStorageSecret(t *testing.T) {
	g := newGenerator(t, options())
	a, b := g.StorageSecret(), g.StorageSecret()
	require.Len(t, a, 40)
	require.Empty(t, strings.Trim(a.Reveal(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
	require.NotEqual(t, a, b)
	require.NotEqual(t, a.Reveal()[:14], a.Reveal()[26:], "one draw was used twice")
}

func TestOptionsFaultsAreReportedTogether(t *testing.T) {
	_, err := New(Options{})
	require.ErrorContains(t, err, "location")
	require.ErrorContains(t, err, "start")
	require.ErrorContains(t, err, "machine ids")
}

func TestNoMachineIDIsAnError(t *testing.T) {
	o, none := options(), errors.New("none left")
	o.MachineID = func() (uint16, error) { return 0, none }
	_, err := New(o)
	require.ErrorIs(t, err, none)
}

// A clock that was set back makes errors, not waits, until it is right again.
func TestNoUserIDsAfterTheClockWentBack(t *testing.T) {
	o, clock := options(), time.Now()
	o.Now = func() time.Time { return clock }
	g := newGenerator(t, o)
	_, err := g.UserID()
	require.NoError(t, err)

	clock = clock.Add(-10 * time.Minute)
	_, err = g.UserID()
	require.ErrorContains(t, err, "the clock went back by 10m0s")
	require.Equal(t, app.Internal, app.KindOf(err))
	require.Error(t, g.Ready())

	clock = clock.Add(10*time.Minute - clockSlack)
	require.NoError(t, g.Ready())
	_, err = g.UserID()
	require.NoError(t, err)
}
