package store

import (
	"context"
	"errors"
	"math"
	"time"
)

var (
	// ErrNoMachine says that all 65,536 machine ids are leased.
	ErrNoMachine = errors.New("store: no machine id is free")
	// ErrLeaseLost says that a machine id is no longer its owner's, who must stop
	// making identifiers with it.
	ErrLeaseLost = errors.New("store: the lease of the machine id is lost")
)

// Machines leases the machine numbers that make identifiers of replicas differ.
// Safe for concurrent use, from several processes too.
type Machines struct{ db *database }

// Lease takes the lowest id that is free or whose lease had run out at now, and
// keeps it for owner until that time. Owner is unique to a process start. Each
// call takes another id. ErrNoMachine where none is free.
func (m *Machines) Lease(ctx context.Context, owner string, now, until time.Time) (uint16, error) {
	var id int64
	err := m.alone(ctx, "lease a machine id", func(ctx context.Context) error {
		err := m.db.one(ctx, &id, `SELECT MIN(id) FROM (
				SELECT id FROM machine_leases WHERE expires_at <= ?
				UNION ALL
				SELECT m.id + 1 FROM machine_leases m LEFT JOIN machine_leases n ON n.id = m.id + 1 WHERE n.id IS NULL
			) candidates`, microsOf(now))
		if err != nil {
			return err
		}
		if id > math.MaxUint16 {
			return ErrNoMachine
		}
		n, err := m.db.exec(ctx, "UPDATE machine_leases SET owner = ?, expires_at = ? WHERE id = ?", owner, microsOf(until), id)
		if err == nil && n == 0 {
			_, err = m.db.exec(ctx, "INSERT INTO machine_leases (id, owner, expires_at) VALUES (?, ?, ?)", id, owner, microsOf(until))
		}
		return err
	})
	return uint16(id), err //nolint:gosec // bounded above
}

// Renew keeps the id until that time. ErrLeaseLost where it is not the owner's.
func (m *Machines) Renew(ctx context.Context, id uint16, owner string, until time.Time) error {
	return m.alone(ctx, "renew a machine id", func(ctx context.Context) error {
		n, err := m.db.exec(ctx, "UPDATE machine_leases SET expires_at = ? WHERE id = ? AND owner = ?", microsOf(until), id, owner)
		if err == nil && n == 0 {
			err = ErrLeaseLost
		}
		return err
	})
}

// Release frees the id if it is still the owner's. Repeatable.
func (m *Machines) Release(ctx context.Context, id uint16, owner string) error {
	return m.alone(ctx, "release a machine id", func(ctx context.Context) error {
		_, err := m.db.exec(ctx, "UPDATE machine_leases SET owner = '', expires_at = 0 WHERE id = ? AND owner = ?", id, owner)
		return err
	})
}

// alone runs fn while no other process leases: all lock the same row first.
func (m *Machines) alone(ctx context.Context, op string, fn func(ctx context.Context) error) error {
	return m.db.atomically(ctx, op, func(ctx context.Context) error {
		var first int
		err := m.db.one(ctx, &first, "SELECT id FROM machine_leases WHERE id = 0"+m.db.dialect.lock)
		if err != nil {
			return err
		}
		return fn(ctx)
	})
}
