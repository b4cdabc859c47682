package app

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Invite is one invitation. Its code is known to whoever it was given to.
type Invite struct {
	ID int64
	// Inviter is the accountId of whoever invites; empty for an operator.
	Inviter string
	// Note is an operator's own.
	Note string
	// Uses is how many may register with it, Used how many have.
	Uses, Used           int
	CreatedAt, ExpiresAt time.Time
	// ExpiresAt and RevokedAt are zero for never.
	RevokedAt time.Time
}

// NewInvite is a wish for an invitation.
type NewInvite struct {
	Inviter, Note string
	Uses          int
	// ExpiresAt is zero for never.
	ExpiresAt time.Time
}

// Bounds of an invitation.
const (
	MaxInviteUses = 100_000
	MaxInviteNote = 255
	// MaxInvites is how many one call lists at most.
	MaxInvites = 500
)

// maxInviteCode bounds what is taken for a code, in bytes.
const maxInviteCode = 64

// CreateInvite makes an invitation and returns its code, which nobody can see
// again. Invalid, NotFound for an unknown inviter, or Internal. For operators.
func (s *Service) CreateInvite(ctx context.Context, in NewInvite) (Invite, Secret, error) {
	const op = "create invitation"
	now := s.Now()
	switch {
	case in.Uses < 1 || in.Uses > MaxInviteUses:
		return Invite{}, "", invalid(op, "uses", Length)
	case utf8.RuneCountInString(in.Note) > MaxInviteNote || !utf8.ValidString(in.Note):
		return Invite{}, "", invalid(op, "note", Length)
	case !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(now):
		return Invite{}, "", invalid(op, "expiresAt", Past)
	}
	if in.Inviter != "" {
		if _, err := s.Accounts.ByID(ctx, in.Inviter); err != nil {
			return Invite{}, "", failed(op, err)
		}
	}
	// Three verification codes are 89 random bits that people can type.
	code := strings.Join([]string{s.IDs.Code().Reveal(), s.IDs.Code().Reveal(), s.IDs.Code().Reveal()}, "-")
	invite, err := s.Invites.Add(ctx, inviteCode(Secret(code)), Invite{
		Inviter: in.Inviter, Note: in.Note, Uses: in.Uses, CreatedAt: now, ExpiresAt: in.ExpiresAt,
	})
	return invite, Secret(code), failed(op, err)
}

// ListInvites lists invitations of an ID above after, at most limit. Internal.
// For operators.
func (s *Service) ListInvites(ctx context.Context, after int64, limit int) ([]Invite, error) {
	invites, err := s.Invites.List(ctx, after, min(max(limit, 1), MaxInvites))
	return invites, failed("list invitations", err)
}

// RevokeInvite ends an invitation; who has registered with it stays. NotFound or
// Internal. Repeatable. For operators.
func (s *Service) RevokeInvite(ctx context.Context, id int64) error {
	return failed("revoke invitation", s.Invites.Revoke(ctx, id, s.Now()))
}

// CheckInvite tells whether a code could be used, and uses nothing up.
// InviteWrong or Internal.
func (s *Service) CheckInvite(ctx context.Context, code Secret) error {
	err := s.chargeLookup(ctx, "")
	if err == nil {
		_, err = s.Invites.Check(ctx, inviteCode(code), s.Now())
	}
	return failed("check invitation", err)
}

// CheckInviter tells whether there is such a user to be invited by. NotFound or
// Internal.
func (s *Service) CheckInviter(ctx context.Context, username string) error {
	err := s.chargeLookup(ctx, "")
	if err == nil {
		_, err = s.PersonByUsername(ctx, username)
	}
	return failed("check inviter", err)
}

// inviteCode is a code as people type it: in any case of letters, with or
// without the hyphens. What is too long for one, or has other letters, is none.
func inviteCode(typed Secret) Secret {
	foreign := func(r rune) bool { return r > unicode.MaxASCII }
	if len(typed) > maxInviteCode || strings.ContainsFunc(typed.Reveal(), foreign) {
		return ""
	}
	return Secret(strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(typed.Reveal())))
}

// spendInvite uses a newcomer's invitation, and notes who invited him.
func (s *Service) spendInvite(ctx context.Context, r *registration) error {
	if r.Invite == "" {
		return nil
	}
	invite, err := s.Invites.Spend(ctx, inviteCode(r.Invite), s.Now())
	if err != nil {
		return err
	}
	r.InviteID = invite.ID
	if invite.Inviter == "" {
		return nil
	}
	inviter, err := s.Accounts.ByID(ctx, invite.Inviter)
	if err != nil {
		return err
	}
	if r.Attributes == nil {
		r.Attributes = &Attributes{}
	}
	r.Attributes.InvitedBy = inviter.Username
	return nil
}
