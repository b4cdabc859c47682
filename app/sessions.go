package app

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"accord/saga"
)

// revokePage is how many sessions are read, and ended, at once.
const revokePage = 100

// Revoke ends one session of an account on all three systems, as its person's
// sign-out would. NotFound where the account has no such open session;
// DirectoryFailed or StorageFailed tell that a token there is not dead yet: the
// session is closed all the same and the rest goes on in the background. The
// account's owner is notified. For operators.
func (s *Service) Revoke(ctx context.Context, accountID, sessionID string) (saga.Receipt, error) {
	const op = "revoke"
	session, err := s.Listings.OpenSession(ctx, accountID, sessionID)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	account, err := s.Accounts.ByID(ctx, accountID)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := s.end(ctx, op, account, session)
	if err == nil || receipt.Pending != nil {
		s.announceRevoked(ctx, account)
	}
	return receipt, err
}

// announceRevoked tells the owner that an operator ended sessions. They have ended
// whether or not that succeeds.
func (s *Service) announceRevoked(ctx context.Context, a Account) {
	if err := s.announce(ctx, s.askedBy(by(ctx, Operator), a.ID).announce(NoticeSessionsEnded, a)); err != nil {
		s.Logger.WarnContext(ctx, "announcing sessions that ended", "account", a.ID, "error", err)
	}
}

// revokeTogether is how many sessions of one account end at once.
const revokeTogether = 8

// RevokeAll ends every session that the account has open now, each as by Revoke,
// and calls ended for each, one call at a time; then every other credential on
// Gitea and the storage, as Evict does without keys. Reset tokens are void from
// then on. All are tried; the first fault is returned. A session that opens
// meanwhile may stay: Suspend, or a new password, lets none through. The account's
// owner is notified if a session ended. For operators.
func (s *Service) RevokeAll(ctx context.Context, accountID string, ended func(Session, saga.Receipt)) error {
	const op = "revoke"
	account, err := s.Accounts.ByID(ctx, accountID)
	if err != nil {
		return failed(op, err)
	}
	fault := s.voidResetTokens(ctx, account.ID)
	anyEnded := false
	report := func(session Session, receipt saga.Receipt) {
		anyEnded = true
		ended(session, receipt)
	}
	for after, more := "", true; more; {
		sessions, err := s.Listings.PageOfSessions(ctx, accountID, s.Now(), after, revokePage)
		if err != nil {
			fault = firstOf(fault, failed(op, err))
			break
		}
		fault = firstOf(fault, s.endAll(ctx, op, account, sessions, report))
		if more = len(sessions) == revokePage; more {
			after = sessions[revokePage-1].ID
		}
	}
	if anyEnded {
		s.announceRevoked(ctx, account)
	}
	if account.Status.kept() || account.Status == Leaving {
		_, _, err = s.Evict(ctx, account.ID, false)
	}
	return firstOf(fault, err)
}

// endAll ends sessions of the account, several at a time.
func (s *Service) endAll(ctx context.Context, op string, a Account, sessions []Session, ended func(Session, saga.Receipt)) error {
	var (
		mu    sync.Mutex
		fault error
		group errgroup.Group
	)
	group.SetLimit(revokeTogether)
	for _, session := range sessions {
		group.Go(func() error {
			receipt, err := s.end(ctx, op, a, session)
			mu.Lock()
			defer mu.Unlock()
			fault = firstOf(fault, err)
			if err == nil || receipt.Pending != nil {
				ended(session, receipt)
			}
			return nil
		})
	}
	_ = group.Wait()
	return fault
}
