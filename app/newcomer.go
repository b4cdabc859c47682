package app

import (
	"context"
	"slices"
)

// CheckNewcomer tells what would keep a person from registering so, as far as
// the account store knows; Gitea is asked by Register alone. What is not given
// yet, user name, password, address or number, is not judged. Invalid,
// UserTaken, EmailTaken, MobileTaken or Internal. It changes nothing.
func (s *Service) CheckNewcomer(ctx context.Context, in Registration) error {
	const op = "check a newcomer"
	in = s.normalised(in)
	if v := s.soFarViolations(in); len(v) > 0 {
		return &Error{Kind: Invalid, Op: op, Violations: v}
	}
	if err := s.chargeLookup(ctx, ""); err != nil {
		return failed(op, err)
	}
	for _, wanted := range []struct {
		value string
		find  func() (Account, error)
		taken Kind
	}{
		{in.Username, func() (Account, error) { return s.Accounts.ByUsername(ctx, in.Username) }, UserTaken},
		{in.Email, func() (Account, error) { return s.Accounts.ByEmail(ctx, in.Email) }, EmailTaken},
		{in.Mobile, func() (Account, error) { return s.Mobiles.ByMobile(ctx, in.Country, in.Mobile) }, MobileTaken},
	} {
		if wanted.value == "" {
			continue
		}
		switch _, err := wanted.find(); {
		case err == nil:
			return &Error{Kind: wanted.taken, Op: op}
		case KindOf(err) != NotFound:
			return failed(op, err)
		}
	}
	return nil
}

// soFarViolations are what is wrong with what is given.
func (s *Service) soFarViolations(in Registration) []Violation {
	given := map[string]bool{"username": in.Username != "", "email": in.Email != "", "password": in.Password != ""}
	return slices.DeleteFunc(s.newcomerViolations(in), func(v Violation) bool {
		there, judged := given[v.Field]
		return judged && !there
	})
}
