package app

import (
	"cmp"
	"context"
	"errors"

	"accord/saga"
)

// normalised returns what is judged and stored of a newcomer.
func (s *Service) normalised(in Registration) Registration {
	for name, at := range map[string]*string{
		"username": &in.Username, "email": &in.Email, "nickname": &in.Nickname, "website": &in.Website, "avatarUrl": &in.AvatarURL,
	} {
		*at = field(name).Normalise(*at)
	}
	in.Country, in.Mobile = s.number(in.Country, in.Mobile)
	in.Attributes = in.Attributes.normalised()
	return in
}

// profile is what a newcomer says of himself.
func (in Registration) profile() Profile {
	return Profile{Nickname: cmp.Or(in.Nickname, in.Username), AvatarURL: in.AvatarURL, Website: in.Website}
}

// profileViolations judges what Registration.violations does not.
func (in Registration) profileViolations() []Violation {
	return PersonChange{AvatarURL: given(in.AvatarURL), Website: given(in.Website)}.profileViolations()
}

// given is nil for an empty text.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// showNewcomer gives Gitea what its creation of a user does not take. It is not
// waited for, so that an edit may come first: what the account says by then is
// what counts.
func (s *Service) showNewcomer() saga.Step[registration] {
	return saga.Step[registration]{
		Name: "show in Gitea", Kind: saga.Retriable, Detached: true,
		Do: func(ctx context.Context, r *registration) error {
			if r.AddressPending {
				if err := s.addressNewcomer(ctx, r); err != nil {
					return err
				}
			}
			if r.Account.Website == "" && len(r.Picture) == 0 {
				return nil
			}
			shown, err := s.Accounts.ByID(ctx, r.Account.ID)
			if err != nil || shown.Status == Deleted {
				return err
			}
			if err := s.show(ctx, shown, r); err != nil {
				return err
			}
			now, err := s.Accounts.ByID(ctx, r.Account.ID)
			if err == nil && now.Profile != shown.Profile {
				err = &Error{Kind: Busy} // an edit was overtaken
			}
			return err
		},
	}
}

// addressNewcomer gives Gitea the address that its creation of the user did not
// take, by a saga of its own, which holds the account. To wait for another saga that
// holds it, such as one of an earlier try whose effect is not settled, uses up no
// tries.
func (s *Service) addressNewcomer(ctx context.Context, r *registration) error {
	account, err := s.Accounts.ByID(ctx, r.Account.ID)
	if err != nil || !account.Status.Remote() || account.GiteaID != r.GiteaID {
		return err
	}
	_, _, err = s.takeLate.Execute(by(ctx, System), account.ID, takingLate{AccountID: account.ID, GiteaID: account.GiteaID})
	if errors.Is(err, saga.ErrBusy) {
		err = saga.Progressed(err)
	}
	return err
}

// show sets the profile that the account has, and the picture that was fetched
// where it is still the account's.
func (s *Service) show(ctx context.Context, a Account, r *registration) error {
	if err := s.Directory.SetProfile(ctx, a.Ref(), a.forDirectory()); err != nil {
		return err
	}
	if len(r.Picture) == 0 || a.AvatarURL != r.Account.AvatarURL {
		return nil
	}
	return s.Directory.SetAvatar(ctx, a.Ref(), r.Picture)
}
