package app

import (
	"context"
	"errors"
	"time"

	"accord/app/verify"
)

// provenLifetime is how long a verified address or number is remembered.
const provenLifetime = 15 * time.Minute

// Target is where a code goes to: an e-mail address, or else a number.
type Target struct {
	Email           string
	Country, Mobile string
	// Client, if it is given, is the client's address, and what is proved is good
	// only for its network, see verify.Network, or with the code that proved it.
	Client string
}

// codeTarget names the codes that were sent there.
func (t Target) codeTarget() string {
	if t.Email != "" {
		return mailTarget(t.Email)
	}
	return smsTarget(t.Country, t.Mobile)
}

// proofName names the proof that somebody reads what is sent there.
func (t Target) proofName(d Digests) string {
	name := "target/" + d.name(t.codeTarget())
	if t.Client != "" {
		name += "/" + verify.Network(t.Client)
	}
	return name
}

// codeProof names the proof that whoever has this very code reads what is sent to
// the target, for a client whose network has changed.
func (t Target) codeProof(d Digests, code Secret) string {
	return "code/" + d.name(t.codeTarget()) + "/" + d.name(typedCode(code).Reveal())
}

// redeemedProof names the proof that this very code was redeemed for the target
// and may still serve a reset.
func (t Target) redeemedProof(d Digests, code Secret) string {
	return "redeemed/" + d.name(t.codeTarget()) + "/" + d.name(typedCode(code).Reveal())
}

// proofsFor names what a code for a registration or a reset proves here. Whoever
// may reset by it reads the target, which is all that a registration asks for.
func (t Target) proofsFor(d Digests, asked Purpose, code Secret) []string {
	names := []string{t.proofName(d), t.codeProof(d, code)}
	if asked == ForReset || asked == AnyPurpose {
		names = append(names, t.redeemedProof(d, code))
	}
	return names
}

func (s *Service) targetViolations(t Target) []Violation {
	if t.Email == "" {
		return s.numberViolations(t.Country, t.Mobile)
	}
	return violation("email", t.Email)
}

// target returns the target as codes for it are kept.
func (s *Service) target(t Target) Target {
	t.Email = normalisedEmail(t.Email)
	t.Country, t.Mobile = s.number(t.Country, t.Mobile)
	return t
}

// VerifyTarget redeems a code that was sent to the target, and remembers for
// provenLifetime that the client reads it, for a registration, and, if the code
// may be used for a reset, which code it was. Invalid, CodeWrong or Internal.
func (s *Service) VerifyTarget(ctx context.Context, t Target, code Secret) error {
	const op = "verify a target"
	t = s.target(t)
	if v := s.targetViolations(t); len(v) > 0 {
		return &Error{Kind: Invalid, Op: op, Violations: v}
	}
	ref, purpose, err := s.tryCode(ctx, t.codeTarget(), code, ForRegistration, ForReset)
	if err != nil {
		return failed(op, err)
	}
	now := s.Now()
	if err := s.Codes.Redeem(ctx, ref, now); err != nil {
		return failed(op, err)
	}
	for _, name := range t.proofsFor(s.Digests, purpose, code) {
		if err := s.Proofs.Put(ctx, name, now.Add(provenLifetime), now); err != nil {
			return failed(op, err)
		}
	}
	return nil
}

// redeemedAll is how many times as often as one client all of them may say which
// code was redeemed for a target.
const redeemedAll = 20

// redeemed returns the name of the proof that this code was redeemed for the
// target a short while ago; else CodeWrong.
func (s *Service) redeemed(ctx context.Context, t Target, code Secret) (string, error) {
	name := t.redeemedProof(s.Digests, code)
	ok, err := s.saysCode(ctx, t, name)
	if err == nil && !ok {
		err = &Error{Kind: CodeWrong}
	}
	return name, err
}

// saysCode reports whether there is the proof, whose name has a code that the
// client said. It is not looked for if codes were said too often.
func (s *Service) saysCode(ctx context.Context, t Target, name string) (bool, error) {
	tries := verify.Quota(limitRedeemed, s.settings.Limits.RedeemedCodeTries, provenLifetime)
	_, err := s.Admission.Charge(ctx,
		verify.Charge{Key: "redeemed/" + s.Digests.name(t.proofName(s.Digests)), Limit: tries},
		verify.Charge{Key: "redeemed/all/" + s.Digests.name(t.codeTarget()), Limit: tries.Times(redeemedAll)},
	)
	var refused *verify.Refused
	switch {
	case errors.As(err, &refused):
		return false, nil
	case err != nil:
		return false, err
	}
	return s.Proofs.Has(ctx, name, s.Now())
}

// Unproven is the cause of CodeWrong if an address or a number was not verified
// before, or by another client.
type Unproven struct{ Email, Mobile bool }

func (u *Unproven) Error() string {
	switch {
	case !u.Mobile:
		return "the address was not verified"
	case !u.Email:
		return "the number was not verified"
	}
	return "neither the address nor the number was verified"
}

// provenBy returns the name of a proof that the target was verified: by the
// client, or by whoever has the code. Empty if there is none.
func (s *Service) provenBy(ctx context.Context, t Target, code Secret) (string, error) {
	name := t.proofName(s.Digests)
	ok, err := s.Proofs.Has(ctx, name, s.Now())
	if err == nil && !ok && code != "" {
		name = t.codeProof(s.Digests, code)
		ok, err = s.saysCode(ctx, t, name)
	}
	if err != nil || !ok {
		return "", err
	}
	return name, nil
}

// Proven reports whether the target was verified a short while ago, and nobody
// has made use of it since. It changes nothing. Internal.
func (s *Service) Proven(ctx context.Context, t Target) (bool, error) {
	ok, err := s.Proofs.Has(ctx, t.proofName(s.Digests), s.Now())
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
