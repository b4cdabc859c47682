package app

import (
	"context"

	"accord/saga"
)

// SendSMSCode sends a fresh code, good for that purpose, to a telephone. It does
// not reveal whether an account has the number. Invalid, TooOften, SMSLimit,
// SMSFailed or Internal. client is the network address that the request came from.
func (s *Service) SendSMSCode(ctx context.Context, country, mobile string, purpose Purpose, client, language string) (saga.Receipt, error) {
	const op = "send short message"
	country, mobile = s.number(country, mobile)
	if v := s.numberViolations(country, mobile); len(v) > 0 {
		return saga.Receipt{}, &Error{Kind: Invalid, Op: op, Violations: v}
	}
	if err := s.heldMessages(s.smsLimits(), client); err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	target := smsTarget(country, mobile)
	receipt, err := carryOut(ctx, s.smsCode, codeSubject, sendingCode{
		Target: target, Purpose: purpose, Language: language, Code: s.IDs.Code(), Client: client,
		Expires: s.Now().Add(codeLifetime), Country: country, Mobile: mobile,
	})
	return unlessRefused(receipt, err), failed(op, err)
}

func (s *Service) smsCodeFlow() saga.Definition[sendingCode] {
	return s.sendCodeFlow("send short message", func(ctx context.Context, c *sendingCode) error {
		return s.SMS.Send(ctx, ShortMessage{
			InternationalCode: c.Country, Mobile: c.Mobile, Code: c.Code, Language: c.Language,
		})
	})
}

func smsTarget(country, mobile string) string { return "sms:+" + country + mobile }
