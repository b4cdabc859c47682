package app

import (
	"context"
	"fmt"
	"strings"
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
	// Found out on the way. Was is what the account was before.
	Was   Status
	Ended []Session
}

// burying is the state of the purge saga.
type burying struct {
	Account Account
	// Found out on the way. Was is what an adopted account was before it left.
	Was Status
}

// Delete ends an account on all three systems: it is shut out everywhere at
// once, and removed when the grace period is over, which without one is at
// once. Gitea repositories and storage objects go with it; a Gitea user that was
// adopted stays with all it has. BadCredentials,
// LastOwner, LastAdministrator, DirectoryFailed, StorageFailed, Busy or Internal. DirectoryFailed
// and StorageFailed after the account was shut out tell that the removal goes on
// in the background.
func (s *Service) Delete(ctx context.Context, p Principal, password Secret) (saga.Receipt, error) {
	const op = "delete"
	account, err := s.confirmPassword(ctx, p, password)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	return s.shutOutAndPurge(ctx, op, deleting{Account: account, Until: s.Now().Add(s.settings.DeletionGrace)})
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
	return exclusive("delete",
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
		saga.One(saga.Step[deleting]{
			Name: "end sessions", Kind: saga.Retriable,
			Do: func(ctx context.Context, d *deleting) error { return s.endRemotely(ctx, d.Account, d.Ended) },
		}),
	)
}

// takeInventory refuses where deleting the account would take an organization
// from others. An adopted one takes none: its Gitea user stays.
func (s *Service) takeInventory(ctx context.Context, d *deleting) error {
	if d.Account.GiteaOrigin == Adopted {
		return nil
	}
	has, err := s.Directory.Belongings(ctx, d.Account.Ref())
	if err != nil {
		return err
	}
	if len(has.LastOwnerOf) > 0 {
		return saga.Refused(&Error{Kind: LastOwner, Err: fmt.Errorf("last owner of %s", strings.Join(has.LastOwnerOf, ", "))})
	}
	return nil
}

func (s *Service) purge(ctx context.Context, a Account) (saga.Receipt, error) {
	receipt, err := carryOut(by(ctx, a.ID), s.bury, a.ID, burying{Account: a})
	if err == nil {
		err = receipt.Pending
	}
	return receipt, err
}

func (s *Service) purgeFlow() saga.Definition[burying] {
	return exclusive("purge",
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
}

func (s *Service) decideToBury(ctx context.Context, b *burying) (err error) {
	if err = s.Accounts.MayBury(ctx, b.Account.ID); err == nil && b.Account.GiteaOrigin == Adopted {
		_, b.Was, err = s.Standings.Standing(ctx, b.Account.ID)
	}
	return err
}

// EndDeparted removes accounts whose grace period is over, at most a batch of
// them, and returns how many it took up. The first fault is returned after the
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
			return failed("end departed accounts", err)
		})
	}
	return len(accounts), group.Wait()
}
