package store

import (
	"context"
	"time"

	"accord/app"
)

// leaders implements app.Leaders.
type leaders struct{ db *database }

// leaderRow is a lease; the zero value where nobody ever had it.
type leaderRow struct {
	Owner     string `db:"owner"`
	Epoch     int64  `db:"epoch"`
	ExpiresAt micros `db:"expires_at"`
}

func (l *leaders) Acquire(ctx context.Context, name, owner string, now, until time.Time) (app.LeaderLease, error) {
	const op = "acquire a leader's lease"
	lease := app.LeaderLease{Name: name, Owner: owner}
	err := l.db.atomically(ctx, op, func(ctx context.Context) error {
		row, err := l.lockNew(ctx, name)
		switch {
		case err != nil:
			return err
		case row.Owner != owner && row.ExpiresAt > microsOf(now):
			return row.held(op, name)
		case row.Owner != owner:
			row.Epoch++
		}
		lease.Epoch = row.Epoch
		_, err = l.db.exec(ctx, "UPDATE leader_leases SET owner = ?, epoch = ?, expires_at = ? WHERE name = ?",
			owner, row.Epoch, microsOf(until), name)
		return err
	})
	if err != nil {
		return app.LeaderLease{}, err
	}
	return lease, nil
}

// lockNew locks the lease's row, which it makes where there is none.
func (l *leaders) lockNew(ctx context.Context, name string) (leaderRow, error) {
	_, err := l.db.exec(ctx, "INSERT INTO leader_leases (name, owner, epoch, expires_at) VALUES (?, '', 0, 0)"+
		l.db.dialect.orElse+"epoch = leader_leases.epoch", name)
	if err != nil {
		return leaderRow{}, err
	}
	return l.lock(ctx, name)
}

func (l *leaders) lock(ctx context.Context, name string) (leaderRow, error) {
	var row leaderRow
	err := l.db.one(ctx, &row, "SELECT owner, epoch, expires_at FROM leader_leases WHERE name = ?"+l.db.dialect.lock, name)
	return row, inPlaceOfNone(err, nil)
}

func (l *leaders) Renew(ctx context.Context, lease app.LeaderLease, until time.Time) error {
	const op = "renew a leader's lease"
	return l.db.atomically(ctx, op, func(ctx context.Context) error {
		row, err := l.lock(ctx, lease.Name)
		if err == nil && !row.isOf(lease) {
			err = row.held(op, lease.Name)
		}
		if err != nil {
			return err
		}
		_, err = l.db.exec(ctx, "UPDATE leader_leases SET expires_at = ? WHERE name = ?", microsOf(until), lease.Name)
		return err
	})
}

func (l *leaders) Confirm(ctx context.Context, lease app.LeaderLease, now time.Time) error {
	const op = "confirm a leader's lease"
	return l.db.atomically(ctx, op, func(ctx context.Context) error {
		row, err := l.lock(ctx, lease.Name)
		switch {
		case err != nil:
			return err
		case !row.isOf(lease):
			return row.held(op, lease.Name)
		case row.ExpiresAt <= microsOf(now): // nobody else's either
			return leaderRow{}.held(op, lease.Name)
		}
		return nil
	})
}

// Release leaves the epoch, and with it the proof of who had the lease last.
func (l *leaders) Release(ctx context.Context, lease app.LeaderLease) error {
	return l.db.atomically(ctx, "release a leader's lease", func(ctx context.Context) error {
		_, err := l.db.exec(ctx, "UPDATE leader_leases SET owner = '', expires_at = 0 WHERE name = ? AND owner = ? AND epoch = ?",
			lease.Name, lease.Owner, lease.Epoch)
		return err
	})
}

func (r leaderRow) isOf(l app.LeaderLease) bool { return r.Owner == l.Owner && r.Epoch == l.Epoch }

func (r leaderRow) held(op, name string) error {
	return &app.Error{Kind: app.Busy, Op: op, Err: &app.LeaseHeld{Name: name, Owner: r.Owner, Until: r.ExpiresAt.time()}}
}
