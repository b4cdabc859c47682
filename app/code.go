package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"accord/app/verify"
	"accord/saga"
)

// CodeRef names one verification code that was checked and not redeemed yet.
type CodeRef struct {
	// ID is the store's number of the code.
	ID int64
}

// Codes keeps verification codes, hashed, one live code for each target and
// purpose. Safe for concurrent use; Redeem and GiveBack take part in a local step's transaction.
type Codes interface {
	// Put stores a code for a target (an address or a number) with the purpose it
	// was asked for, replacing the one of the same target and purpose.
	Put(ctx context.Context, target string, purpose Purpose, code Secret, expires, now time.Time) error
	// Withdraw forgets the target's live code that is this one, whatever its
	// purpose. Idempotent; an absent code is not an error.
	Withdraw(ctx context.Context, target string, code Secret) error
	// Check compares code with the target's live codes of those purposes, and with
	// that of AnyPurpose. If one is equal it returns its reference and purpose;
	// otherwise it counts a try of each and returns CodeWrong. A code that was tried
	// wrongly too often, was redeemed or has expired is CodeWrong as well; if it is
	// right and has just run out the error is ErrCodeExpired besides.
	Check(ctx context.Context, target string, code Secret, now time.Time, purposes ...Purpose) (CodeRef, Purpose, error)
	// Redeem uses the code up. CodeWrong where another did so first.
	Redeem(ctx context.Context, ref CodeRef, now time.Time) error
	// GiveBack undoes a Redeem. Repeatable.
	GiveBack(ctx context.Context, ref CodeRef) error
}

// ErrCodeExpired is in a CodeWrong error that is about the code that was sent
// last and was redeemed by nobody: only its reader is told that it is too old.
var ErrCodeExpired = errors.New("app: the code has run out")

// CodeLength is how many characters a code has.
const CodeLength = 6

// ErrCodeTries is in a CodeWrong error of a client that tried codes of the target
// wrongly too often, whether or not there is one: a new one is needed.
var ErrCodeTries = errors.New("app: too many wrong tries")

// codeSubject stands for the subject of sagas that send a code: an address or a
// number is nothing to keep in a journal.
const codeSubject = "code"

// codeLifetime is how long a code can be redeemed.
const codeLifetime = 5 * time.Minute

// sendingCode is the state of the two flows that send a code.
type sendingCode struct {
	Target, Language string
	// Purpose is empty in sagas of releases that knew no purposes.
	Purpose Purpose
	Code    Secret
	Expires time.Time
	// Where to: Email, or Country and Mobile.
	Email, Country, Mobile string
	// Asked is where the code was asked for, and when.
	Asked asked
	// Client is the network address that the request came from.
	Client string
	// Human names proofs of a person, one of which is used up; none where nobody
	// asks for that.
	Human []string
	// Found out on the way.
	Spent []ProofRef
	// Charged is what is returned if the message is not sent.
	Charged []verify.Receipt
}

// SendMailCode mails a fresh code to the address, good for that purpose. It does
// not reveal whether an account has that address. A message that certainly was
// not sent leaves no code and counts against no limit. Invalid, TooOften,
// MailFailed or Internal.
func (s *Service) SendMailCode(ctx context.Context, email string, purpose Purpose, language string) (saga.Receipt, error) {
	return s.sendMailCode(ctx, sendingCode{Email: email, Purpose: purpose, Client: clientOf(ctx), Language: language})
}

// SendMailCodeToHuman does the same for a client that has shown to have a person
// at it, see Solve; that proof is used up where the code was sent. Also
// HumanCheckRequired.
func (s *Service) SendMailCodeToHuman(ctx context.Context, email string, purpose Purpose, client, language string) (saga.Receipt, error) {
	return s.sendMailCode(ctx, sendingCode{
		Email: email, Purpose: purpose, Client: client, Language: language, Human: s.humanProofs(client, normalisedEmail(email)),
	})
}

func (s *Service) sendMailCode(ctx context.Context, c sendingCode) (saga.Receipt, error) {
	const op = "send mail code"
	c.Email = normalisedEmail(c.Email)
	if v := violation("email", c.Email); len(v) > 0 {
		return saga.Receipt{}, &Error{Kind: Invalid, Op: op, Violations: v}
	}
	if err := s.heldMessages(s.mailLimits(), c.Client); err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	c.Target, c.Code = mailTarget(c.Email), s.IDs.Code()
	c.Expires, c.Asked = s.Now().Add(codeLifetime), s.askedBy(ctx, "")
	receipt, err := carryOut(ctx, s.mailCode, codeSubject, c)
	return unlessRefused(receipt, err), failed(op, err)
}

func (s *Service) mailCodeFlow() saga.Definition[sendingCode] {
	return s.sendCodeFlow("send mail code", func(ctx context.Context, c *sendingCode) error {
		return s.Mailer.Send(ctx, Mail{
			Kind: MailCode, To: c.Email, Language: c.Language, Code: c.Code, Purpose: c.Purpose, From: c.Asked.From,
		})
	})
}

// sendCodeFlow stores a code, then sends it. A message that may have gone out is
// sent again until it certainly has, or nobody can use the code any more.
func (s *Service) sendCodeFlow(name string, send saga.Action[sendingCode]) saga.Definition[sendingCode] {
	return saga.Sequence(name,
		saga.One(saga.Step[sendingCode]{
			Name: "put code", Kind: saga.Compensable, Local: true,
			Do: s.putCode,
			Undo: func(ctx context.Context, c *sendingCode) error {
				if err := s.Codes.Withdraw(ctx, c.Target, c.Code); err != nil {
					return err
				}
				if err := s.giveProofsBack(ctx, c.Spent); err != nil {
					return err
				}
				return s.Admission.Return(ctx, c.Charged)
			},
		}),
		saga.One(saga.Step[sendingCode]{
			Name: "send", Kind: saga.Pivot,
			Do: func(ctx context.Context, c *sendingCode) error {
				if !s.Now().Before(c.Expires) {
					return nil
				}
				return send(ctx, c)
			},
		}),
	)
}

func (s *Service) putCode(ctx context.Context, c *sendingCode) (err error) {
	if len(c.Human) > 0 {
		if c.Spent, err = s.spendHuman(ctx, c.Human); err != nil {
			return err
		}
	}
	if err := s.chargeCode(ctx, c); err != nil {
		return err
	}
	if err := s.Admission.Forget(ctx, s.codeTries(c.Target, c.Client)); err != nil {
		return err
	}
	return s.Codes.Put(ctx, c.Target, c.Purpose, c.Code, c.Expires, s.Now())
}

func mailTarget(email string) string { return "mail:" + FoldKey(email) }

// checkCode is tryCode of one purpose.
func (s *Service) checkCode(ctx context.Context, target string, code Secret, purpose Purpose) (CodeRef, error) {
	ref, _, err := s.tryCode(ctx, target, code, purpose)
	return ref, err
}

// tryCode compares a code as people type it, in any case of letters, with those
// that serve one of the purposes, and returns what it was asked for. Wrong ones count
// against the code, and against the client that tries them: one that tried too
// often gets CodeWrong while others can still use the code.
func (s *Service) tryCode(
	ctx context.Context, target string, code Secret, purposes ...Purpose,
) (ref CodeRef, asked Purpose, err error) {
	CallerOf(ctx).setTyped(typedTarget(s.Digests, target))
	client := clientOf(ctx)
	lane := s.codeTries(target, client)
	_, attempted := s.Admission.Attempt(ctx, lane, s.codeTryCharges(lane, target, client), func() (bool, error) {
		ref, asked, err = s.Codes.Check(ctx, target, typedCode(code), s.Now(), purposes...)
		if KindOf(err) == CodeWrong && !errors.Is(err, ErrCodeExpired) {
			return false, nil
		}
		return true, nil // or what is wrong with it is no guess
	})
	var refused *verify.Refused
	switch {
	case errors.As(attempted, &refused) && (refused.By(limitCodes) || refused.By(limitCodes+wide)):
		return CodeRef{}, "", refusal(refused)
	case errors.As(attempted, &refused):
		return CodeRef{}, "", &Error{Kind: CodeWrong, Err: fmt.Errorf("%w: %w", ErrCodeTries, refused)}
	case attempted != nil:
		return CodeRef{}, "", attempted
	}
	return ref, asked, err
}

func (s *Service) codeTries(target, client string) string {
	return "tries/" + s.Digests.name(target) + "/" + verify.Network(client)
}

// codeTryCharges bound wrong tries of the target's code from one client, and from
// its wider network, and of all codes together. A code that is sent to that client starts its count again.
func (s *Service) codeTryCharges(key, target, client string) []verify.Charge {
	limit := verify.Quota(limitCodeTries, s.settings.Limits.Code.TriesPerClient, codeLifetime)
	guard := s.settings.Guard
	charges := append(guard.ClientCharges("codes", client, guard.Client.Named(limitCodes)),
		verify.Charge{Key: key, Limit: limit, Resets: true})
	if n := s.settings.Guard.WideFactor; n > 0 {
		charges = append(charges, verify.Charge{
			Key: "tries/" + s.Digests.name(target) + "/wide/" + verify.WideNetwork(client), Limit: limit.Times(n).Named(limitCodeTries + wide),
		})
	}
	return charges
}

func typedCode(code Secret) Secret { return Secret(field("code").Normalise(code.Reveal())) }
