package sagatest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

// asked begins an exclusive saga that the actor asks for at that time.
func asked(j saga.Journal, id, subject, actor string, now time.Time, further ...string) error {
	r := running(id, subject)
	r.Exclusive, r.Origin.Actor, r.UpdatedAt = true, actor, now
	return j.Begin(context.Background(), func(context.Context) (saga.Write, error) {
		return saga.Write{Record: clone(r), Also: further}, nil
	})
}

func ends(t *testing.T, j saga.Journal, id string) {
	t.Helper()
	r, err := j.Load(t.Context(), id)
	require.NoError(t, err)
	r.Phase, r.Owner, r.Due = saga.Committed, "", time.Time{}
	appendTo(t, j, r)
}

func reserves(t *testing.T, j saga.Journal) {
	require.NoError(t, asked(j, "holder", "a", "a", at(0)))
	require.ErrorIs(t, asked(j, "lock", "a", "operator", at(0)), saga.ErrBusy)
	require.NoError(t, j.Reserve(t.Context(), "lock", []string{"a"}, at(0), at(4*time.Second)))
	ends(t, j, "holder")

	require.ErrorIs(t, asked(j, "own", "a", "a", at(time.Second)), saga.ErrBusy)
	require.ErrorIs(t, asked(j, "unknown", "a", "", at(time.Second)), saga.ErrBusy)
	_, err := j.Load(t.Context(), "own")
	require.ErrorIs(t, err, saga.ErrNotFound)
	require.NoError(t, asked(j, "other", "b", "b", at(time.Second)), "another subject is not concerned")
	begin(t, j, running("not exclusive", "a"))

	require.NoError(t, asked(j, "lock", "a", "operator", at(time.Second)))
	require.ErrorIs(t, asked(j, "own", "a", "a", at(time.Second)), saga.ErrBusy, "it is held")
	ends(t, j, "lock")
	require.NoError(t, asked(j, "own", "a", "a", at(time.Second)), "the reservation ended as its saga began")
	ends(t, j, "own")

	require.NoError(t, j.Reserve(t.Context(), "gone", []string{"a"}, at(0), at(time.Second)))
	require.NoError(t, j.Reserve(t.Context(), "gone", []string{"a"}, at(0), at(2*time.Second)))
	require.ErrorIs(t, asked(j, "late", "a", "a", at(2*time.Second-time.Millisecond)), saga.ErrBusy, "it was extended")
	require.NoError(t, asked(j, "late", "a", "a", at(2*time.Second)), "one whose saga never comes runs out")
	ends(t, j, "late")
	require.NoError(t, j.Reserve(t.Context(), "gives up", []string{"a"}, at(0), at(time.Hour)))
	require.NoError(t, j.Reserve(t.Context(), "gives up", []string{"a"}, at(time.Minute), at(time.Minute)))
	require.NoError(t, asked(j, "free", "a", "a", at(time.Minute)))
}

func reservesAlso(t *testing.T, j saga.Journal) {
	require.NoError(t, j.Reserve(t.Context(), "delete", []string{"a", "x", "a"}, at(0), at(4*time.Second)))
	require.ErrorIs(t, asked(j, "own", "x", "x", at(0)), saga.ErrBusy)
	require.ErrorIs(t, asked(j, "further", "b", "b", at(0), "y", "x"), saga.ErrBusy)
	require.NoError(t, asked(j, "apart", "b", "b", at(0), "y"), "what was refused holds nothing")
	require.NoError(t, asked(j, "delete", "a", "operator", at(0), "x"))
	ends(t, j, "delete")
	require.NoError(t, asked(j, "own", "x", "x", at(0)))
}

func reservesTogether(t *testing.T, j saga.Journal) {
	require.NoError(t, j.Reserve(t.Context(), "first", []string{"a"}, at(0), at(4*time.Second)))
	require.NoError(t, j.Reserve(t.Context(), "second", []string{"a"}, at(0), at(4*time.Second)))
	require.NoError(t, asked(j, "second", "a", "boss", at(0)), "neither waits for the other's reservation")
	ends(t, j, "second")
	require.ErrorIs(t, asked(j, "own", "a", "a", at(0)), saga.ErrBusy, "the first one waits still")
	require.NoError(t, asked(j, "first", "a", "operator", at(0)))
	ends(t, j, "first")
	require.NoError(t, asked(j, "own", "a", "a", at(0)))
	require.NoError(t, j.Reserve(t.Context(), "third", []string{"b"}, at(time.Hour), at(2*time.Hour)))
	require.NoError(t, asked(j, "ended", "b", "operator", at(time.Hour)), "what ran out long ago is in nobody's way")
}

// concurrentReserved lets the subject's own sagas follow one another until another
// one reserves the subject: none of theirs begins after that, and it does.
func concurrentReserved(t *testing.T, j saga.Journal) {
	var reserved, begun atomic.Bool
	faults := make([]error, racers)
	race(racers, func(i int) {
		if i == 0 {
			defer begun.Store(true)
			faults[i] = comesThrough(j, &reserved)
			return
		}
		for n := 0; !begun.Load() && faults[i] == nil; n++ {
			id, late := fmt.Sprintf("own-%d-%d", i, n), reserved.Load()
			switch err := asked(j, id, "a", "a", at(0)); {
			case err == nil && late:
				faults[i] = errors.New(id + " began in spite of the reservation")
			case err == nil:
				r := running(id, "a")
				r.Exclusive, r.Phase, r.Owner, r.Due = true, saga.Committed, "", time.Time{}
				faults[i] = j.Append(context.Background(), id, 1, writes(r))
			case !errors.Is(err, saga.ErrBusy):
				faults[i] = err
			}
		}
	})
	require.NoError(t, errors.Join(faults...))
}

// comesThrough reserves the subject and begins as soon as its holder has ended.
func comesThrough(j saga.Journal, reserved *atomic.Bool) error {
	for range 10_000 {
		if err := j.Reserve(context.Background(), "lock", []string{"a"}, at(0), at(time.Second)); err != nil {
			return err
		}
		reserved.Store(true)
		if err := asked(j, "lock", "a", "operator", at(0)); !errors.Is(err, saga.ErrBusy) {
			return err
		}
	}
	return errors.New("it never began")
}
