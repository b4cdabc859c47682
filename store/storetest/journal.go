package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

func journalClips(t *testing.T, d *database) {
	long := "bad \xff bytes " + strings.Repeat("长", 100_000)
	r := running("saga")
	r.Reason = long
	require.NoError(t, d.Journal.Begin(t.Context(), func(context.Context) (saga.Write, error) {
		return saga.Write{Record: r, Entries: []saga.Entry{{Event: saga.EventUnknown, Step: "步骤", Cause: long}}}, nil
	}))
	got, err := d.Journal.Load(t.Context(), r.ID)
	require.NoError(t, err)
	entries, err := d.Journal.Entries(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, "步骤", entries[0].Step)
	for _, text := range []string{got.Reason, entries[0].Cause} {
		require.True(t, strings.HasPrefix(text, "bad \uFFFD bytes 长长"), "%.40q", text)
		require.True(t, strings.HasSuffix(text, "长"))
		require.LessOrEqual(t, len(text), 4096)
	}
}

func journalTimes(t *testing.T, d *database) {
	r := running("saga")
	r.Due = at(time.Microsecond)
	begin(t, d.Journal, r)
	claimed, err := d.Journal.Claim(t.Context(), "two", at(0), at(time.Hour), 10)
	require.NoError(t, err)
	require.Empty(t, claimed, "due a microsecond later")
	until := at(time.Hour + 1500*time.Nanosecond).In(time.FixedZone("west", -5*3600))
	claimed, err = d.Journal.Claim(t.Context(), "two", at(time.Microsecond), until, 10)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	require.Equal(t, at(time.Hour+time.Microsecond), claimed[0].Due)
	stored, err := d.Journal.Load(t.Context(), r.ID)
	require.NoError(t, err)
	requireEqual(t, claimed[0], stored)
}

func journalTakeovers(t *testing.T, d *database) {
	r := running("saga")
	begin(t, d.Journal, r)
	want := []saga.Event{saga.EventBegan}
	for n := range 3 {
		claimed, err := d.Journal.Claim(t.Context(), fmt.Sprint("runner", n), at(time.Minute), at(time.Second), 1)
		require.NoError(t, err)
		require.Len(t, claimed, 1)
		r = claimed[0]
		require.NoError(t, d.Journal.Append(t.Context(), r.ID, r.Epoch, writing(r, nothing)))
		want = append(want, saga.EventTakenOver, saga.EventBegan)
	}
	entries, err := d.Journal.Entries(t.Context(), r.ID)
	require.NoError(t, err)
	var got []saga.Event
	for _, e := range entries {
		got = append(got, e.Event)
	}
	requireEqual(t, want, got)
}

func journalReplicas(t *testing.T, d *database) {
	// A round may come out empty while others hold the last rows: the number of
	// rounds only bounds the loop.
	const sagas, claimants, rounds = 80, 8, 200
	for i := range sagas {
		begin(t, d.Journal, running(fmt.Sprint("saga", i)))
	}
	journals := []saga.Journal{d.Journal, d.replica(t).Journal}
	var mu sync.Mutex
	owners := map[string]string{}
	all := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(owners) == sagas
	}
	results := race(claimants, func(i int) error {
		owner := fmt.Sprint("runner", i)
		for range rounds {
			claimed, err := journals[i%2].Claim(context.Background(), owner, at(time.Minute), at(time.Hour), 3)
			if err != nil {
				return err
			}
			mu.Lock()
			for _, r := range claimed {
				if first, twice := owners[r.ID]; twice {
					err = fmt.Errorf("%s has %s, which %s had claimed", owner, r.ID, first)
				}
				owners[r.ID] = owner
			}
			mu.Unlock()
			if err != nil || all() {
				return err
			}
		}
		return nil
	})
	require.NoError(t, errors.Join(results...))
	require.Len(t, owners, sagas)
	for id, owner := range owners {
		r, err := d.Journal.Load(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, owner, r.Owner)
		require.Equal(t, int64(2), r.Epoch)
	}
}
