package sagatest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

func claimOrder(t *testing.T, j saga.Journal) {
	ids := []string{"third", "first", "now", "second", "later"}
	due := []time.Duration{-time.Second, -time.Hour, 0, -time.Minute, time.Millisecond}
	for i, id := range ids {
		begin(t, j, parked(id, at(due[i])))
	}
	claim := func(limit int) []string {
		t.Helper()
		claimed, err := j.Claim(t.Context(), "two", at(0), at(time.Minute), limit)
		require.NoError(t, err)
		names := make([]string, len(claimed))
		for i, r := range claimed {
			names[i] = r.ID
			require.Equal(t, int64(2), r.Epoch)
			require.Equal(t, "two", r.Owner)
			require.True(t, r.Due.Equal(at(time.Minute)))
			require.JSONEq(t, `{"secret":"s3cret","zero":"\u0000"}`, string(r.State))
			require.Equal(t, saga.Started, r.Steps["second"])
			stored, err := j.Load(t.Context(), r.ID)
			require.NoError(t, err)
			require.Empty(t, diff(stored, r), "what was claimed is what is stored")
			entries, err := j.Entries(t.Context(), r.ID)
			require.NoError(t, err)
			require.Empty(t, entries, "nobody held it: it was not taken over")
		}
		return names
	}
	require.Equal(t, []string{"first", "second"}, claim(2))
	require.Equal(t, []string{"third", "now"}, claim(10))
	require.Empty(t, claim(10), "what was claimed is not due, nor what is due later")
}

func claimExpired(t *testing.T, j saga.Journal) {
	r := running("id", "a")
	begin(t, j, r)
	early, err := j.Claim(t.Context(), "two", at(9*time.Second), at(time.Hour), 10)
	require.NoError(t, err)
	require.Empty(t, early, "the lease is still good")

	claimed, err := j.Claim(t.Context(), "two", at(11*time.Second), at(time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	entries, err := j.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, saga.EventTakenOver, entries[0].Event)
	require.Equal(t, int64(2), entries[0].Epoch)
	require.Equal(t, r.Attempts+1, claimed[0].Attempts, "a runner that goes away has tried")

	require.ErrorIs(t, j.Append(t.Context(), "id", 1, writes(r)), saga.ErrFenced)
	mine := claimed[0]
	mine.Phase = saga.Unwinding
	appendTo(t, j, mine)
	requireRecord(t, j, mine)
}

func claimLeaves(t *testing.T, j saga.Journal) {
	for _, phase := range []saga.Phase{saga.Committed, saga.Aborted} {
		r := running(string(phase), "a")
		begin(t, j, r)
		r.Phase = phase
		appendTo(t, j, r)
	}
	stuck := parked("stuck", time.Time{})
	stuck.Stuck = true
	begin(t, j, stuck)
	for _, phase := range []saga.Phase{saga.Running, saga.Unwinding, saga.Settling, saga.Completing} {
		r := parked("due "+string(phase), at(0))
		r.Phase = phase
		begin(t, j, r)
	}
	claimed, err := j.Claim(t.Context(), "two", at(time.Hour), at(2*time.Hour), 10)
	require.NoError(t, err)
	phases := map[saga.Phase]bool{}
	for _, r := range claimed {
		require.Equal(t, "due "+string(r.Phase), r.ID)
		phases[r.Phase] = true
	}
	require.Len(t, phases, 4)
	require.Len(t, claimed, 4)
}

func renewOwn(t *testing.T, j saga.Journal) {
	for _, id := range []string{"mine 1", "mine 2", "ended", "parked"} {
		begin(t, j, running(id, id))
	}
	theirs := running("theirs", "theirs")
	theirs.Owner = "two"
	begin(t, j, theirs)
	ended := running("ended", "ended")
	ended.Phase, ended.Owner, ended.Due = saga.Committed, "", time.Time{}
	appendTo(t, j, ended)
	rests := running("parked", "parked")
	rests.Owner, rests.Due = "", at(time.Second)
	appendTo(t, j, rests)

	n, err := j.Renew(t.Context(), "one", at(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	due := map[string]time.Time{
		"mine 1": at(time.Hour), "mine 2": at(time.Hour), "theirs": at(10 * time.Second),
		"parked": at(time.Second), "ended": {},
	}
	for id, want := range due {
		r, err := j.Load(t.Context(), id)
		require.NoError(t, err)
		require.True(t, want.Equal(r.Due), "%s is due at %s", id, r.Due)
		require.Equal(t, int64(1), r.Epoch)
	}
	n, err = j.Renew(t.Context(), "one", at(time.Minute))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	mine := running("mine 1", "mine 1")
	mine.Due = at(2 * time.Minute)
	appendTo(t, j, mine)
	for _, id := range []string{"mine 1", "mine 2"} {
		r, err := j.Load(t.Context(), id)
		require.NoError(t, err)
		require.True(t, at(time.Hour).Equal(r.Due), "a renewal or append that was overtaken shortens no lease: %s is due at %s", id, r.Due)
	}
	n, err = j.Renew(t.Context(), "nobody", at(2*time.Hour))
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = j.Renew(t.Context(), "", at(2*time.Hour))
	require.NoError(t, err)
	require.Zero(t, n, "parked sagas have no owner to renew for")

	claimed, err := j.Claim(t.Context(), "two", at(30*time.Minute), at(time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, claimed, 2, "the parked one and the one that was not renewed")
	n, err = j.Renew(t.Context(), "two", at(3*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, n)
}

func entriesOrder(t *testing.T, j saga.Journal) {
	entry := func(i int) saga.Entry {
		return saga.Entry{
			Event: saga.EventDone, Step: string(rune('a' + i)), Cause: "cause", Epoch: int64(i),
			At: at(-time.Duration(i) * time.Second),
		}
	}
	r := running("id", "a")
	begin(t, j, r, entry(0), entry(1))
	begin(t, j, running("other", "b"), entry(9))
	appendTo(t, j, r)
	appendTo(t, j, r, entry(2))
	r.Phase = saga.Committed
	appendTo(t, j, r, entry(3), entry(4))
	got, err := j.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Empty(t, diff([]saga.Entry{entry(0), entry(1), entry(2), entry(3), entry(4)}, got),
		"the order is that of writing, whatever the times say")
}

func unknownIDs(t *testing.T, j saga.Journal) {
	_, err := j.Load(t.Context(), "nobody")
	require.ErrorIs(t, err, saga.ErrNotFound)
	_, err = j.Entries(t.Context(), "nobody")
	require.ErrorIs(t, err, saga.ErrNotFound)
	begin(t, j, running("somebody", "a"))
	entries, err := j.Entries(t.Context(), "somebody")
	require.NoError(t, err, "a saga without entries is not an unknown one")
	require.Empty(t, entries)
	claimed, err := j.Claim(t.Context(), "two", at(-time.Hour), at(0), 10)
	require.NoError(t, err)
	require.Empty(t, claimed)
}
