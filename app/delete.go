package app

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"accord/saga"
)

// deleting is the state of the delete saga.
type deleting struct {
	Account Account
	// Actor is the administrator who asks; empty where a person does himself.
	Actor string
	Until time.Time
	// ByOperator: neither the person's credentials nor anybody's role matters.
	ByOperator bool
	// Held are the organizations that the saga holds.
	Held  []int64
	Asked asked
	// Found out on the way. Was is what the account was before.
	Was     Status
	Ended   []Session
	Evicted evictions
}

// burying is the state of the purge saga.
type burying struct {
	Account Account
	// Held are the organizations that the saga holds, and Checks whether it looks
	// again that they are spared. A saga that began before there was that step is
	// past it.
	Held   []int64
	Checks bool
	// Found out on the way. Was is what an adopted account was before it left.
	Was Status
}

// Delete ends an account on all three systems: it is shut out everywhere at
// once, and removed when the grace period is over, which without one is at
// once. Gitea repositories and storage objects go with it; a Gitea user that was
// adopted stays with all it has. BadCredentials,
// LastOwner, LastAdministrator, DirectoryFailed, StorageFailed, TooOften, Busy or Internal. DirectoryFailed
// and StorageFailed after the account was shut out tell that the removal goes on
// in the background.
func (s *Service) Delete(ctx context.Context, p Principal, password Secret) (saga.Receipt, error) {
	const op = "delete"
	return s.ownChange(ctx, op, p, func() (saga.Receipt, error) {
		account, err := s.confirmPassword(ctx, p, password)
		if err != nil {
			return saga.Receipt{}, failed(op, err)
		}
		return s.shutOutAndPurge(ctx, op, deleting{Account: account, Until: s.Now().Add(s.settings.DeletionGrace)})
	})
}

// mayDelete refuses an account whose last word was given under other
// credentials, or, where an administrator asks, one that he may not manage. An
// operator may remove one that is suspended too.
func (s *Service) mayDelete(ctx context.Context, d *deleting) (err error) {
	d.Was = Normal
	switch {
	case d.ByOperator:
		d.Was, err = s.standsKept(ctx, d.Account.ID)
	case d.Actor != "":
		err = s.mayManage(ctx, d.Actor, d.Account.ID)
	}
	if err == nil && !d.ByOperator {
		err = s.Accounts.StillAt(ctx, d.Account.ID, d.Account.CredentialEpoch)
	}
	if err != nil {
		return err
	}
	return s.Roster.MayGo(ctx, d.Account.ID)
}

func (s *Service) deleteFlow() saga.Definition[deleting] {
	d := thenEvicting(s, exclusive("delete",
		saga.One(saga.Step[deleting]{
			Name: "check credentials still hold", Kind: saga.Compensable, Local: true, Do: s.mayDelete,
		}),
		saga.One(saga.Step[deleting]{
			Name: "take inventory", Kind: saga.Compensable, Do: s.takeInventory,
		}),
		shuttingOut(s, func(d *deleting) (Account, Status) { return d.Account, d.Was }),
		saga.One(saga.Step[deleting]{
			Name: "leave", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, d *deleting) (err error) {
				leave := s.Accounts.Leave
				if d.ByOperator {
					leave = s.Standings.Dismiss
				}
				d.Ended, err = leave(ctx, d.Account.ID, d.Until, s.Now())
				return err
			},
		}),
		saga.Parallel(
			saga.Step[deleting]{
				Name: "end sessions", Kind: saga.Retriable,
				Do: func(ctx context.Context, d *deleting) error { return s.endRemotely(ctx, d.Account, d.Ended) },
			},
			announcing(s, s.announceDeletion),
		),
	), func(d *deleting) (eviction, *evictions) { // an adopted Gitea user stays with all it has
		return eviction{Account: d.Account, OnlyStorage: d.Account.GiteaOrigin == Adopted, ShutOut: true}, &d.Evicted
	}, func(d *deleting) announcement {
		return d.Asked.announceEvicted(d.Account, d.Evicted).whileClosed()
	})
	d.Also = func(d *deleting) []string { return organizationSubjects(d.Held) }
	return d
}

// announceDeletion names the end of the grace period, if the account waits for
// one.
func (s *Service) announceDeletion(d *deleting) announcement {
	a := d.Asked.announce(NoticeDeleted, d.Account).whileClosed()
	if s.settings.DeletionGrace > 0 {
		a.notice.Until = d.Until
	}
	return a
}

// takeInventory refuses a deletion that would leave an organization of others
// without an owner.
func (s *Service) takeInventory(ctx context.Context, d *deleting) error {
	return s.sparesOrganizations(ctx, d.Account, d.Held)
}

// purge ends a leaving account for good. One that does not begin is left to a
// later sweep.
func (s *Service) purge(ctx context.Context, a Account) (saga.Receipt, error) {
	receipt, err := s.holdingOrganizations(ctx, a, func(held []int64) (saga.Receipt, error) {
		return carryOut(by(ctx, a.ID), s.bury, a.ID, burying{Account: a, Held: held, Checks: true})
	})
	switch {
	case err == nil:
		return receipt, receipt.Pending
	case KindOf(err) == NotFound && s.isBuried(ctx, a.ID): // by another saga than the receipt's
		return saga.Receipt{}, nil
	}
	return receipt, errors.Join(err, s.postpone(ctx, a, err))
}

// isBuried reports whether the account is removed already, as by a sweep that was
// faster.
func (s *Service) isBuried(ctx context.Context, id string) bool {
	a, err := s.Accounts.ByID(ctx, id)
	return err == nil && a.Status == Deleted
}

func (s *Service) purgeFlow() saga.Definition[burying] {
	d := exclusive("purge",
		saga.One(saga.Step[burying]{
			Name: "look at organizations", Kind: saga.Compensable, Do: s.looksAgain,
		}),
		saga.One(saga.Step[burying]{
			Name: "decide", Kind: saga.Pivot, Local: true,
			Do: s.decideToBury,
		}),
		saga.Parallel(
			saga.Step[burying]{
				Name: "purge in Gitea", Kind: saga.Retriable, Do: s.leaveGitea,
			},
			saga.Step[burying]{
				Name: "purge in storage", Kind: saga.Retriable,
				Do: func(ctx context.Context, b *burying) error { return s.Storage.PurgeUser(ctx, b.Account.StorageKey) },
			},
			saga.Step[burying]{
				Name: "remove pictures", Kind: saga.Retriable,
				Do: func(ctx context.Context, b *burying) error { return s.Files.RemovePictures(ctx, b.Account.ID) },
			},
		),
		saga.One(saga.Step[burying]{
			Name: "bury", Kind: saga.Retriable, Local: true,
			Do: func(ctx context.Context, b *burying) error { return s.Accounts.Bury(ctx, b.Account.ID, s.Now()) },
		}),
	)
	d.Also = func(b *burying) []string { return organizationSubjects(b.Held) }
	return d
}

// looksAgain repeats the check of the deletion: since then another owner may have
// been suspended, or the person have founded an organization.
func (s *Service) looksAgain(ctx context.Context, b *burying) error {
	if !b.Checks {
		return nil
	}
	return s.sparesOrganizations(ctx, b.Account, b.Held)
}

func (s *Service) decideToBury(ctx context.Context, b *burying) (err error) {
	if err = s.Accounts.MayBury(ctx, b.Account.ID); err == nil && b.Account.GiteaOrigin == Adopted {
		_, b.Was, err = s.Standings.Standing(ctx, b.Account.ID)
	}
	return err
}

// EndDeparted removes accounts whose grace period is over, at most a batch of
// them, and returns how many it took up. One whose organizations would be left
// without an owner waits for a later call, see Departures. The first fault is returned after the
// rest was tried. Safe to run on several replicas.
func (s *Service) EndDeparted(ctx context.Context) (int, error) {
	accounts, err := s.Accounts.Departed(ctx, s.Now(), sweepBatch)
	if err != nil {
		return 0, failed("end departed accounts", err)
	}
	var group errgroup.Group
	group.SetLimit(sweepTogether)
	for _, a := range accounts {
		group.Go(func() error {
			_, err := s.purge(ctx, a)
			if KindOf(err) == LastOwner { // postponed, and logged
				return nil
			}
			return failed("end departed accounts", err)
		})
	}
	return len(accounts), group.Wait()
}
