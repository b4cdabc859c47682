package app

import (
	"context"

	"accord/saga"
)

// MobileChange is a signed-in person's wish for another number.
type MobileChange struct {
	Password Secret
	// Old is checked where it is not empty. The code was sent to New; Country is
	// that of New, the platform's first one where it is empty.
	Old, New, Country string
	Code              Secret
}

// changingMobile is the state of the change-mobile saga.
type changingMobile struct {
	Account      Account
	Code         CodeRef
	Country, New string
	Asked        asked
}

// ChangeMobile binds another number to the account. Only the account store
// knows numbers, so the saga is its pivot. Invalid, BadCredentials, CodeWrong,
// MobileTaken, TooOften, Busy or Internal.
func (s *Service) ChangeMobile(ctx context.Context, p Principal, in MobileChange) (saga.Receipt, error) {
	const op = "change mobile"
	return s.ownChange(ctx, op, p, func() (saga.Receipt, error) {
		country, mobile := s.number(in.Country, in.New)
		_, old := s.number(in.Country, in.Old)
		if v := s.numberViolations(country, mobile); len(v) > 0 {
			return saga.Receipt{}, &Error{Kind: Invalid, Op: op, Violations: v}
		}
		account, err := s.confirmPassword(ctx, p, in.Password)
		switch {
		case err != nil:
			return saga.Receipt{}, failed(op, err)
		case old != "" && old != account.Mobile:
			return saga.Receipt{}, invalid(op, "oriMobile", Pattern)
		}
		code, err := s.checkCode(ctx, smsTarget(country, mobile), in.Code, ForMobileChange)
		if err != nil {
			return saga.Receipt{}, failed(op, err)
		}
		receipt, err := carryOut(by(ctx, account.ID), s.changeMobile, account.ID, changingMobile{
			Account: account, Code: code, Country: country, New: mobile, Asked: s.askedBy(ctx, account.ID),
		})
		return receipt, failed(op, err)
	})
}

func (s *Service) changeMobileFlow() saga.Definition[changingMobile] {
	return exclusive("change mobile",
		saga.One(saga.Step[changingMobile]{
			Name: "change mobile", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, c *changingMobile) error {
				if err := s.Accounts.StillAt(ctx, c.Account.ID, c.Account.CredentialEpoch); err != nil {
					return err
				}
				if err := s.Accounts.SetMobile(ctx, c.Account.ID, c.Country, c.New, s.Now()); err != nil {
					return err
				}
				return s.Codes.Redeem(ctx, c.Code, s.Now())
			},
		}),
		saga.One(announcing(s, func(c *changingMobile) announcement { return c.Asked.announce(NoticeMobileChanged, c.Account) })),
	)
}
