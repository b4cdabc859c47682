package app

import (
	"context"
	"errors"

	"accord/saga"
)

// suspending is the state of the suspend saga.
type suspending struct {
	Account Account
	To      Status
	// Probe is the session of credentials that are made to be refused.
	Probe Session
	Asked asked
	// Found out on the way. Was is what the account was before. Grant is empty
	// where the storage lends none.
	Was     Status
	Grant   Grant
	Ended   []Session
	Evicted evictions
}

// errLetIn says that a system was told to keep a person out and does not.
var errLetIn = errors.New("it still takes fresh credentials of the account")

// Suspend keeps the person of an account out of all three systems: to is Paused,
// Locked or Stopped. All sessions end. It is done only when Gitea and the storage
// have refused credentials that were good, or would have been; until then it can
// be undone, and is where one of the two does not follow. From one suspended
// status to another, or to the same again, nothing is let in in between. Invalid
// (field "status"), NotFound where the account is not there to be suspended,
// DirectoryFailed, StorageFailed, Busy or Internal. DirectoryFailed and
// StorageFailed with a receipt that is pending tell that the person is out, and
// that the tidying up goes on in the background. For operators.
func (s *Service) Suspend(ctx context.Context, accountID string, to Status) (saga.Receipt, error) {
	const op = "suspend"
	if !to.Suspended() {
		return saga.Receipt{}, invalid(op, "status", Pattern)
	}
	account, err := s.Accounts.ByID(ctx, accountID)
	if err == nil && !account.Status.kept() {
		err = &Error{Kind: NotFound}
	}
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := carryOut(ctx, s.suspend, account.ID, suspending{
		Account: account, To: to, Probe: Session{ID: s.IDs.SessionID(), AccountID: account.ID},
		Asked: s.askedBy(ctx, account.ID),
	})
	if err == nil {
		err = receipt.Pending
	}
	return receipt, failed(op, err)
}

func (s *Service) suspendFlow() saga.Definition[suspending] {
	return thenEvicting(s, exclusive("suspend",
		saga.One(saga.Step[suspending]{
			Name: "look where it stands", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, p *suspending) (err error) {
				p.Was, err = s.standsKept(ctx, p.Account.ID)
				return err
			},
		}),
		saga.One(saga.Step[suspending]{
			Name: "lend a probe of storage", Kind: saga.Compensable, Do: s.lendProbe,
			Undo: func(ctx context.Context, p *suspending) error {
				return s.Storage.Revoke(ctx, p.Account.StorageKey, p.Probe.ID, p.Grant.AccessKeyID)
			},
		}),
		shuttingOut(s, func(p *suspending) (Account, Status) { return p.Account, p.Was }),
		saga.Parallel(
			saga.Step[suspending]{
				Name: "see Gitea refuse", Kind: saga.Compensable, Do: s.seeGiteaRefuse, Undo: s.unseeGitea,
			},
			saga.Step[suspending]{Name: "see storage refuse", Kind: saga.Compensable, Do: s.seeStorageRefuse},
		),
		saga.One(saga.Step[suspending]{
			Name: "suspend", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, p *suspending) (err error) {
				p.Ended, err = s.Standings.Suspend(ctx, p.Account.ID, p.To, s.Now())
				return err
			},
		}),
		saga.Parallel(
			saga.Step[suspending]{
				Name: "end sessions", Kind: saga.Retriable,
				Do: func(ctx context.Context, p *suspending) error {
					probe := p.Probe
					probe.StorageAccessKey = p.Grant.AccessKeyID
					return s.endRemotely(ctx, p.Account, append(p.Ended[:len(p.Ended):len(p.Ended)], probe))
				},
			},
			announcing(s, func(p *suspending) announcement { return p.Asked.announce(NoticeSuspended, p.Account).whileClosed() }),
		),
	), func(p *suspending) (eviction, *evictions) {
		return eviction{Account: p.Account, ShutOut: true}, &p.Evicted
	}, func(p *suspending) announcement {
		return p.Asked.announceEvicted(p.Account, p.Evicted).whileClosed()
	})
}

// standsKept returns the status of an account that is there to be suspended or
// removed, whose row stays locked until the transaction ends.
func (s *Service) standsKept(ctx context.Context, id string) (Status, error) {
	now, _, err := s.Standings.Standing(ctx, id)
	if err == nil && !now.kept() {
		err = &Error{Kind: NotFound}
	}
	return now, err
}

// lendProbe borrows credentials while the account is let in. Where the storage
// refuses, which it does for one that it keeps out already, there are none.
func (s *Service) lendProbe(ctx context.Context, p *suspending) error {
	grant, err := s.Storage.Grant(ctx, p.Account.StorageKey, p.Account.StorageSecret, p.Probe.ID, 0)
	if saga.IsRefused(err) {
		return nil
	}
	p.Grant = grant
	return err
}

// seeStorageRefuse asks with the credentials that were good before; without any,
// as the storage user itself.
func (s *Service) seeStorageRefuse(ctx context.Context, p *suspending) error {
	probe := p.Grant
	if probe.AccessKeyID == "" {
		key := p.Account.StorageKey
		probe = Grant{AccessKeyID: key, SecretAccessKey: p.Account.StorageSecret, Prefix: key + "/"}
	}
	in, err := s.StorageDoor.LetsIn(ctx, probe)
	if err == nil && in {
		err = &Error{Kind: StorageFailed, Op: "suspend", Err: errLetIn}
	}
	return err
}

// seeGiteaRefuse asks with a token that is made for it: Gitea makes one for a
// user it keeps out, too. Where it makes none, it either has no such user or did
// not answer, which telling it once more finds out.
func (s *Service) seeGiteaRefuse(ctx context.Context, p *suspending) error {
	token, err := s.Directory.CreateToken(ctx, p.Account.Ref(), p.Probe.GiteaTokenName())
	if saga.IsRefused(err) {
		return s.unlessGone(ctx, p.Account, s.Directory.SetActive(ctx, p.Account.Ref(), false))
	}
	if err != nil {
		return err
	}
	in, err := s.DirectoryDoor.LetsIn(ctx, token)
	switch {
	case err != nil: // even where the question was refused the token has been made
		return &Error{Kind: KindOf(err), Op: "see Gitea refuse", Err: errors.New(err.Error())}
	case in:
		return &Error{Kind: DirectoryFailed, Op: "suspend", Err: errLetIn}
	}
	return nil
}

// unseeGitea undoes both that seeGiteaRefuse may have done: Gitea may carry out
// late what it was told once more.
func (s *Service) unseeGitea(ctx context.Context, p *suspending) error {
	err := s.Directory.DeleteToken(ctx, p.Account.Ref(), p.Probe.GiteaTokenName())
	if err != nil || p.Was != Normal {
		return err
	}
	return s.unlessGone(ctx, p.Account, s.Directory.SetActive(ctx, p.Account.Ref(), true))
}
