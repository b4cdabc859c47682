package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app/verify"
)

// throttled is a limit of guesses, hourly one of events in an hour.
var (
	throttled = verify.Limit{Name: "throttled", Free: 3, Delay: time.Second, MaxDelay: 4 * time.Second, LockAfter: 6, LockFor: time.Hour}
	hourly    = verify.Quota("hourly", 3, time.Hour)
)

// charges are one charge to each of the keys.
func charges(limit verify.Limit, keys ...string) []verify.Charge {
	var all []verify.Charge
	for _, key := range keys {
		all = append(all, verify.Charge{Key: key, Limit: limit})
	}
	return all
}

// charge charges once under each of the keys and returns the holds.
func charge(t *testing.T, d *database, limit verify.Limit, now time.Duration, keys ...string) []verify.Hold {
	t.Helper()
	holds, err := d.Budgets.Charge(t.Context(), charges(limit, keys...), at(now))
	require.NoError(t, err)
	return holds
}

// requireWait charges once under the key.
func requireWait(t *testing.T, d *database, limit verify.Limit, want, now time.Duration, key string) {
	t.Helper()
	holds := charge(t, d, limit, now, key)
	if want == 0 {
		require.Empty(t, holds)
		return
	}
	require.Len(t, holds, 1)
	require.Equal(t, verify.Hold{Charge: charges(limit, key)[0], Wait: want}, holds[0])
}

func spent(t *testing.T, d *database, key string) int {
	t.Helper()
	var n int
	require.NoError(t, d.raw.Get(&n, "SELECT COALESCE(SUM(spent), 0) FROM budgets WHERE name = ?", key))
	return n
}

func budgetThrottle(t *testing.T, d *database) {
	for range 3 {
		requireWait(t, d, throttled, 0, 0, "a")
	}
	requireWait(t, d, throttled, time.Second, 0, "a")
	requireWait(t, d, throttled, time.Microsecond, time.Second-time.Microsecond, "a")
	requireWait(t, d, throttled, 0, 0, "b")
	requireWait(t, d, throttled, 0, 0, "A")
	requireWait(t, d, throttled, 0, time.Second, "a")
	requireWait(t, d, throttled, 2*time.Second, time.Second, "a")
	requireWait(t, d, throttled, 0, 3*time.Second, "a")
	requireWait(t, d, throttled, 4*time.Second, 3*time.Second, "a")
	requireWait(t, d, throttled, 0, 7*time.Second, "a")
	requireWait(t, d, throttled, time.Hour, 7*time.Second, "a")
	requireWait(t, d, throttled, time.Second, time.Hour+6*time.Second, "a")
	for range 3 {
		requireWait(t, d, throttled, 0, time.Hour+7*time.Second, "a")
	}
	requireWait(t, d, throttled, time.Second, time.Hour+7*time.Second, "a")
}

func budgetQuota(t *testing.T, d *database) {
	requireWait(t, d, hourly, 0, 0, "a")
	requireWait(t, d, hourly, 0, time.Minute, "a")
	requireWait(t, d, hourly, 0, 50*time.Minute, "a")
	requireWait(t, d, hourly, 10*time.Minute, 50*time.Minute, "a")
	requireWait(t, d, hourly, time.Microsecond, time.Hour-time.Microsecond, "a")
	requireWait(t, d, hourly, 0, time.Hour, "a")
	requireWait(t, d, hourly, 0, time.Hour+time.Minute, "a")
}

// budgetTogether charges several keys, of which some have to wait.
func budgetTogether(t *testing.T, d *database) {
	for range 3 {
		require.Empty(t, charge(t, d, hourly, 0, "b"))
	}
	for range 5 {
		holds := charge(t, d, hourly, 0, "c", "b", "a")
		require.Len(t, holds, 1)
		require.Equal(t, "b", holds[0].Charge.Key)
	}
	require.Zero(t, spent(t, d, "a"))
	require.Zero(t, spent(t, d, "c"))
	for range 3 {
		require.Empty(t, charge(t, d, hourly, 0, "c", "a"))
	}
	holds := charge(t, d, hourly, 0, "c", "b", "a", "d")
	require.Len(t, holds, 3)
	for i, key := range []string{"c", "b", "a"} {
		require.Equal(t, key, holds[i].Charge.Key, "as they were asked for")
	}
}

// budgetModel charges at random and requires what verify.Count decides.
func budgetModel(t *testing.T, d *database) {
	random := rand.New(rand.NewPCG(1, 2))
	limits := []verify.Limit{
		throttled, hourly,
		{Free: 2, LockAfter: 2, LockFor: 20 * time.Second, InARow: true},
		{Free: 1, Delay: time.Second, MaxDelay: 3 * time.Second, LockFor: 10 * time.Second},
		{Free: 2, Delay: 2 * time.Second, MaxDelay: 2 * time.Second, LockAfter: 3, LockFor: 5 * time.Second},
		verify.Quota("short", 2, 3*time.Second),
	}
	counts := make([]verify.Count, len(limits))
	now := time.Duration(0)
	for range 300 {
		now += time.Duration(random.IntN(4)) * 500 * time.Millisecond
		i := random.IntN(len(limits))
		next, wait := counts[i].Next(limits[i], at(now))
		counts[i] = next
		requireWait(t, d, limits[i], wait, now, fmt.Sprint("key", i))
	}
}

func budgetSettle(t *testing.T, d *database) {
	settle := func(forget []string, back ...verify.Receipt) {
		t.Helper()
		require.NoError(t, d.Budgets.Settle(t.Context(), forget, back))
	}
	receipt := func(key string, now time.Duration) verify.Receipt {
		return verify.Receipt{Key: key, At: at(now), Until: at(now + time.Hour)}
	}
	settle([]string{"nobody"}, receipt("nobody", 0))
	for range 3 {
		require.Empty(t, charge(t, d, hourly, 0, "a", "b", "c"))
	}
	settle([]string{"a"}, receipt("b", 0))
	require.Equal(t, []int{0, 2, 3}, []int{spent(t, d, "a"), spent(t, d, "b"), spent(t, d, "c")})
	for range 5 { // more than were counted
		settle(nil, receipt("b", 0))
	}
	require.Zero(t, spent(t, d, "b"))
	settle(nil, receipt("c", -2*time.Hour))
	require.Equal(t, 3, spent(t, d, "c"), "an older count's charge")
	require.Empty(t, charge(t, d, hourly, time.Hour, "c"))
	settle(nil, receipt("c", 0))
	require.Equal(t, 1, spent(t, d, "c"), "the count started again since")
	settle(nil, verify.Receipt{Key: "c", At: at(time.Hour)})
	require.Zero(t, spent(t, d, "c"))
}

// budgetInside charges and settles in transactions that fail, and charges again in
// one in which a charge was refused.
func budgetInside(t *testing.T, d *database) {
	require.Empty(t, charge(t, d, hourly, 0, "a"))
	failing := func(saga string, work func(ctx context.Context) error) {
		t.Helper()
		err := d.Journal.Begin(t.Context(), writing(running(saga), func(ctx context.Context) error {
			require.NoError(t, work(ctx))
			return errOfTest
		}))
		require.ErrorIs(t, err, errOfTest)
		require.Equal(t, 1, spent(t, d, "a"))
	}
	failing("saga1", func(ctx context.Context) error {
		_, err := d.Budgets.Charge(ctx, charges(hourly, "a", "b"), at(0))
		return err
	})
	require.Zero(t, spent(t, d, "b"))
	failing("saga2", func(ctx context.Context) error {
		return d.Budgets.Settle(ctx, []string{"a"}, nil)
	})
	for range 3 {
		require.Empty(t, charge(t, d, hourly, 0, "full"))
	}
	require.NoError(t, d.Journal.Begin(t.Context(), writing(running("saga3"), func(ctx context.Context) error {
		holds, err := d.Budgets.Charge(ctx, charges(hourly, "b", "full"), at(0))
		require.NoError(t, err)
		require.Len(t, holds, 1)
		holds, err = d.Budgets.Charge(ctx, charges(hourly, "b", "reserve"), at(0))
		require.Empty(t, holds)
		return err
	})))
	require.Equal(t, 1, spent(t, d, "b"))
	require.Equal(t, 1, spent(t, d, "reserve"))
}

// budgetPruned charges ever other keys, day after day.
func budgetPruned(t *testing.T, d *database) {
	const perDay, day = 150, 25 * time.Hour
	for days := range 4 {
		for i := range perDay {
			require.Empty(t, charge(t, d, hourly, time.Duration(days)*day, fmt.Sprint(days, "/", i)))
		}
		var rows int
		require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM budgets"))
		require.LessOrEqual(t, rows, 2*perDay)
	}
}

// budgetLockKept locks a key late in its count: the lock outlasts the count, and
// clearing up leaves it.
func budgetLockKept(t *testing.T, d *database) {
	lock := verify.Limit{Name: "lock", Free: 2, LockAfter: 2, LockFor: 15 * time.Minute}
	require.Empty(t, charge(t, d, lock, 0, "locked"))
	require.Empty(t, charge(t, d, lock, 14*time.Minute, "locked"))
	for i := range 200 {
		require.Empty(t, charge(t, d, hourly, 16*time.Minute, fmt.Sprint("other/", i)))
	}
	require.Len(t, charge(t, d, lock, 16*time.Minute, "locked"), 1)
}

// budgetRace charges a key of each, and one that is everybody's, while old rows
// are cleared up: no more pass than the limit.
func budgetRace(t *testing.T, d *database) {
	stores := []verify.Budgets{d.Budgets, d.replica(t).Budgets}
	for i := range 3 {
		for old := range 10 {
			require.Empty(t, charge(t, d, hourly, -2*time.Hour, fmt.Sprint("old", i, old)))
		}
		var passed atomic.Int32
		results := race(racers, func(who int) error {
			holds, err := stores[who%2].Charge(context.Background(),
				charges(hourly, fmt.Sprint("account", i, who), fmt.Sprint("client", i)), at(0))
			if len(holds) == 0 && err == nil {
				passed.Add(1)
			}
			return err
		})
		require.NoError(t, errors.Join(results...))
		require.EqualValues(t, hourly.Free, passed.Load())
	}
}

// budgetSettleRace has every charge returned or forgotten: in the end nothing is
// counted.
func budgetSettleRace(t *testing.T, d *database) {
	stores := []verify.Budgets{d.Budgets, d.replica(t).Budgets}
	wide := hourly.Times(racers)
	results := race(racers, func(who int) error {
		b, account := stores[who%2], fmt.Sprint("account", who%8)
		_, err := b.Charge(context.Background(), charges(wide, "client", account), at(0))
		return errors.Join(err, b.Settle(context.Background(), []string{account}, []verify.Receipt{
			{Key: "client", At: at(0), Until: at(time.Hour)},
		}))
	})
	require.NoError(t, errors.Join(results...))
	var counted int
	require.NoError(t, d.raw.Get(&counted, "SELECT SUM(spent) FROM budgets"))
	require.Zero(t, counted)
}

// budgetBlame has a key of one charge taken and returned all the time: whoever
// finds it full is refused by it, and not by the key that has room.
func budgetBlame(t *testing.T, d *database) {
	stores := []verify.Budgets{d.Budgets, d.replica(t).Budgets}
	roomy := verify.Charge{Key: "roomy", Limit: hourly.Times(racers * 1000).Named("roomy")}
	full := verify.Charge{Key: "full", Limit: verify.Quota("full", 1, time.Hour)}
	results := race(4, func(who int) error {
		b := stores[who%2]
		for range 200 {
			holds, err := b.Charge(context.Background(), []verify.Charge{roomy, full}, at(0))
			if err == nil && len(holds) == 0 {
				err = b.Settle(context.Background(), nil, []verify.Receipt{{Key: "full", At: at(0), Until: at(time.Hour)}})
			}
			for _, h := range holds {
				if h.Charge.Key != "full" || h.Wait != time.Hour {
					err = fmt.Errorf("refused by %q for %v", h.Charge.Key, h.Wait)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, errors.Join(results...))
}
