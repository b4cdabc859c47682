package sagatest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

// TestArchive is the conformance suite of saga.Archive. open returns a journal
// without sagas, twice: as both interfaces; otherwise as for TestJournal.
func TestArchive(t *testing.T, open func(t *testing.T) (saga.Journal, saga.Archive)) {
	tests := map[string]func(*testing.T, saga.Journal, saga.Archive){
		"list: newest first, by pages":             listPages,
		"list: filters":                            listFilters,
		"find and list show no state":              findShows,
		"revise writes under the next epoch":       reviseWrites,
		"revise rolls back with its function":      reviseRollsBack,
		"revise to the end":                        reviseEnds,
		"prune removes what ended before":          pruneOld,
		"concurrent revisions do not overlap":      concurrentRevisions,
		"concurrent prunes remove each saga once":  concurrentPrunes,
		"a revision against appends of its runner": reviseAgainstAppends,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			j, a := open(t)
			test(t, j, a)
		})
	}
}

func idsOf(records []saga.Record) []string {
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.ID
	}
	return ids
}

func listed(t *testing.T, a saga.Archive, f saga.Filter, p saga.Page) []string {
	t.Helper()
	records, err := a.List(t.Context(), f, p)
	require.NoError(t, err)
	return idsOf(records)
}

func listPages(t *testing.T, j saga.Journal, a saga.Archive) {
	require.Empty(t, listed(t, a, saga.Filter{}, saga.Page{Limit: 10}))
	began := map[string]time.Duration{"b": 0, "e": time.Second, "a": time.Second, "c": time.Second, "d": -time.Hour}
	for id, when := range began {
		r := running(id, id)
		r.CreatedAt = at(when)
		begin(t, j, r)
	}
	require.Equal(t, []string{"e", "c", "a", "b", "d"}, listed(t, a, saga.Filter{}, saga.Page{Limit: 10}))
	var all []string
	after := ""
	for range 3 {
		ids := listed(t, a, saga.Filter{}, saga.Page{After: after, Limit: 2})
		all = append(all, ids...)
		after = all[len(all)-1]
	}
	require.Equal(t, []string{"e", "c", "a", "b", "d"}, all, "no saga twice, none left out")
	_, err := a.List(t.Context(), saga.Filter{}, saga.Page{After: "nobody", Limit: 2})
	require.ErrorIs(t, err, saga.ErrNotFound)
}

func listFilters(t *testing.T, j saga.Journal, a saga.Archive) {
	for i, change := range []func(*saga.Record){
		func(*saga.Record) {},
		func(r *saga.Record) { r.Stuck, r.Owner, r.Due = true, "", time.Time{} },
		func(r *saga.Record) { r.Phase = saga.Settling },
		func(r *saga.Record) { r.Flow = "other" },
		func(r *saga.Record) { r.Subject = "b" },
		func(r *saga.Record) { r.CreatedAt = at(-time.Hour) },
		func(r *saga.Record) { r.Subject, r.Stuck = "b", true },
	} {
		r := running(fmt.Sprint(i), "a")
		change(&r)
		begin(t, j, r)
	}
	for want, f := range map[string]saga.Filter{
		"[6 1]":         {Stuck: true},
		"[2]":           {Phase: saga.Settling},
		"[3]":           {Flow: "other"},
		"[6 4]":         {Subject: "b"},
		"[5]":           {Before: at(0)},
		"[6]":           {Subject: "b", Stuck: true},
		"[]":            {Subject: "b", Flow: "other"},
		"[6 4 3 2 1 0]": {},
	} {
		require.Equal(t, want, fmt.Sprint(listed(t, a, f, saga.Page{Limit: 6})), "%+v", f)
	}
	require.Equal(t, []string{"4"}, listed(t, a, saga.Filter{Subject: "b"}, saga.Page{After: "6", Limit: 6}))
}

func findShows(t *testing.T, j saga.Journal, a saga.Archive) {
	r := running("id", "a")
	r.Origin, r.Reason, r.Attempts = saga.Origin{Actor: "x", Channel: "y", Request: "z"}, "because", 3
	begin(t, j, r, saga.Entry{Event: saga.EventBegan, Epoch: 1, At: at(0)})
	stored, err := j.Load(t.Context(), "id")
	require.NoError(t, err)
	require.NotEmpty(t, stored.State)
	stored.State = nil
	found, err := a.Find(t.Context(), "id")
	require.NoError(t, err)
	require.Empty(t, diff(stored, found))
	records, err := a.List(t.Context(), saga.Filter{}, saga.Page{Limit: 1})
	require.NoError(t, err)
	require.Empty(t, diff([]saga.Record{stored}, records))
	entries, err := a.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Len(t, entries, 1)
	_, err = a.Find(t.Context(), "nobody")
	require.ErrorIs(t, err, saga.ErrNotFound)
	_, err = a.Entries(t.Context(), "nobody")
	require.ErrorIs(t, err, saga.ErrNotFound)
}

// revising makes a revision of one change and one entry.
func revising(change func(*saga.Record)) func(context.Context, saga.Record) (saga.Write, error) {
	return func(_ context.Context, r saga.Record) (saga.Write, error) {
		change(&r)
		return saga.Write{Record: r, Entries: []saga.Entry{{Event: saga.EventRetried, Epoch: r.Epoch, At: at(0)}}}, nil
	}
}

func reviseWrites(t *testing.T, j saga.Journal, a saga.Archive) {
	r := running("id", "a")
	r.Owner, r.Due, r.Stuck, r.Attempts, r.Epoch = "", time.Time{}, true, 20, 3
	r.Origin.Actor = "somebody"
	begin(t, j, r)
	other := running("other", "b")
	begin(t, j, other)
	require.NoError(t, a.Revise(t.Context(), "id", func(_ context.Context, got saga.Record) (saga.Write, error) {
		require.Empty(t, got.State)
		want := r
		want.State = nil
		require.Empty(t, diff(want, got))
		got.Stuck, got.Attempts, got.Due, got.UpdatedAt = false, 0, at(time.Minute), at(time.Minute)
		got.ID, got.Epoch, got.CreatedAt, got.Origin, got.State = "other", 99, at(time.Hour), saga.Origin{}, []byte("{}")
		return saga.Write{Record: got, Entries: []saga.Entry{{Event: saga.EventRetried, Cause: "why", Epoch: 4, At: at(0)}}}, nil
	}))
	r.Stuck, r.Attempts, r.Due, r.UpdatedAt, r.Epoch = false, 0, at(time.Minute), at(time.Minute), 4
	requireRecord(t, j, r)
	requireRecord(t, j, other)
	entries, err := j.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Empty(t, diff([]saga.Entry{{Event: saga.EventRetried, Cause: "why", Epoch: 4, At: at(0)}}, entries))
	require.ErrorIs(t, j.Append(t.Context(), "id", 3, writes(r)), saga.ErrFenced, "who held it has lost it")
	claimed, err := j.Claim(t.Context(), "two", at(time.Minute), at(time.Hour), 10)
	require.NoError(t, err)
	require.Contains(t, idsOf(claimed), "id", "it can be claimed again")
	require.ErrorIs(t, a.Revise(t.Context(), "nobody", revising(func(*saga.Record) {})), saga.ErrNotFound)
}

func reviseRollsBack(t *testing.T, j saga.Journal, a saga.Archive) {
	r := running("id", "a")
	begin(t, j, r)
	require.ErrorIs(t, a.Revise(t.Context(), "id", func(_ context.Context, r saga.Record) (saga.Write, error) {
		r.Phase = saga.Aborted
		r.Steps["first"] = saga.Undone
		return saga.Write{Record: r, Entries: []saga.Entry{{Event: saga.EventAborted}}}, errOfTest
	}), errOfTest)
	requireRecord(t, j, r)
	entries, err := j.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Empty(t, entries)
}

func reviseEnds(t *testing.T, j saga.Journal, a saga.Archive) {
	r := running("id", "a")
	r.Exclusive = true
	begin(t, j, r)
	next := running("next", "a")
	next.Exclusive = true
	require.NoError(t, a.Revise(t.Context(), "id", revising(func(r *saga.Record) { r.Attempts = 1 })))
	require.ErrorIs(t, j.Begin(t.Context(), writes(next)), saga.ErrBusy, "a revised saga holds its subject")
	require.NoError(t, a.Revise(t.Context(), "id", revising(func(r *saga.Record) {
		r.Phase, r.Owner, r.Due = saga.Aborted, "", time.Time{}
	})))
	got, err := j.Load(t.Context(), "id")
	require.NoError(t, err)
	require.Empty(t, got.State, "the end scrubs the state")
	require.Equal(t, int64(3), got.Epoch)
	begin(t, j, next)
}

func pruneOld(t *testing.T, j saga.Journal, a saga.Archive) {
	for i := range 3 {
		for _, phase := range []saga.Phase{saga.Committed, saga.Aborted, saga.Unwinding} {
			r := running(fmt.Sprint(phase, i), fmt.Sprint(phase, i))
			r.Exclusive = true
			begin(t, j, r, saga.Entry{Event: saga.EventBegan, Epoch: 1, At: at(0)})
			r.Phase, r.UpdatedAt = phase, at(time.Duration(i)*time.Hour)
			appendTo(t, j, r)
		}
	}
	prune := func(before time.Duration, limit int) int {
		t.Helper()
		n, err := a.Prune(t.Context(), at(before), limit)
		require.NoError(t, err)
		return n
	}
	require.Zero(t, prune(0, 10), "what ended at that very time stays")
	require.Equal(t, 3, prune(2*time.Hour, 3))
	require.Equal(t, 1, prune(2*time.Hour, 3))
	require.Zero(t, prune(2*time.Hour, 3))
	require.Equal(t, []string{"unwinding2", "unwinding1", "unwinding0", "committed2", "aborted2"},
		listed(t, a, saga.Filter{}, saga.Page{Limit: 10}))
	_, err := j.Entries(t.Context(), "committed0")
	require.ErrorIs(t, err, saga.ErrNotFound, "the history goes too")
	begin(t, j, running("committed0", "x"))
	entries, err := j.Entries(t.Context(), "committed0")
	require.NoError(t, err)
	require.Empty(t, entries)
}

func concurrentRevisions(t *testing.T, j saga.Journal, a saga.Archive) {
	begin(t, j, running("id", "a"))
	faults := make([]error, racers)
	race(racers, func(i int) {
		faults[i] = a.Revise(context.Background(), "id", revising(func(r *saga.Record) { r.Attempts++ }))
	})
	for _, err := range faults {
		require.NoError(t, err)
	}
	got, err := j.Load(t.Context(), "id")
	require.NoError(t, err)
	require.Equal(t, racers, got.Attempts, "each saw what the one before had written")
	require.Equal(t, int64(1+racers), got.Epoch)
	entries, err := j.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Len(t, entries, racers)
}

func concurrentPrunes(t *testing.T, j saga.Journal, a saga.Archive) {
	const sagas = 60
	for i := range sagas {
		r := running(fmt.Sprint(i), "a")
		begin(t, j, r)
		r.Phase = saga.Committed
		appendTo(t, j, r)
	}
	removed, faults := make([]int, racers), make([]error, racers)
	race(racers, func(i int) {
		for range sagas {
			n, err := a.Prune(context.Background(), at(time.Hour), 4)
			if removed[i] += n; err != nil {
				faults[i] = err
				return
			}
		}
	})
	total := 0
	for i := range racers {
		require.NoError(t, faults[i])
		total += removed[i]
	}
	require.Equal(t, sagas, total)
	require.Empty(t, listed(t, a, saga.Filter{}, saga.Page{Limit: 1}))
}

// reviseAgainstAppends: once it is revised no append of the runner that held it
// is stored.
func reviseAgainstAppends(t *testing.T, j saga.Journal, a saga.Archive) {
	for i := range 20 {
		r := running(fmt.Sprint(i), "a")
		begin(t, j, r)
		var revised, appended error
		race(2, func(who int) {
			if who == 0 {
				revised = a.Revise(context.Background(), r.ID, revising(func(r *saga.Record) {
					r.Reason, r.Owner, r.Stuck = "revised", "", true
				}))
				return
			}
			mine := r
			mine.Reason = "appended"
			appended = j.Append(context.Background(), r.ID, 1, writes(mine))
		})
		require.NoError(t, revised)
		if appended != nil {
			require.ErrorIs(t, appended, saga.ErrFenced)
		}
		got, err := j.Load(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, "revised", got.Reason)
		require.Equal(t, int64(2), got.Epoch)
	}
}
