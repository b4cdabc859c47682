package memory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"accord/app"
)

// sessions implements app.Sessions.
type sessions struct{ db *tables }

type sessionRow struct {
	app.Session
	opened, closed bool
	openedAt       time.Time
}

func (r sessionRow) live() bool { return r.opened && !r.closed }

// mostDevice bounds what a client says of itself, in bytes.
const mostDevice = 1024

func (s *sessions) Reserve(ctx context.Context, session app.Session) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		_, used := s.db.sessions[session.ID]
		_, found := s.db.accounts[session.AccountID]
		if used || !found {
			return errors.New("memory: a session of no account, or with a used id")
		}
		session.CreatedAt, session.ExpiresAt = kept(session.CreatedAt), kept(session.ExpiresAt)
		session.Device = strings.ToValidUTF8(session.Device, "\uFFFD")
		if len(session.Device) > mostDevice {
			session.Device = strings.ToValidUTF8(session.Device[:mostDevice], "")
		}
		put(tx, s.db.sessions, session.ID, sessionRow{Session: session})
		return nil
	})
}

func (s *sessions) Open(ctx context.Context, id string, at time.Time) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		row, found := s.db.sessions[id]
		a := s.db.accounts[row.AccountID]
		if !found || row.closed || !a.MaySignIn() || a.CredentialEpoch != row.CredentialEpoch {
			return refusal(app.BadCredentials, "open session")
		}
		if !row.opened {
			row.opened, row.openedAt = true, kept(at)
		}
		put(tx, s.db.sessions, id, row)
		return nil
	})
}

// RecordGrant implements app.SessionGrants.
func (s *sessions) RecordGrant(ctx context.Context, session, accessKey, tokenEnd string) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if row, found := s.db.sessions[session]; found {
			row.StorageAccessKey = cmp.Or(row.StorageAccessKey, accessKey)
			row.GiteaTokenEnd = cmp.Or(row.GiteaTokenEnd, tokenEnd)
			put(tx, s.db.sessions, session, row)
		}
		return nil
	})
}

func (s *sessions) Discard(ctx context.Context, id string) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if !s.db.sessions[id].opened {
			drop(tx, s.db.sessions, id)
		}
		return nil
	})
}

func (s *sessions) Close(ctx context.Context, id string, _ time.Time) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if row, found := s.db.sessions[id]; found {
			row.closed = true
			put(tx, s.db.sessions, id, row)
		}
		return nil
	})
}

func (s *sessions) Live(ctx context.Context, id string, now time.Time) (session app.Session, a app.Account, err error) {
	const op = "look at session"
	err = s.db.atomically(ctx, func(context.Context, *transaction) error {
		row := s.db.sessions[id]
		switch {
		case !row.live():
			return refusal(app.TokenInvalid, op)
		case !now.Before(row.ExpiresAt):
			return refusal(app.TokenExpired, op)
		}
		session, a = row.Session, s.db.accounts[row.AccountID]
		return nil
	})
	return session, a, err
}

func (s *sessions) Expired(ctx context.Context, now time.Time, limit int) (expired []app.Session, err error) {
	err = s.db.atomically(ctx, func(context.Context, *transaction) error {
		for _, id := range sorted(s.db.sessions, func(r sessionRow) bool { return r.live() && r.ExpiresAt.Before(now) }) {
			expired = append(expired, s.db.sessions[id].Session)
		}
		return nil
	})
	slices.SortStableFunc(expired, func(a, b app.Session) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	return expired[:min(limit, len(expired))], err
}

// closeSessions closes the open sessions of an account but keep, discards the
// reserved ones, and returns those it closed.
func (db *tables) closeSessions(tx *transaction, account, keep string) []app.Session {
	closed := []app.Session{}
	for _, id := range sorted(db.sessions, func(r sessionRow) bool { return r.AccountID == account }) {
		row := db.sessions[id]
		switch {
		case !row.opened:
			drop(tx, db.sessions, id)
		case !row.closed && id != keep:
			closed = append(closed, row.Session)
			row.closed = true
			put(tx, db.sessions, id, row)
		}
	}
	slices.SortStableFunc(closed, func(a, b app.Session) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return closed
}

// UnclosedOf is that of app.Listings.
func (s *sessions) UnclosedOf(ctx context.Context, accountID string) (tokenEnds map[string]string, err error) {
	tokenEnds = map[string]string{}
	err = s.db.atomically(ctx, func(context.Context, *transaction) error {
		for id, row := range s.db.sessions {
			if row.AccountID == accountID && !row.closed {
				tokenEnds[id] = row.GiteaTokenEnd
			}
		}
		return nil
	})
	return tokenEnds, err
}
