package app

import (
	"context"
	"time"
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
	// Check counts a try against the target's live code and returns its
	// reference where the code is right; else CodeWrong. A code that was tried
	// wrongly too often, was redeemed or has expired is CodeWrong as well.
	Check(ctx context.Context, target string, code Secret, now time.Time) (CodeRef, error)
	// Redeem uses the code up. CodeWrong where another did so first.
	Redeem(ctx context.Context, ref CodeRef, now time.Time) error
	// GiveBack undoes a Redeem. Repeatable.
	GiveBack(ctx context.Context, ref CodeRef) error
}

// CodeLimits bound how often codes may be sent.
type CodeLimits struct {
	// PerMinute and PerDay count codes for one target.
	PerMinute, PerDay int
}

// How long a code lives, and how often it may be sent to one address.
const codeLifetime = 5 * time.Minute

var mailCodeLimits = CodeLimits{PerMinute: 1, PerDay: 10}

// SendMailCode mails a fresh code to the address. It does not tell whether an
// account has that address. Invalid, TooOften, MailFailed or Internal.
func (s *Service) SendMailCode(ctx context.Context, email, language string) error {
	const op = "send mail code"
	if !EmailAllowed(email) {
		return invalid(op, "email", EmailSyntax)
	}
	code, now := s.IDs.Code(), s.Now()
	if err := s.Codes.Put(ctx, mailTarget(email), code, now.Add(codeLifetime), mailCodeLimits, now); err != nil {
		return failed(op, err)
	}
	return failed(op, s.Mailer.Send(ctx, Mail{Kind: MailCode, To: email, Language: language, Code: code}))
}

func mailTarget(email string) string { return "mail:" + FoldKey(email) }

func (s *Service) checkCode(ctx context.Context, email string, code Secret) (CodeRef, error) {
	return s.Codes.Check(ctx, mailTarget(email), code, s.Now())
}
