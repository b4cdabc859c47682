package app

import (
	"context"
	"slices"
)

// Introspect tells whether an access token is good at this moment, and what it
// says: ok is false for one that is not ours, of another kind or expired, whose session has ended,
// or whose account may not sign in. Its error is Internal. It changes nothing.
func (s *Service) Introspect(ctx context.Context, token Secret) (claims Claims, account Account, ok bool, err error) {
	const op = "introspect"
	worthless := func(err error) bool {
		return slices.Contains([]Kind{TokenMissing, TokenInvalid, TokenExpired}, KindOf(err))
	}
	claims, err = s.read(token, AccessToken)
	if err != nil {
		if worthless(err) {
			err = nil
		}
		return Claims{}, Account{}, false, failed(op, err)
	}
	session, account, err := s.Sessions.Live(ctx, claims.SessionID, s.Now())
	if err != nil {
		if worthless(err) {
			err = nil
		}
		return Claims{}, Account{}, false, failed(op, err)
	}
	// The sessions of an account that is shut out are closed a moment later.
	if !account.MaySignIn() || session.CredentialEpoch != account.CredentialEpoch || account.UserID != claims.UserID {
		return Claims{}, Account{}, false, nil
	}
	return claims, account, true, nil
}
