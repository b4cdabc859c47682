package sagatest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"accord/saga"
)

// TestJournal is the conformance suite of saga.Journal. open returns a journal
// without sagas; what it opened it closes by t.Cleanup. Journals opened within
// one test must not see each other's sagas.
func TestJournal(t *testing.T, open func(t *testing.T) saga.Journal) {
	tests := map[string]func(*testing.T, saga.Journal){
		"begin keeps the whole record":               beginKeeps,
		"begin with a used id":                       beginUsedID,
		"begin rolls back with its function":         beginRollsBack,
		"begin in an ended phase":                    beginEnded,
		"append replaces the record":                 appendReplaces,
		"append under another epoch is fenced":       appendFenced,
		"append rolls back with its function":        appendRollsBack,
		"append to an unknown saga":                  appendUnknown,
		"the end scrubs the state":                   endScrubs,
		"an exclusive saga holds its subject":        exclusiveHolds,
		"an exclusive saga holds further subjects":   exclusiveHoldsAlso,
		"a reservation keeps others out":             reserves,
		"a reservation of further subjects":          reservesAlso,
		"reservations of several sagas":              reservesTogether,
		"claim takes what is due, oldest first":      claimOrder,
		"claim takes over an expired lease":          claimExpired,
		"claim leaves ended and stuck sagas":         claimLeaves,
		"renew extends the leases of its owner only": renewOwn,
		"entries keep their order":                   entriesOrder,
		"unknown ids":                                unknownIDs,
		"concurrent claims share the sagas out":      concurrentClaims,
		"concurrent exclusive begins: one wins":      concurrentBegins,
		"concurrent begins of a ring of subjects":    concurrentRings,
		"concurrent begins under a reservation":      concurrentReserved,
		"concurrent appends do not overlap":          concurrentAppends,
		"concurrent appends against a takeover":      concurrentTakeover,
		"concurrent begins with one id: one wins":    concurrentID,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// at is a moment of the suite's own time.
func at(d time.Duration) time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(d)
}

// running is a saga that "one" holds until at(10 s).
func running(id, subject string) saga.Record {
	return saga.Record{
		ID: id, Flow: "flow", Subject: subject, Phase: saga.Running,
		Steps: map[string]saga.StepStatus{"first": saga.Done, "second": saga.Started},
		State: []byte(`{"secret":"s3cret","zero":"\u0000"}`), Epoch: 1, Owner: "one", Due: at(10 * time.Second),
		CreatedAt: at(0), UpdatedAt: at(0),
	}
}

// parked is a saga that is due at that time and held by nobody.
func parked(id string, due time.Time) saga.Record {
	r := running(id, "of-"+id)
	r.Owner, r.Due = "", due
	return r
}

func writes(r saga.Record, entries ...saga.Entry) saga.WriteFunc {
	return func(context.Context) (saga.Write, error) {
		return saga.Write{Record: clone(r), Entries: entries}, nil
	}
}

func begin(t *testing.T, j saga.Journal, r saga.Record, entries ...saga.Entry) {
	t.Helper()
	require.NoError(t, j.Begin(t.Context(), writes(r, entries...)))
}

func appendTo(t *testing.T, j saga.Journal, r saga.Record, entries ...saga.Entry) {
	t.Helper()
	require.NoError(t, j.Append(t.Context(), r.ID, r.Epoch, writes(r, entries...)))
}

// requireRecord compares what is stored; nil and empty are the same.
func requireRecord(t *testing.T, j saga.Journal, want saga.Record) {
	t.Helper()
	got, err := j.Load(t.Context(), want.ID)
	require.NoError(t, err)
	require.Empty(t, diff(want, got))
}

func diff(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty())
}

func beginKeeps(t *testing.T, j saga.Journal) {
	plain := running("plain", "a")
	begin(t, j, plain)
	requireRecord(t, j, plain)

	full := saga.Record{
		ID: "full", Flow: "flow", Subject: "b", Exclusive: true, Origin: saga.Origin{Actor: "26030112000001", Channel: "cli", Request: "r-1"}, Phase: saga.Unwinding, Epoch: 7,
		State: []byte(`{}`), Attempts: 3, Stuck: true, Reason: "Gitea: 连接 refused 'quoted' \"%s\"",
		CreatedAt: at(time.Millisecond), UpdatedAt: at(time.Hour),
	}
	begin(t, j, full)
	requireRecord(t, j, full)
	requireRecord(t, j, plain)
}

func beginUsedID(t *testing.T, j saga.Journal) {
	first := running("id", "a")
	begin(t, j, first, saga.Entry{Event: saga.EventBegan, Epoch: 1, At: at(0)})
	again := running("id", "b")
	require.ErrorIs(t, j.Begin(t.Context(), writes(again, saga.Entry{Event: saga.EventBegan})), saga.ErrExists)
	requireRecord(t, j, first)
	entries, err := j.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Len(t, entries, 1)

	first.Phase = saga.Committed
	appendTo(t, j, first)
	require.ErrorIs(t, j.Begin(t.Context(), writes(again)), saga.ErrExists, "an ended saga's id stays used")
}

var errOfTest = errors.New("of the test")

func beginRollsBack(t *testing.T, j saga.Journal) {
	r := running("id", "a")
	r.Exclusive = true
	err := j.Begin(t.Context(), func(context.Context) (saga.Write, error) {
		return saga.Write{Record: r}, errOfTest
	})
	require.ErrorIs(t, err, errOfTest)
	_, err = j.Load(t.Context(), "id")
	require.ErrorIs(t, err, saga.ErrNotFound)
	begin(t, j, r)
	requireRecord(t, j, r)
}

func beginEnded(t *testing.T, j saga.Journal) {
	r := running("id", "a")
	r.Exclusive, r.Phase, r.Owner, r.Due = true, saga.Committed, "", time.Time{}
	begin(t, j, r)
	r.State = nil
	requireRecord(t, j, r)
	next := running("next", "a")
	next.Exclusive = true
	begin(t, j, next)
	r.ID = "third"
	require.ErrorIs(t, j.Begin(t.Context(), writes(r)), saga.ErrBusy, "the hold counts for a saga that ends at once")
}

func appendReplaces(t *testing.T, j saga.Journal) {
	r := running("id", "a")
	r.Origin = saga.Origin{Actor: "somebody", Channel: "sweep", Request: "r-1"}
	begin(t, j, r)
	other := running("other", "b")
	begin(t, j, other)

	want := r
	want.Phase = saga.Completing
	want.Steps = map[string]saga.StepStatus{"second": saga.Unknown, "third": saga.Started}
	want.State = []byte(`{"n":2}`)
	want.Owner, want.Due = "", at(time.Hour)
	want.Attempts, want.Stuck, want.Reason = 2, true, "because"
	want.UpdatedAt = at(time.Minute)
	written := want
	written.CreatedAt, written.Epoch, written.Origin = at(99*time.Hour), 99, saga.Origin{Actor: "another"}
	require.NoError(t, j.Append(t.Context(), "id", 1, writes(written)))
	requireRecord(t, j, want)
	requireRecord(t, j, other)
}

func appendFenced(t *testing.T, j saga.Journal) {
	r := running("id", "a")
	r.Epoch = 3
	begin(t, j, r)
	for _, epoch := range []int64{0, 2, 4} {
		late := running("id", "a")
		late.Phase = saga.Aborted
		called := false
		err := j.Append(t.Context(), "id", epoch, func(context.Context) (saga.Write, error) {
			called = true
			return saga.Write{Record: late, Entries: []saga.Entry{{Event: saga.EventAborted}}}, nil
		})
		require.ErrorIs(t, err, saga.ErrFenced)
		require.False(t, called, "a fenced runner's local steps must not run")
	}
	requireRecord(t, j, r)
	entries, err := j.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Empty(t, entries)
}

func appendRollsBack(t *testing.T, j saga.Journal) {
	r := running("id", "a")
	begin(t, j, r)
	err := j.Append(t.Context(), "id", 1, func(context.Context) (saga.Write, error) {
		changed := clone(r)
		changed.Phase = saga.Committed
		return saga.Write{Record: changed, Entries: []saga.Entry{{Event: saga.EventCommitted}}}, errOfTest
	})
	require.ErrorIs(t, err, errOfTest)
	requireRecord(t, j, r)
	entries, err := j.Entries(t.Context(), "id")
	require.NoError(t, err)
	require.Empty(t, entries)
}

func appendUnknown(t *testing.T, j saga.Journal) {
	require.ErrorIs(t, j.Append(t.Context(), "nobody", 1, writes(running("nobody", "a"))), saga.ErrNotFound)
	_, err := j.Load(t.Context(), "nobody")
	require.ErrorIs(t, err, saga.ErrNotFound)
}

func endScrubs(t *testing.T, j saga.Journal) {
	for _, phase := range []saga.Phase{saga.Committed, saga.Aborted} {
		r := running(string(phase), "a")
		begin(t, j, r)
		r.Phase, r.Owner, r.Due = phase, "", time.Time{}
		appendTo(t, j, r, saga.Entry{Event: saga.EventCommitted, Epoch: 1, At: at(0)})
		r.State = nil
		requireRecord(t, j, r)
		entries, err := j.Entries(t.Context(), r.ID)
		require.NoError(t, err)
		require.Len(t, entries, 1, "the history stays")
	}
}

func exclusiveHolds(t *testing.T, j saga.Journal) {
	holder := running("holder", "a")
	holder.Exclusive = true
	begin(t, j, holder)
	second := running("second", "a")
	second.Exclusive = true
	busy := func(why string) {
		t.Helper()
		require.ErrorIs(t, j.Begin(t.Context(), writes(second)), saga.ErrBusy, why)
	}
	busy("while running")
	_, err := j.Load(t.Context(), "second")
	require.ErrorIs(t, err, saga.ErrNotFound)

	other := running("other", "b")
	other.Exclusive = true
	begin(t, j, other)
	begin(t, j, running("not exclusive", "a"))

	holder.Phase, holder.Owner, holder.Due = saga.Settling, "", at(time.Minute)
	appendTo(t, j, holder)
	busy("while parked")
	holder.Stuck, holder.Due = true, time.Time{}
	appendTo(t, j, holder)
	busy("while stuck")
	holder.Stuck, holder.Phase = false, saga.Aborted
	appendTo(t, j, holder)
	begin(t, j, second)
}

// also begins an exclusive saga of that id and subject that holds further ones.
func also(j saga.Journal, id, subject string, further ...string) error {
	r := running(id, subject)
	r.Exclusive = true
	return j.Begin(context.Background(), func(context.Context) (saga.Write, error) {
		return saga.Write{Record: clone(r), Also: further}, nil
	})
}

func exclusiveHoldsAlso(t *testing.T, j saga.Journal) {
	require.NoError(t, also(j, "holder", "a", "x", "y", "a"), "its own subject among them")
	require.ErrorIs(t, also(j, "own", "x"), saga.ErrBusy, "a further subject of one is the subject of the next")
	require.ErrorIs(t, also(j, "further", "b", "z", "a"), saga.ErrBusy, "and the other way round")
	require.ErrorIs(t, also(j, "both", "b", "z", "y"), saga.ErrBusy)
	require.NoError(t, also(j, "apart", "b", "z"), "what was refused holds nothing")

	_, err := j.Claim(t.Context(), "next", at(time.Hour), at(2*time.Hour), 10)
	require.NoError(t, err)
	require.ErrorIs(t, also(j, "taken over", "x"), saga.ErrBusy, "who takes a saga over holds what it held")
	held, err := j.Load(t.Context(), "holder")
	require.NoError(t, err)
	held.Stuck, held.Owner, held.Due = true, "", time.Time{}
	appendTo(t, j, held)
	require.ErrorIs(t, also(j, "while stuck", "y"), saga.ErrBusy)
	held.Stuck, held.Phase = false, saga.Aborted
	appendTo(t, j, held)
	require.NoError(t, also(j, "next", "y", "x", "a"), "all are free when it has ended")
	require.ErrorIs(t, also(j, "not z", "c", "z"), saga.ErrBusy)
}
