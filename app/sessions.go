package app

import (
	"context"
	"errors"

	"accord/saga"
)

// revokePage is how many sessions are read, and ended, at once.
const revokePage = 100

// Revoke ends one session of an account on all three systems, as its person's
// sign-out would. NotFound where the account has no such open session;
// DirectoryFailed or StorageFailed tell that a token there is not dead yet: the
// session is closed all the same and the rest goes on in the background. For
// operators.
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
	return s.end(ctx, op, account, session)
}

// RevokeAll ends every session that the account has open now, one after the
// other, each as by Revoke, and tells of each that it ended. All are tried; the
// first fault is returned. One that opens meanwhile may stay: Suspend, or a new
// password, lets none through. For operators.
func (s *Service) RevokeAll(ctx context.Context, accountID string, ended func(Session, saga.Receipt)) error {
	const op = "revoke"
	account, err := s.Accounts.ByID(ctx, accountID)
	if err != nil {
		return failed(op, err)
	}
	var fault error
	for after := ""; ; {
		sessions, err := s.Listings.PageOfSessions(ctx, accountID, s.Now(), after, revokePage)
		if err != nil {
			return failed(op, errors.Join(fault, err))
		}
		for _, session := range sessions {
			receipt, err := s.end(ctx, op, account, session)
			fault, after = firstOf(fault, err), session.ID
			if err == nil || receipt.Pending != nil {
				ended(session, receipt)
			}
		}
		if len(sessions) < revokePage {
			return fault
		}
	}
}
