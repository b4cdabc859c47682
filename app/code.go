package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"accord/saga"
)

// CodeRef names one verification code that was checked and not redeemed yet.
type CodeRef struct {
	// ID is the store's number of the code.
	ID int64
}

// Codes keeps verification codes, hashed, one live code a target. Safe for
// concurrent use; Redeem and GiveBack take part in a local step's transaction.
type Codes interface {
	// Put stores a code for a target (an address or a number), replacing the one
	// before. TooOften where the target's limits are used up; nothing is stored.
	Put(ctx context.Context, target string, code Secret, expires time.Time, limits CodeLimits, now time.Time) error
	// Withdraw forgets the target's live code if it is this one, and that it was
	// put: it does not count against the limits. Repeatable; absent is done.
	Withdraw(ctx context.Context, target string, code Secret) error
	// Check counts a try against the target's live code and returns its
	// reference where the code is right; else CodeWrong. A code that was tried
	// wrongly too often, was redeemed or has expired is CodeWrong as well; where
	// it is right and has just run out the error is ErrCodeExpired besides.
	Check(ctx context.Context, target string, code Secret, now time.Time) (CodeRef, error)
	// Redeem uses the code up. CodeWrong where another did so first.
	Redeem(ctx context.Context, ref CodeRef, now time.Time) error
	// GiveBack undoes a Redeem. Repeatable.
	GiveBack(ctx context.Context, ref CodeRef) error
}

// ErrCodeExpired is in a CodeWrong error that is about the code that was sent
// last and was redeemed by nobody: only its reader is told that it is too old.
var ErrCodeExpired = errors.New("app: the code has run out")

// CodeLimits bound how often codes may be sent.
type CodeLimits struct {
	// PerMinute and PerDay count codes for one target.
	PerMinute, PerDay int
}

// CodeLength is how many characters a code has.
const CodeLength = 6

// codeSubject stands for the subject of sagas that send a code: an address or a
// number is nothing to keep in a journal.
const codeSubject = "code"

// codeLifetime is how long a code can be redeemed.
const codeLifetime = 5 * time.Minute

var mailCodeLimits = CodeLimits{PerMinute: 1, PerDay: 10}

// sendingCode is the state of the two flows that send a code.
type sendingCode struct {
	Target, Language string
	Code             Secret
	Limits           CodeLimits
	Expires          time.Time
	// Where to: Email, or Country and Mobile.
	Email, Country, Mobile string
	// Human names proofs of a person, one of which is used up; none where nobody
	// asks for that.
	Human []string
	// Found out on the way.
	Spent []ProofRef
}

// SendMailCode mails a fresh code to the address. It does not tell whether an
// account has that address. A message that certainly was not sent leaves no
// code and counts against no limit. Invalid, TooOften, MailFailed or Internal.
func (s *Service) SendMailCode(ctx context.Context, email, language string) (saga.Receipt, error) {
	return s.sendMailCode(ctx, sendingCode{Email: email, Language: language})
}

// SendMailCodeToHuman does the same for a client that has shown to have a person
// at it, see Solve; that proof is used up where the code was sent. Also
// HumanCheckRequired.
func (s *Service) SendMailCodeToHuman(ctx context.Context, email, client, language string) (saga.Receipt, error) {
	return s.sendMailCode(ctx, sendingCode{Email: email, Language: language, Human: humanProofs(client, email)})
}

func (s *Service) sendMailCode(ctx context.Context, c sendingCode) (saga.Receipt, error) {
	const op = "send mail code"
	if !EmailAllowed(c.Email) {
		return saga.Receipt{}, invalid(op, "email", EmailSyntax)
	}
	c.Target, c.Code, c.Limits = mailTarget(c.Email), s.IDs.Code(), mailCodeLimits
	c.Expires = s.Now().Add(codeLifetime)
	receipt, err := carryOut(ctx, s.mailCode, codeSubject, c)
	return receipt, failed(op, err)
}

func (s *Service) mailCodeFlow() saga.Definition[sendingCode] {
	return s.sendCodeFlow("send mail code", func(ctx context.Context, c *sendingCode) error {
		return s.Mailer.Send(ctx, Mail{Kind: MailCode, To: c.Email, Language: c.Language, Code: c.Code})
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
				return s.giveProofsBack(ctx, c.Spent)
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
	return s.Codes.Put(ctx, c.Target, c.Code, c.Expires, c.Limits, s.Now())
}

func mailTarget(email string) string { return "mail:" + FoldKey(email) }

// checkCode compares a code as people type it: in any case of letters.
func (s *Service) checkCode(ctx context.Context, target string, code Secret) (CodeRef, error) {
	return s.Codes.Check(ctx, target, typedCode(code), s.Now())
}

func typedCode(code Secret) Secret { return Secret(strings.ToUpper(strings.TrimSpace(code.Reveal()))) }
