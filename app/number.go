package app

import (
	"cmp"
	"context"
)

// asNumber reads a user name that has the form of a number: one of the
// platform's first country. Users who registered by a number alone may know no
// other name of theirs.
func (s *Service) asNumber(username string) (country string, ok bool) {
	if len(s.settings.Countries) == 0 {
		return "", false
	}
	country = s.settings.Countries[0]
	return country, MobileAllowed(country, username)
}

// named finds the account that the user name signs in to. A number is its
// owner's, whatever user name another account has; only a number that no account
// has, or one that an administrator bound, is a name like others. Both are looked for, so that the time does not
// reveal which one was found.
func (s *Service) named(ctx context.Context, username string) (Account, error) {
	account, err := s.Accounts.ByUsername(ctx, username)
	country, ok := s.asNumber(username)
	if !ok || err != nil && KindOf(err) != NotFound {
		return account, err
	}
	owner, ownerErr := s.Mobiles.ByMobile(ctx, country, username)
	if ownerErr != nil && KindOf(ownerErr) == NotFound || err == nil && owner.MobileHeld {
		return account, err
	}
	return owner, ownerErr
}

// foreignNumber reports whether the user name that a newcomer chose has the form
// of a number and is not the newcomer's own, which a code proves.
func (s *Service) foreignNumber(in Registration) bool {
	country, ok := s.asNumber(in.Username)
	return ok && !in.NoUsername && (in.Mobile != in.Username || cmp.Or(in.Country, country) != country)
}

// signsInAs reports whether the name, typed as a user name, signs in to the
// account.
func (s *Service) signsInAs(ctx context.Context, a Account, name string) (bool, error) {
	found, err := s.named(ctx, name)
	if err != nil && KindOf(err) == NotFound {
		return false, nil
	}
	return found.ID == a.ID, err
}

// signsInByNumber reports whether the account's number, typed as a user name, is
// this account's and nobody else's.
func (s *Service) signsInByNumber(ctx context.Context, a Account) (bool, error) {
	if country, ok := s.asNumber(a.Mobile); !ok || country != a.Country {
		return false, nil
	}
	return s.signsInAs(ctx, a, a.Mobile)
}
