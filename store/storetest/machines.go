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

	"accord/store"
)

func machineLowest(t *testing.T, d *database) {
	lease := func(owner string, now time.Duration) uint16 {
		t.Helper()
		id, err := d.Machines.Lease(t.Context(), owner, at(now), at(now+time.Minute))
		require.NoError(t, err)
		return id
	}
	require.Equal(t, uint16(0), lease("a", 0))
	require.Equal(t, uint16(1), lease("b", 10*time.Second))
	require.Equal(t, uint16(2), lease("c", 0))
	require.Equal(t, uint16(3), lease("a", time.Minute-time.Microsecond), "the same owner gets another; none has run out yet")
	require.Equal(t, uint16(0), lease("d", time.Minute), "it runs out at its end")
	require.Equal(t, uint16(2), lease("d", time.Minute))
	require.Equal(t, uint16(4), lease("d", time.Minute))
}

func machineRenew(t *testing.T, d *database) {
	ctx := t.Context()
	id, err := d.Machines.Lease(ctx, "a", at(0), at(time.Minute))
	require.NoError(t, err)
	require.NoError(t, d.Machines.Renew(ctx, id, "a", at(time.Hour)))
	require.ErrorIs(t, d.Machines.Renew(ctx, id, "b", at(2*time.Hour)), store.ErrLeaseLost)
	require.ErrorIs(t, d.Machines.Renew(ctx, 77, "a", at(2*time.Hour)), store.ErrLeaseLost)
	next, err := d.Machines.Lease(ctx, "b", at(30*time.Minute), at(2*time.Hour))
	require.NoError(t, err)
	require.NotEqual(t, id, next, "renewed, it has not run out")

	require.NoError(t, d.Machines.Release(ctx, id, "b"), "not b's: nothing is done")
	require.NoError(t, d.Machines.Renew(ctx, id, "a", at(time.Hour)))
	for range 2 {
		require.NoError(t, d.Machines.Release(ctx, id, "a"))
	}
	require.ErrorIs(t, d.Machines.Renew(ctx, id, "a", at(time.Hour)), store.ErrLeaseLost)
	again, err := d.Machines.Lease(ctx, "c", at(0), at(time.Hour))
	require.NoError(t, err)
	require.Equal(t, id, again)
	require.ErrorIs(t, d.Machines.Renew(ctx, id, "a", at(time.Hour)), store.ErrLeaseLost, "c has it")
}

func machineExhausted(t *testing.T, d *database) {
	const ids, batch = 1 << 16, 1 << 12
	d.exec(t, "DELETE FROM machine_leases")
	for first := 0; first < ids; first += batch {
		rows := make([]string, batch)
		for i := range rows {
			rows[i] = fmt.Sprintf("(%d, 'somebody', %d)", first+i, at(time.Hour).UnixMicro())
		}
		d.exec(t, "INSERT INTO machine_leases (id, owner, expires_at) VALUES "+strings.Join(rows, ", "))
	}
	_, err := d.Machines.Lease(t.Context(), "a", at(0), at(time.Hour))
	require.ErrorIs(t, err, store.ErrNoMachine)
	require.NoError(t, d.Machines.Release(t.Context(), ids-1, "somebody"))
	id, err := d.Machines.Lease(t.Context(), "a", at(0), at(time.Hour))
	require.NoError(t, err)
	require.Equal(t, uint16(ids-1), id)
}

func machineRace(t *testing.T, d *database) {
	const replicas = 32
	machines := []*store.Machines{d.Machines, d.replica(t).Machines}
	var mu sync.Mutex
	owners := map[uint16]int{}
	results := race(replicas, func(i int) error {
		id, err := machines[i%2].Lease(context.Background(), fmt.Sprint("replica", i), at(0), at(time.Hour))
		mu.Lock()
		defer mu.Unlock()
		owners[id]++
		return err
	})
	require.NoError(t, errors.Join(results...))
	require.Len(t, owners, replicas)
	for id := range owners {
		require.Less(t, id, uint16(replicas), "no gaps")
	}
}
