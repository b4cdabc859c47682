package app

import (
	"cmp"
	"context"
	"time"

	"accord/app/verify"
)

const (
	// humanLifetime is how long a solved challenge is good for something.
	humanLifetime = 10 * time.Minute
	// permitLifetime is how long a reset that was permitted can be made.
	permitLifetime = 15 * time.Minute
)

// humanLimit is when a sign-in asks for a human check: after some failures in a row
// for one name or address as it is typed, none of them half an hour after the one
// before, for half an hour.
func (s *Service) humanLimit() verify.Limit {
	failures := s.settings.Limits.HumanCheckFailures
	return verify.Limit{Name: limitHuman, Free: failures, LockAfter: failures, LockFor: 30 * time.Minute, InARow: true}
}

// humanProof names the group of proofs that there is a person at the client's
// address, one for each challenge; with an address or a user name as it is typed,
// proofs that are good for it alone.
func (s *Service) humanProof(client, typed string) string {
	name := "human/" + verify.Network(client)
	if typed != "" {
		name += "/" + s.Digests.name(typed)
	}
	return name
}

// humanProofs are the groups of proofs that show a person who does something with
// the address or user name, the narrower one first.
func (s *Service) humanProofs(client, typed string) []string {
	return []string{s.humanProof(client, typed), s.humanProof(client, "")}
}

// spendHuman uses up the first proof of a person that there is in the groups:
// HumanCheckRequired if there is none. Inside a local step it is part of the transaction.
func (s *Service) spendHuman(ctx context.Context, groups []string) ([]ProofRef, error) {
	for _, group := range groups {
		ref, err := s.Proofs.Consume(ctx, group, s.Now()) // a permit's, which has the name of the group
		if err == nil && ref == (ProofRef{}) {
			ref, err = s.Proofs.ConsumeOneOf(ctx, group, s.Now())
		}
		if err != nil {
			return nil, err
		}
		if ref != (ProofRef{}) {
			return []ProofRef{ref}, nil
		}
	}
	return nil, &Error{Kind: HumanCheckRequired}
}

// showHuman uses a proof of a person up for a sign-in that failed three times in
// a row, and lets it go on. HumanCheckRequired, with how long it will be asked
// for, if there is none.
func (s *Service) showHuman(ctx context.Context, in Credentials, refused *verify.Refused) error {
	_, err := s.spendHuman(ctx, s.humanProofs(in.IP, cmp.Or(in.Username, in.Email)))
	switch {
	case err == nil:
		return s.Admission.Forget(ctx, "human/"+in.typed(s.Digests))
	case KindOf(err) == HumanCheckRequired:
		return humanWanted(refused)
	}
	return err
}

func humanWanted(refused *verify.Refused) error {
	return &Error{Kind: HumanCheckRequired, RetryAfter: refused.WaitOf(limitHuman), Err: refused}
}

// PermitReset lets whoever has shown to be a person, at that client's address,
// reset the password of an account by a code, see PasswordReset.NeedsPermit, and
// ask once for that code without another check. It does not tell whether an
// account has the address. Invalid, HumanCheckRequired or Internal.
func (s *Service) PermitReset(ctx context.Context, email, client string) error {
	const op = "permit a reset"
	email = normalisedEmail(email)
	if v := violation("email", email); len(v) > 0 {
		return &Error{Kind: Invalid, Op: op, Violations: v}
	}
	spent, err := s.spendHuman(ctx, s.humanProofs(client, email))
	if err != nil {
		return failed(op, err)
	}
	now := s.Now()
	err = s.Proofs.Put(ctx, s.permitProof(client, email), now.Add(permitLifetime), now)
	if err == nil {
		err = s.Proofs.Put(ctx, s.humanProof(client, email), spent[0].Ends, now)
	}
	return failed(op, err)
}

func (s *Service) permitProof(client, email string) string {
	return "permit/" + verify.Network(client) + "/" + s.Digests.name(email)
}
