package app

import (
	"context"
	"errors"
	"time"
)

const (
	// humanLifetime is how long a solved challenge is good for something.
	humanLifetime = 10 * time.Minute
	// permitLifetime is how long a reset that was permitted can be made.
	permitLifetime = 15 * time.Minute
)

// humanLimit is when a sign-in asks for a human check: after three failures in a
// row for one name or address as it is typed, none of them half an hour after the
// one before, for half an hour.
var humanLimit = FailureLimit{Free: 3, LockAfter: 3, LockFor: 30 * time.Minute, InARow: true}

// humanProof names the proof that there is a person at the client's address;
// with an e-mail address, one that is good for it alone.
func humanProof(client, email string) string {
	name := "human/" + ClientKey(client)
	if email != "" {
		name += "/" + digest(email)
	}
	return name
}

// humanProofs are the proofs that show a person who does something with the
// address, the narrower one first.
func humanProofs(client, email string) []string {
	return []string{humanProof(client, email), humanProof(client, "")}
}

// spendHuman uses the first of the proofs of a person up that there is:
// HumanCheckRequired where there is none. Inside a local step it is part of the transaction.
func (s *Service) spendHuman(ctx context.Context, names []string) ([]ProofRef, error) {
	for _, name := range names {
		ref, err := s.Proofs.Consume(ctx, name, s.Now())
		if err != nil {
			return nil, err
		}
		if ref != (ProofRef{}) {
			return []ProofRef{ref}, nil
		}
	}
	return nil, &Error{Kind: HumanCheckRequired}
}

// humanly runs the check of a sign-in, unless it failed three times in a row and
// nobody has shown to be a person since: then it is HumanCheckRequired.
func (s *Service) humanly(ctx context.Context, in Credentials, check func() (bool, error)) (bool, error) {
	if !in.HumanCheck {
		return check()
	}
	key, asked := "human/"+in.typed(), false
	tries := []Try{{Key: key, Limit: humanLimit, Resets: true}}
	counted := func() (bool, error) {
		return s.guarded(ctx, tries, func() (bool, error) {
			asked = true
			return check()
		})
	}
	ok, err := counted()
	if asked || KindOf(err) != TooOften {
		return ok, err
	}
	held := err
	if _, err := s.spendHuman(ctx, humanProofs(in.IP, in.Email)); err != nil {
		return false, humanWanted(err, held)
	}
	if err := s.Failures.Release(ctx, []string{key}, nil); err != nil {
		return false, err
	}
	ok, err = counted()
	if !asked && KindOf(err) == TooOften { // others were faster
		err = humanWanted(&Error{Kind: HumanCheckRequired}, err)
	}
	return ok, err
}

// humanWanted tells of a human check, and how long it will be asked for.
func humanWanted(err, held error) error {
	var e *Error
	if KindOf(err) == HumanCheckRequired && errors.As(held, &e) {
		return &Error{Kind: HumanCheckRequired, RetryAfter: e.RetryAfter}
	}
	return err
}

// PermitReset lets whoever has shown to be a person, at that client's address,
// reset the password of an account by a code, see PasswordReset.NeedsPermit, and
// ask once for that code without another check. It does not tell whether an
// account has the address. Invalid, HumanCheckRequired or Internal.
func (s *Service) PermitReset(ctx context.Context, email, client string) error {
	const op = "permit a reset"
	if !EmailAllowed(email) {
		return invalid(op, "email", EmailSyntax)
	}
	spent, err := s.spendHuman(ctx, humanProofs(client, email))
	if err != nil {
		return failed(op, err)
	}
	now := s.Now()
	err = s.Proofs.Put(ctx, permitProof(client, email), now.Add(permitLifetime), now)
	if err == nil {
		err = s.Proofs.Put(ctx, humanProof(client, email), spent[0].Ends, now)
	}
	return failed(op, err)
}

func permitProof(client, email string) string {
	return "permit/" + ClientKey(client) + "/" + digest(email)
}
