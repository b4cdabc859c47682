package app

import (
	"context"
	"time"

	"accord/saga"
)

// Limits of short messages that no setting changes: to one number.
var numberLimits = CodeLimits{PerMinute: 1, PerDay: 10}

// SMSLimits bound short messages by where they are asked for and in all; zero
// means no limit.
type SMSLimits struct {
	// PerClientHour bounds one client address, PlatformDay all of them.
	PerClientHour, PlatformDay int
}

// SendSMSCode sends a fresh code to a telephone. It does not tell whether an
// account has the number. Invalid, TooOften, SMSLimit, SMSFailed or Internal.
// client is the address of whoever asks.
func (s *Service) SendSMSCode(ctx context.Context, country, mobile, client, language string) (saga.Receipt, error) {
	const op = "send short message"
	if v := s.numberViolations(country, mobile); len(v) > 0 {
		return saga.Receipt{}, &Error{Kind: Invalid, Op: op, Violations: v}
	}
	if err := s.spendSMS(ctx, client, s.Now()); err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	target := smsTarget(country, mobile)
	receipt, err := carryOut(ctx, s.smsCode, codeSubject, sendingCode{
		Target: target, Language: language, Code: s.IDs.Code(), Limits: numberLimits,
		Expires: s.Now().Add(codeLifetime), Country: country, Mobile: mobile,
	})
	return receipt, failed(op, err)
}

func (s *Service) smsCodeFlow() saga.Definition[sendingCode] {
	return s.sendCodeFlow("send short message", func(ctx context.Context, c *sendingCode) error {
		return s.SMS.Send(ctx, ShortMessage{
			InternationalCode: c.Country, Mobile: c.Mobile, Code: c.Code, Language: c.Language,
		})
	})
}

func (s *Service) spendSMS(ctx context.Context, client string, now time.Time) error {
	limits := s.settings.SMS
	ok, err := s.Counters.Spend(ctx, "sms/client/"+ClientKey(client), time.Hour, limits.PerClientHour, now)
	if err == nil && !ok {
		err = &Error{Kind: TooOften}
	}
	if err != nil {
		return err
	}
	ok, err = s.Counters.Spend(ctx, "sms/platform", 24*time.Hour, limits.PlatformDay, now)
	if err == nil && !ok {
		err = &Error{Kind: SMSLimit}
	}
	return err
}

func smsTarget(country, mobile string) string { return "sms:+" + country + mobile }

// Counters count events in fixed windows of time, shared by all replicas. Safe
// for concurrent use; every Spend has a transaction of its own.
type Counters interface {
	// Spend counts one event under key in the window that now falls into and
	// reports whether it is within limit; zero means no limit and counts nothing.
	Spend(ctx context.Context, key string, window time.Duration, limit int, now time.Time) (bool, error)
}
