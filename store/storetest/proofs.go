package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

const proof = "human/192.0.2.1"

// prove keeps a proof until ends.
func prove(t *testing.T, d *database, name string, ends time.Duration) {
	t.Helper()
	require.NoError(t, d.Proofs.Put(t.Context(), name, at(ends), at(0)))
}

func requireProof(t *testing.T, d *database, want bool, name string, now time.Duration) {
	t.Helper()
	has, err := d.Proofs.Has(t.Context(), name, at(now))
	require.NoError(t, err)
	require.Equal(t, want, has)
}

// consume uses the proof up, or finds none.
func consume(t *testing.T, d *database, now time.Duration) app.ProofRef {
	t.Helper()
	ref, err := d.Proofs.Consume(t.Context(), proof, at(now))
	require.NoError(t, err)
	return ref
}

func proofLife(t *testing.T, d *database) {
	requireProof(t, d, false, proof, 0)
	require.Zero(t, consume(t, d, 0))
	prove(t, d, proof, time.Minute)
	prove(t, d, "other", time.Minute)
	for _, name := range []string{"", "Human/192.0.2.1", proof + " "} {
		requireProof(t, d, false, name, 0)
	}
	requireProof(t, d, true, proof, time.Minute-time.Microsecond)
	requireProof(t, d, false, proof, time.Minute)
	require.Zero(t, consume(t, d, time.Minute), "its time is over")

	ref := consume(t, d, time.Minute-time.Microsecond)
	require.Equal(t, app.ProofRef{Name: proof, Ends: at(time.Minute)}, ref)
	requireProof(t, d, false, proof, 0)
	require.Zero(t, consume(t, d, 0), "once")
	requireProof(t, d, true, "other", 0)

	for range 2 {
		require.NoError(t, d.Proofs.GiveBack(t.Context(), ref))
		requireProof(t, d, true, proof, time.Minute-time.Microsecond)
		requireProof(t, d, false, proof, time.Minute)
	}
	require.NoError(t, d.Proofs.GiveBack(t.Context(), app.ProofRef{}))
	requireProof(t, d, false, "", 0)
}

// proofGroup uses up the proofs of a group one by one.
func proofGroup(t *testing.T, d *database) {
	one := func(now time.Duration) app.ProofRef {
		t.Helper()
		ref, err := d.Proofs.ConsumeOneOf(t.Context(), proof, at(now))
		require.NoError(t, err)
		return ref
	}
	require.Zero(t, one(0))
	for _, other := range []string{proof, proof + "/a" + app.ProofMark + "1", proof + "0" + app.ProofMark + "1", "human" + app.ProofMark + "1"} {
		prove(t, d, other, time.Hour)
	}
	require.Zero(t, one(0), "none of the group")
	first, second := proof+app.ProofMark+"b", proof+app.ProofMark+"a"
	prove(t, d, first, time.Minute)
	prove(t, d, second, time.Hour)
	ref := one(0)
	require.Equal(t, app.ProofRef{Name: first, Ends: at(time.Minute)}, ref)
	require.NoError(t, d.Proofs.GiveBack(t.Context(), ref))
	require.Equal(t, ref, one(0))
	require.NoError(t, d.Proofs.GiveBack(t.Context(), ref))
	require.Equal(t, second, one(time.Minute).Name, "the time of the other is over")
	require.Zero(t, one(time.Minute))
	requireProof(t, d, true, proof, 0)
}

// proofGroupRace uses up two proofs of a group by many at once, on two replicas:
// two of them have one.
func proofGroupRace(t *testing.T, d *database) {
	replicas := []app.Proofs{d.Proofs, d.replica(t).Proofs}
	for range 5 {
		prove(t, d, proof+app.ProofMark+"1", time.Minute)
		prove(t, d, proof+app.ProofMark+"2", time.Minute)
		var had atomic.Int32
		for _, err := range race(racers, func(i int) error {
			ref, err := replicas[i%2].ConsumeOneOf(context.Background(), proof, at(0))
			if ref != (app.ProofRef{}) {
				had.Add(1)
			}
			return err
		}) {
			require.NoError(t, err)
		}
		require.EqualValues(t, 2, had.Load())
	}
}

// proofAgain keeps a proof that is there already.
func proofAgain(t *testing.T, d *database) {
	prove(t, d, proof, time.Minute)
	prove(t, d, proof, time.Hour)
	prove(t, d, proof, time.Second)
	requireProof(t, d, true, proof, time.Hour-time.Microsecond)
	requireProof(t, d, false, proof, time.Hour)
	ref := consume(t, d, 0)
	prove(t, d, proof, 2*time.Hour)
	require.NoError(t, d.Proofs.GiveBack(t.Context(), ref))
	requireProof(t, d, true, proof, 2*time.Hour-time.Microsecond)
}

// proofInside uses proofs in transactions that fail.
func proofInside(t *testing.T, d *database) {
	failing := func(work func(ctx context.Context) error) {
		t.Helper()
		err := d.Journal.Begin(t.Context(), writing(running("saga"), func(ctx context.Context) error {
			require.NoError(t, work(ctx))
			return errOfTest
		}))
		require.ErrorIs(t, err, errOfTest)
	}
	prove(t, d, proof, time.Minute)
	failing(func(ctx context.Context) error {
		ref, err := d.Proofs.Consume(ctx, proof, at(0))
		require.NotZero(t, ref)
		return err
	})
	requireProof(t, d, true, proof, 0)
	ref := consume(t, d, 0)
	failing(func(ctx context.Context) error { return d.Proofs.GiveBack(ctx, ref) })
	requireProof(t, d, false, proof, 0)
	failing(func(ctx context.Context) error { return d.Proofs.Put(ctx, proof, at(time.Minute), at(0)) })
	requireProof(t, d, false, proof, 0)
}

// proofPruned keeps proofs hour after hour.
func proofPruned(t *testing.T, d *database) {
	const perHour = 5
	for hour := range 6 {
		for i := range perHour {
			now := time.Duration(hour) * time.Hour
			require.NoError(t, d.Proofs.Put(t.Context(), fmt.Sprint(hour, "/", i), at(now+time.Minute), at(now)))
		}
		var rows int
		require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM proofs"))
		require.Equal(t, perHour, rows)
	}
}

// proofRace uses one proof up by many at once, on two replicas: one has it.
func proofRace(t *testing.T, d *database) {
	replicas := []app.Proofs{d.Proofs, d.replica(t).Proofs}
	for range 5 {
		prove(t, d, proof, time.Minute)
		var had atomic.Int32
		for _, err := range race(racers, func(i int) error {
			ref, err := replicas[i%2].Consume(context.Background(), proof, at(0))
			if ref != (app.ProofRef{}) {
				had.Add(1)
			}
			return err
		}) {
			require.NoError(t, err)
		}
		require.EqualValues(t, 1, had.Load())
	}
}

// proofPutRace keeps one proof by many at once.
func proofPutRace(t *testing.T, d *database) {
	replicas := []app.Proofs{d.Proofs, d.replica(t).Proofs}
	for _, err := range race(racers, func(i int) error {
		return replicas[i%2].Put(context.Background(), proof, at(time.Duration(i+1)*time.Minute), at(0))
	}) {
		require.NoError(t, err)
	}
	requireProof(t, d, true, proof, racers*time.Minute-time.Microsecond)
}
