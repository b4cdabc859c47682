package app

import "context"

// Authenticate tells who an access token speaks for. TokenMissing,
// TokenInvalid (also for a token of another kind), TokenExpired or Internal. It
// changes nothing.
func (s *Service) Authenticate(ctx context.Context, token Secret) (Principal, error) {
	const op = "authenticate"
	claims, err := s.read(token, AccessToken)
	if err != nil {
		return Principal{}, failed(op, err)
	}
	session, account, err := s.Sessions.Live(ctx, claims.SessionID, s.Now())
	if err != nil {
		return Principal{}, failed(op, err)
	}
	CallerOf(ctx).setAccount(account.ID)
	return Principal{Account: s.shown(account), Session: session}, nil
}
