package store

import (
	"cmp"
	"context"
	"fmt"

	"accord/app"
)

// standing is what decides whether a person is let in. It is the zero value
// where there is no such account.
type standing struct {
	Epoch  int64      `db:"credential_epoch"`
	Status app.Status `db:"status"`
	Role   app.Role   `db:"role"`
	// LeftAs is what a leaving account was before.
	LeftAs app.Status `db:"left_as"`
}

func (s standing) maySignIn() bool { return app.Account{Status: s.Status}.MaySignIn() }

// leftAs is what a leaving account comes back as.
func (s standing) leftAs() app.Status { return cmp.Or(s.LeftAs, app.Normal) }

// lockAccount reads an account's standing and keeps everybody from changing it
// until the transaction ends. Who locks sessions as well locks them later.
func (db *database) lockAccount(ctx context.Context, id string) (standing, error) {
	var found standing
	err := db.one(ctx, &found, "SELECT credential_epoch, status, left_as, role FROM accounts WHERE id = ?"+db.dialect.lock, id)
	return found, inPlaceOfNone(err, nil)
}

func (s *accounts) StillAt(ctx context.Context, id string, epoch int64) error {
	const op = "check credentials"
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		account, err := s.db.lockAccount(ctx, id)
		if err == nil && (account.Epoch != epoch || !account.maySignIn()) {
			err = refusal(op)
		}
		return err
	})
}

func (s *accounts) MayBury(ctx context.Context, id string) error {
	const op = "check that an account is leaving"
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		account, err := s.db.lockAccount(ctx, id)
		if err == nil && account.Status != app.Leaving {
			err = unknown(op)
		}
		return err
	})
}

func refusal(op string) error { return &app.Error{Kind: app.BadCredentials, Op: op} }

func unknown(op string) error { return &app.Error{Kind: app.NotFound, Op: op} }

func misplaced(op string, status app.Status) error {
	return &app.Error{Kind: app.Internal, Op: op, Err: fmt.Errorf("it is in status %s", status)}
}
