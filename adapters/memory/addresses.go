package memory

import (
	"context"
	"errors"
	"time"

	"accord/app"
)

func (s *accounts) ReserveEmail(ctx context.Context, id, email string) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if _, taken := s.db.addresses[app.FoldKey(email)]; taken {
			return refusal(app.EmailTaken, "reserve address")
		}
		if _, found := s.db.accounts[id]; !found {
			return errors.New("memory: an address of no account")
		}
		put(tx, s.db.addresses, app.FoldKey(email), address{id, false})
		return nil
	})
}

func (s *accounts) ReleaseEmail(ctx context.Context, id, email string) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if s.db.addresses[app.FoldKey(email)] == (address{id, false}) {
			drop(tx, s.db.addresses, app.FoldKey(email))
		}
		return nil
	})
}

func (s *accounts) ChangeEmail(ctx context.Context, id, email string, at time.Time) error {
	return s.change(ctx, "change address", id, func(a *app.Account, tx *transaction) error {
		if held := s.db.addresses[app.FoldKey(email)]; held.account != id {
			return refusal(app.NotFound, "change address")
		}
		dropAll(tx, s.db.addresses, func(held address) bool { return held == address{id, true} })
		put(tx, s.db.addresses, app.FoldKey(email), address{id, true})
		a.Email, a.EmailVerified, a.EmailHeld, a.UpdatedAt = email, true, false, kept(at)
		return nil
	})
}

func (s *accounts) VerifyEmail(ctx context.Context, id, email string, at time.Time) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if s.db.addresses[app.FoldKey(email)] == (address{id, true}) {
			a := s.db.accounts[id]
			a.EmailVerified, a.EmailHeld, a.UpdatedAt = true, false, kept(at)
			put(tx, s.db.accounts, id, a)
		}
		return nil
	})
}
