package app

import (
	"context"
	"time"
)

// provenLifetime is how long a verified address or number is remembered.
const provenLifetime = 15 * time.Minute

// Target is where a code goes to: an e-mail address, or else a number.
type Target struct {
	Email           string
	Country, Mobile string
	// Client, where it is given, is the client's address, and what is proved is
	// good only for that one.
	Client string
}

// codeTarget names the codes that were sent there.
func (t Target) codeTarget() string {
	if t.Email != "" {
		return mailTarget(t.Email)
	}
	return smsTarget(t.Country, t.Mobile)
}

// ProofName names the proof that somebody reads what is sent there.
func (t Target) ProofName() string {
	name := "target/" + digest(t.codeTarget())
	if t.Client != "" {
		name += "/" + ClientKey(t.Client)
	}
	return name
}

// redeemedProof names the proof that this very code was redeemed for the target.
func (t Target) redeemedProof(code Secret) string {
	return t.ProofName() + "/" + digest(typedCode(code).Reveal())
}

func (s *Service) targetViolations(t Target) []Violation {
	switch {
	case t.Email == "":
		return s.numberViolations(t.Country, t.Mobile)
	case !EmailAllowed(t.Email):
		return []Violation{{"email", EmailSyntax}}
	}
	return nil
}

// VerifyTarget redeems a code that was sent to the target, and remembers for
// provenLifetime that whoever asks reads it, and by which code. Invalid, CodeWrong or Internal.
func (s *Service) VerifyTarget(ctx context.Context, t Target, code Secret) error {
	const op = "verify a target"
	if v := s.targetViolations(t); len(v) > 0 {
		return &Error{Kind: Invalid, Op: op, Violations: v}
	}
	ref, err := s.checkCode(ctx, t.codeTarget(), code)
	if err != nil {
		return failed(op, err)
	}
	now := s.Now()
	if err := s.Codes.Redeem(ctx, ref, now); err != nil {
		return failed(op, err)
	}
	for _, name := range []string{t.ProofName(), t.redeemedProof(code)} {
		if err := s.Proofs.Put(ctx, name, now.Add(provenLifetime), now); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

// redeemedTries bounds how often a client may say which code it redeemed for a
// target, in the time that this is remembered.
const redeemedTries = 5

// redeemed is the name of the proof that the client redeemed this code for the
// target a short while ago; else CodeWrong.
func (s *Service) redeemed(ctx context.Context, t Target, code Secret) (string, error) {
	ok, err := s.Counters.Spend(ctx, "redeemed/"+digest(t.ProofName()), provenLifetime, redeemedTries, s.Now())
	name := t.redeemedProof(code)
	if err == nil && ok {
		ok, err = s.Proofs.Has(ctx, name, s.Now())
	}
	if err == nil && !ok {
		err = &Error{Kind: CodeWrong}
	}
	return name, err
}

// Proven reports whether the target was verified a short while ago, and nobody
// has made use of it since. It changes nothing. Internal.
func (s *Service) Proven(ctx context.Context, t Target) (bool, error) {
	ok, err := s.Proofs.Has(ctx, t.ProofName(), s.Now())
	return ok, failed("look at a proof", err)
}

// spendProofs uses up every proof of these names; the error is of kind missing
// where one of them is not there. It belongs in a local step, whose transaction
// makes it all or none.
func (s *Service) spendProofs(ctx context.Context, names []string, missing Kind) ([]ProofRef, error) {
	var spent []ProofRef
	for _, name := range names {
		ref, err := s.Proofs.Consume(ctx, name, s.Now())
		switch {
		case err != nil:
			return nil, err
		case ref == (ProofRef{}):
			return nil, &Error{Kind: missing}
		}
		spent = append(spent, ref)
	}
	return spent, nil
}

// giveProofsBack undoes spendProofs. Repeatable.
func (s *Service) giveProofsBack(ctx context.Context, spent []ProofRef) error {
	for _, ref := range spent {
		if err := s.Proofs.GiveBack(ctx, ref); err != nil {
			return err
		}
	}
	return nil
}
