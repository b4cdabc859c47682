package app

import (
	"context"
	"errors"
	"time"

	"accord/app/verify"
)

// claim is how far a request goes into the messages that the platform sends in a
// day.
type claim int

const (
	// unclaimed requests leave the reserve alone.
	unclaimed claim = iota
	// acquainted ones take half of the reserve: the message goes to an account's
	// address or number, or any account was signed in from the client's network.
	acquainted
	// familiar ones take all of it: the account was signed in from the client's
	// network.
	familiar
)

// platformCharges are what a message is charged to beside its client and target.
// Each limit keeps what it leaves for those with a better claim.
func (l messageLimits) platformCharges(c claim) []verify.Charge {
	const day = 24 * time.Hour
	all := verify.Charge{Key: l.kind + "/platform", Limit: verify.Quota(l.platform, l.PlatformDay, day)}
	reserve := l.PlatformDay * l.ReservePercent / 100
	switch {
	case reserve == 0, c == familiar:
		return []verify.Charge{all}
	case c == acquainted:
		return []verify.Charge{{Key: l.kind + "/acquainted", Limit: verify.Quota(l.reserve, (reserve+1)/2, day)}, all}
	}
	return []verify.Charge{{Key: l.kind + "/unclaimed", Limit: verify.Quota(l.reserve, l.PlatformDay-reserve, day)}, all}
}

// claimOf returns the claim of a client that asks for a message to the target.
func (s *Service) claimOf(ctx context.Context, t Target, client string) (claim, error) {
	account, err := s.findTarget(ctx, t)
	if err != nil && KindOf(err) != NotFound {
		return unclaimed, err
	}
	known, err := s.knownClient(ctx, account.ID, client)
	switch {
	case err != nil:
		return unclaimed, err
	case known:
		return familiar, nil
	case account.ID != "":
		return acquainted, nil
	}
	visited := false
	if client != "" {
		visited, err = s.Places.Visited(ctx, "", Place{Address: client}, s.Now())
	}
	if err != nil || !visited {
		return unclaimed, err
	}
	return acquainted, nil
}

// admitMessage charges a message. If only the platform's reserve is left, the claim
// of the client decides.
func (s *Service) admitMessage(
	ctx context.Context, l messageLimits, t Target, client string, target ...verify.Charge,
) ([]verify.Receipt, error) {
	receipts, err := s.Admission.Charge(ctx, s.messageCharges(l, unclaimed, client, target...)...)
	var refused *verify.Refused
	if !errors.As(err, &refused) || !refused.OnlyBy(l.reserve) {
		return receipts, refusal(err)
	}
	c, err := s.claimOf(ctx, t, client)
	switch {
	case err != nil:
		return nil, err
	case c == unclaimed:
		return nil, refusal(refused)
	}
	return s.admit(ctx, s.messageCharges(l, c, client, target...)...)
}
