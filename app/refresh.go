package app

import (
	"context"
	"time"
)

// Refresh gives a new access token for the session of a refresh token, good for
// ttl and no longer than the session. The refresh token stays as it is: those
// who refresh are told nothing but the new access token. TokenMissing,
// TokenInvalid (also for an access token), TokenExpired or Internal.
func (s *Service) Refresh(ctx context.Context, token Secret, ttl time.Duration) (Secret, error) {
	const op = "refresh"
	claims, err := s.read(token, RefreshToken)
	if err != nil {
		return "", failed(op, err)
	}
	session, account, err := s.Sessions.Live(ctx, claims.SessionID, s.Now())
	if err != nil {
		return "", failed(op, err)
	}
	access, err := s.Tokens.Issue(accessClaims(account, session, s.Now(), ttl))
	return access, failed(op, err)
}

// accessClaims are those of an access token for the session: it is good for ttl,
// zero meaning as long as it can be, and never longer than the session.
func accessClaims(a Account, session Session, now time.Time, ttl time.Duration) Claims {
	ends := session.ExpiresAt
	if short := now.Add(ttl); ttl > 0 && short.Before(ends) {
		ends = short
	}
	return Claims{UserID: a.UserID, SessionID: session.ID, IssuedAt: now, ExpiresAt: ends}
}
