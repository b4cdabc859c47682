package sagatest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

// racers is how many goroutines contend in the concurrency tier.
const racers = 16

// race starts n goroutines at one signal and waits for them.
func race(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

func concurrentClaims(t *testing.T, j saga.Journal) {
	const sagas = 60
	for i := range sagas {
		begin(t, j, parked(fmt.Sprintf("saga-%02d", i), at(-time.Second)))
	}
	var mu sync.Mutex
	owners := map[string]string{}
	faults := make([]error, racers)
	race(racers, func(i int) {
		owner := fmt.Sprintf("runner-%d", i)
		// A round may come out empty while others hold the rows; the count of
		// rounds is what bounds the loop.
		for range 2 * sagas {
			claimed, err := j.Claim(context.Background(), owner, at(0), at(time.Hour), 3)
			mu.Lock()
			for _, r := range claimed {
				if owners[r.ID] != "" || r.Epoch != 2 || r.Owner != owner {
					err = errors.Join(err, fmt.Errorf("%s claimed %s of %q at epoch %d for %q", owner, r.ID, owners[r.ID], r.Epoch, r.Owner))
				}
				owners[r.ID] = owner
			}
			all := len(owners) == sagas
			mu.Unlock()
			if faults[i] = errors.Join(faults[i], err); all || err != nil {
				return
			}
		}
	})
	require.NoError(t, errors.Join(faults...))
	require.Len(t, owners, sagas, "every saga was claimed")
	for id, owner := range owners {
		r, err := j.Load(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, owner, r.Owner)
	}
}

func concurrentBegins(t *testing.T, j saga.Journal) {
	results := make([]error, racers)
	race(racers, func(i int) {
		r := running(fmt.Sprintf("saga-%d", i), "subject")
		r.Exclusive = true
		results[i] = j.Begin(context.Background(), writes(r))
	})
	winner := onlyWinner(t, results, saga.ErrBusy)
	for i := range results {
		_, err := j.Load(t.Context(), fmt.Sprintf("saga-%d", i))
		if i == winner {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, saga.ErrNotFound)
	}

	held, err := j.Load(t.Context(), fmt.Sprintf("saga-%d", winner))
	require.NoError(t, err)
	held.Phase = saga.Aborted
	appendTo(t, j, held)
	race(racers, func(i int) {
		r := running(fmt.Sprintf("again-%d", i), "subject")
		r.Exclusive = true
		results[i] = j.Begin(context.Background(), writes(r))
	})
	onlyWinner(t, results, saga.ErrBusy)
}

func concurrentID(t *testing.T, j saga.Journal) {
	results := make([]error, racers)
	race(racers, func(i int) {
		r := running("id", fmt.Sprintf("subject-%d", i))
		results[i] = j.Begin(context.Background(), writes(r, saga.Entry{Event: saga.EventBegan, Epoch: 1, At: at(0)}))
	})
	winner := onlyWinner(t, results, saga.ErrExists)
	requireRecord(t, j, running("id", fmt.Sprintf("subject-%d", winner)))
	entries, err := j.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

// onlyWinner returns the one that succeeded; all others got the given error.
func onlyWinner(t *testing.T, results []error, loser error) int {
	t.Helper()
	winner := -1
	for i, err := range results {
		if err == nil {
			require.Equal(t, -1, winner, "two won: %d and %d", winner, i)
			winner = i
			continue
		}
		require.ErrorIs(t, err, loser)
	}
	require.NotEqual(t, -1, winner, "nobody won")
	return winner
}

func concurrentAppends(t *testing.T, j saga.Journal) {
	begin(t, j, running("id", "a"))
	var inside, overlaps atomic.Int32
	results := make([]error, racers)
	race(racers, func(i int) {
		results[i] = j.Append(context.Background(), "id", 1, func(context.Context) (saga.Write, error) {
			if inside.Add(1) > 1 {
				overlaps.Add(1)
			}
			defer inside.Add(-1)
			r := running("id", "a")
			r.Attempts = i
			return saga.Write{Record: r, Entries: []saga.Entry{{Event: saga.EventParked, Epoch: 1, Cause: fmt.Sprint(i), At: at(0)}}}, nil
		})
	})
	require.NoError(t, errors.Join(results...))
	require.Zero(t, overlaps.Load(), "the record is locked while a function runs")
	entries, err := j.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Len(t, entries, racers, "every append left its entry once")
	r, err := j.Load(t.Context(), "id")
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(r.Attempts), entries[racers-1].Cause, "the last entry is of the last write")
}

// concurrentTakeover lets a runner append to many sagas while another claims
// them: each saga's history has the first runner's entries before the takeover
// and none after it, and the stored record is not the first runner's.
func concurrentTakeover(t *testing.T, j saga.Journal) {
	const sagas = 12
	for i := range sagas {
		begin(t, j, running(fmt.Sprintf("saga-%02d", i), fmt.Sprint(i)))
	}
	faults := make([]error, sagas+1)
	race(sagas+1, func(i int) {
		if i == sagas {
			claimed := 0
			for round := 0; claimed < sagas && round < 10_000; round++ {
				got, err := j.Claim(context.Background(), "two", at(time.Hour), at(2*time.Hour), 2)
				if err != nil {
					faults[i] = err
					return
				}
				claimed += len(got)
			}
			return
		}
		faults[i] = appendUntilFenced(j, fmt.Sprintf("saga-%02d", i))
	})
	require.NoError(t, errors.Join(faults...))
	for i := range sagas {
		id := fmt.Sprintf("saga-%02d", i)
		r, err := j.Load(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, int64(2), r.Epoch)
		require.Equal(t, "two", r.Owner)
		entries, err := j.Entries(t.Context(), id)
		require.NoError(t, err)
		require.NotEmpty(t, entries)
		for k, e := range entries {
			require.Equal(t, k == len(entries)-1, e.Event == saga.EventTakenOver,
				"entry %d of %d of %s is %s", k, len(entries), id, e.Event)
		}
		require.Equal(t, len(entries), r.Attempts, "the claimed record is that of the last append")
	}
}

// appendUntilFenced counts up in Attempts until the append is fenced; the
// number of tries is far beyond what a claim needs.
func appendUntilFenced(j saga.Journal, id string) error {
	for n := 1; n <= 100_000; n++ {
		r := running(id, id)
		r.Attempts = n
		err := j.Append(context.Background(), id, 1, writes(r, saga.Entry{Event: saga.EventParked, Epoch: 1, At: at(0)}))
		if errors.Is(err, saga.ErrFenced) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return errors.New(id + " was never fenced")
}

// concurrentRings begins sagas whose subjects overlap in a ring, several times
// over: no two of those that got theirs have one in common, and someone gets on.
func concurrentRings(t *testing.T, j saga.Journal) {
	for round := range 5 {
		results := make([]error, racers)
		race(racers, func(i int) {
			this, next := fmt.Sprintf("ring-%d", i%4), fmt.Sprintf("ring-%d", (i+1)%4)
			results[i] = also(j, fmt.Sprintf("%d-%d", round, i), fmt.Sprintf("subject-%d", i), next, this)
		})
		holders := map[string]int{}
		for i, err := range results {
			if err != nil {
				require.ErrorIs(t, err, saga.ErrBusy)
				continue
			}
			holders[fmt.Sprint(i%4)]++
			holders[fmt.Sprint((i+1)%4)]++
			held, err := j.Load(t.Context(), fmt.Sprintf("%d-%d", round, i))
			require.NoError(t, err)
			held.Phase = saga.Aborted
			appendTo(t, j, held)
		}
		require.NotEmpty(t, holders)
		for subject, n := range holders {
			require.Equal(t, 1, n, "subject %s", subject)
		}
	}
}
