package app

import "context"

// asNumber is what a user name says where it has the shape of a number: one of
// the platform's first country. People who came by their number alone know no
// name of theirs.
func (s *Service) asNumber(username string) (country string, ok bool) {
	if len(s.settings.Countries) == 0 {
		return "", false
	}
	country = s.settings.Countries[0]
	return country, MobileAllowed(country, username)
}

// named finds who has the user name; where nobody has it, whose number it is.
// Both are looked for, so that the time does not tell which one was found.
func (s *Service) named(ctx context.Context, username string) (Account, error) {
	account, err := s.Accounts.ByUsername(ctx, username)
	country, ok := s.asNumber(username)
	if !ok || err != nil && KindOf(err) != NotFound {
		return account, err
	}
	owner, ownerErr := s.Mobiles.ByMobile(ctx, country, username)
	if err != nil || ownerErr != nil && KindOf(ownerErr) != NotFound {
		return owner, ownerErr
	}
	return account, nil
}

// signsInByNumber reports whether the account's number, typed as a user name, is
// this account's and nobody else's.
func (s *Service) signsInByNumber(ctx context.Context, a Account) (bool, error) {
	if country, ok := s.asNumber(a.Mobile); !ok || country != a.Country {
		return false, nil
	}
	found, err := s.named(ctx, a.Mobile)
	if err != nil && KindOf(err) == NotFound {
		return false, nil
	}
	return found.ID == a.ID, err
}
