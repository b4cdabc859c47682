package app

import (
	"context"
	"errors"
	"log/slog"

	"accord/saga"
)

// Gitea gives each address to one user, and lets users add second addresses
// without a proof. A flow that gives an address to an account, and finds it as a
// second one of another user of ours, leaves it there until the flow's pivot is
// done, so that no undo has anything to give back, and takes it then. First
// addresses, and users that are not ours, are left alone.

// secondOf returns who has the wanted address as a second one, if a call was
// refused because another user of ours has it so, and nil otherwise.
func secondOf(err error) *Taken {
	var taken *Taken
	if !saga.IsRefused(err) || !errors.As(err, &taken) || taken.SecondOf == "" {
		return nil
	}
	return taken
}

// createGiteaUser is Directory.CreateUser. If another user of ours has the
// address as a second one, and the account is entitled to take it, the user gets
// a placeholder, and pending is true: takeAddress has to follow behind the pivot.
func (s *Service) createGiteaUser(ctx context.Context, u DirectoryUser, entitled bool) (id int64, pending bool, err error) {
	id, err = s.Directory.CreateUser(ctx, u)
	if !entitled || secondOf(err) == nil {
		return id, false, err
	}
	u.Email = placeholderOf(u.AccountID)
	id, err = s.Directory.CreateUser(ctx, u)
	return id, true, err
}

// setEmailOrDefer is Directory.SetEmail. If another user of ours has the address as
// a second one, nothing is done, and pending is true: takeAddress has to follow
// behind the pivot.
func (s *Service) setEmailOrDefer(ctx context.Context, ref DirectoryRef, email string) (pending bool, err error) {
	err = s.Directory.SetEmail(ctx, ref, email)
	if pending = secondOf(err) != nil; pending {
		err = nil
	}
	return pending, err
}

// addressTries is how often one call takes an address that its user adds again.
const addressTries = 5

// takeAddress makes the address the only one of the account's Gitea user, behind
// a pivot. It returns nil if that cannot be done, because the user is gone, or
// because another user has made the address the first one, or adds it again and
// again: `accord sync` shows the difference. Idempotent.
func (s *Service) takeAddress(ctx context.Context, a Account, email string) error {
	err := s.takeEmail(ctx, a.Ref(), email)
	for range addressTries - 1 {
		if secondOf(err) == nil {
			break
		}
		err = s.takeEmail(ctx, a.Ref(), email)
	}
	err = s.unlessGone(ctx, a, err)
	if !saga.IsRefused(err) || KindOf(err) != EmailTaken && KindOf(err) != Invalid {
		return err
	}
	s.Logger.LogAttrs(ctx, slog.LevelWarn, "Gitea does not give the account its address", slog.String("account", a.ID), slog.Any("err", err))
	return nil
}

// takingAddress makes the step of takeAddress, which does nothing unless of says
// that the address is pending.
func takingAddress[S any](s *Service, of func(*S) (a Account, email string, pending bool)) saga.Step[S] {
	return saga.Step[S]{
		Name: "take address", Kind: saga.Retriable,
		Do: func(ctx context.Context, state *S) error {
			a, email, pending := of(state)
			if !pending {
				return nil
			}
			return s.takeAddress(ctx, a, email)
		},
	}
}

// takeEmail is Directory.SetEmail, and removes the address from another user of
// ours that has it as a second one. An undo puts an account's own address back with
// it: in Gitea it was that account's before.
func (s *Service) takeEmail(ctx context.Context, ref DirectoryRef, email string) error {
	err := s.Directory.SetEmail(ctx, ref, email)
	taken := secondOf(err)
	if taken == nil {
		return err
	}
	if endErr := s.DirectoryCredentials.EndCredential(ctx, taken.SecondOf, secondAddress(taken.Username, taken.Second)); endErr != nil {
		return saga.Refused(endErr) // SetEmail itself did nothing
	}
	return s.Directory.SetEmail(ctx, ref, email)
}

// takingLate is the state of the saga by which a newcomer gets an address that
// another user of ours had as a second one.
type takingLate struct {
	AccountID string
	GiteaID   int64
	// Found out on the way.
	Username, Email string
}

// takeAddressFlow holds the account, which can be changed by now: what it says then
// is what counts.
func (s *Service) takeAddressFlow() saga.Definition[takingLate] {
	return exclusive("take address",
		saga.One(saga.Step[takingLate]{
			Name: "look at account", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, t *takingLate) error {
				a, err := s.Accounts.ByID(ctx, t.AccountID)
				if err != nil {
					return err
				}
				if !a.Status.Remote() || a.GiteaID != t.GiteaID {
					return changed()
				}
				t.Username, t.Email = a.Username, a.Email
				return nil
			},
		}),
		saga.One(saga.Step[takingLate]{
			Name: "take address", Kind: saga.Pivot,
			Do: func(ctx context.Context, t *takingLate) error {
				return s.takeAddress(ctx, Account{ID: t.AccountID, Username: t.Username, GiteaID: t.GiteaID}, t.Email)
			},
		}),
	)
}
