package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"accord/store"
)

const (
	machineLease = time.Minute
	machineRenew = 15 * time.Second
	// machineLimit bounds one word with the database.
	machineLimit = 5 * time.Second
)

// machine is the number that makes this replica's identifiers differ from those
// of the others, leased from the database.
type machine struct {
	leases *store.Machines
	id     uint16
	owner  string
	now    func() time.Time
	log    *slog.Logger
}

func leaseMachine(ctx context.Context, leases *store.Machines, now func() time.Time, log *slog.Logger) (*machine, error) {
	m := &machine{leases: leases, owner: rand.Text(), now: now, log: log}
	var err error
	m.id, err = leases.Lease(ctx, m.owner, now(), now().Add(machineLease))
	if err != nil {
		return nil, fmt.Errorf("leasing a machine id: %w", err)
	}
	return m, nil
}

// keep renews the lease at every tick until ctx ends. Its error means that the
// lease is lost and the program must end: another replica may have the number.
func (m *machine) keep(ctx context.Context, ticks <-chan time.Time) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
		}
		err := m.renew(ctx)
		if errors.Is(err, store.ErrLeaseLost) {
			return fmt.Errorf("the lease of machine id %d is lost; start again for another: %w", m.id, err)
		}
		if err != nil && ctx.Err() == nil {
			m.log.WarnContext(ctx, "renewing the lease of the machine id", "id", m.id, "error", err)
		}
	}
}

func (m *machine) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, machineLimit)
	defer cancel()
	return m.leases.Renew(ctx, m.id, m.owner, m.now().Add(machineLease))
}

// release lets another replica have the number.
func (m *machine) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, machineLimit)
	defer cancel()
	return m.leases.Release(ctx, m.id, m.owner)
}
