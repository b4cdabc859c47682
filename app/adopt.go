package app

import (
	"context"
	"errors"

	"accord/saga"
)

// adopting is the state of the saga that makes an account for a Gitea user that
// is there already.
type adopting struct {
	Account Account
	Seen    DirectoryView
}

// Adopt makes an account for a Gitea user that is not ours, as it was seen, and a
// storage user. Of the Gitea user nothing but the mark is changed. Its password
// stays the person's: the first sign-in is checked by Gitea. If passwords are
// sealed, the Gitea user gets a random one, and the person signs in after a reset.
// Invalid where its
// name or address is not allowed here; UserTaken or EmailTaken where an account
// has one of them; Forbidden for a user that is not to be adopted;
// DirectoryFailed, StorageFailed, Busy (ErrChanged in the chain where the user is
// not as it was seen) or Internal. For operators.
func (s *Service) Adopt(ctx context.Context, seen DirectoryView) (Account, saga.Receipt, error) {
	const op = "adopt"
	if err := adoptable(op, seen); err != nil {
		return Account{}, saga.Receipt{}, err
	}
	var receipt saga.Receipt
	var err error
	for try := range idTries {
		var account Account
		account, err = s.newAccount(accountOf(seen), try, false)
		if err != nil {
			break
		}
		account.StorageSecret = s.IDs.StorageSecret()
		receipt, err = carryOut(by(ctx, Operator), s.adoptions.adopt, account.ID, adopting{Account: account, Seen: seen})
		if err == nil {
			account.Status, account.StorageSecret = Normal, ""
			return account, receipt, nil
		}
		if !errors.Is(err, ErrIDTaken) {
			break
		}
	}
	return Account{}, receipt, failed(op, err)
}

// adoptable refuses users that nobody may adopt, whatever a plan says.
func adoptable(op string, v DirectoryView) error {
	switch {
	case v.ID <= 0, v.Mark != "", v.Admin, v.Restricted, v.External, !v.Active:
		return &Error{Kind: Forbidden, Op: op}
	case !UsernameAllowed(v.Username):
		return invalid(op, "username", Pattern)
	case !EmailAllowed(v.Email):
		return invalid(op, "email", EmailSyntax)
	}
	return nil
}

// accountOf is the account of a Gitea user, without what is drawn. Whether the
// address was ever verified Gitea does not tell.
func accountOf(v DirectoryView) Account {
	return Account{
		Username: v.Username, Email: v.Email,
		Profile: Profile{
			Nickname: v.Profile.FullName, Description: v.Profile.Description, Website: v.Profile.Website, Location: v.Profile.Location,
		},
		Status: Reserved, Role: User, GiteaID: v.ID, GiteaOrigin: Adopted, GiteaPassword: TheirPassword, StorageOrigin: Created,
	}
}

func (s *Service) adoptFlow() saga.Definition[adopting] {
	return exclusive("adopt",
		saga.One(saga.Step[adopting]{
			Name: "reserve account", Kind: saga.Compensable, Local: true,
			Do:   func(ctx context.Context, a *adopting) error { return s.Accounts.Reserve(ctx, a.Account) },
			Undo: func(ctx context.Context, a *adopting) error { return s.Accounts.Abandon(ctx, a.Account.ID, s.Now()) },
		}),
		saga.One(saga.Step[adopting]{
			Name: "look at Gitea", Kind: saga.Compensable,
			Do: func(ctx context.Context, a *adopting) error { return s.sameInDirectory(ctx, a.Seen) },
		}),
		saga.Parallel(
			saga.Step[adopting]{
				Name: "mark in Gitea", Kind: saga.Compensable,
				Do: func(ctx context.Context, a *adopting) error {
					return s.DirectoryAdoption.AdoptUser(ctx, a.Seen.ID, a.Account.Ref())
				},
				Undo: func(ctx context.Context, a *adopting) error { return s.unmark(ctx, a.Account) },
			},
			saga.Step[adopting]{
				Name: "create in storage", Kind: saga.Compensable,
				Do: func(ctx context.Context, a *adopting) error {
					return s.Storage.CreateUser(ctx, a.Account.StorageKey, a.Account.StorageSecret)
				},
				Undo: func(ctx context.Context, a *adopting) error { return s.Storage.RemoveUser(ctx, a.Account.StorageKey) },
			},
		),
		saga.One(saga.Step[adopting]{
			Name: "adopt", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, a *adopting) error {
				return s.Accounts.Activate(ctx, a.Account.ID, Activation{
					GiteaID: a.Seen.ID, StorageKey: a.Account.StorageKey, StorageSecret: a.Account.StorageSecret, At: s.Now(),
				})
			},
		}),
		saga.One(saga.Step[adopting]{
			Name: "seal Gitea password", Kind: saga.Retriable,
			Do: func(ctx context.Context, a *adopting) error {
				if !s.settings.SealPasswords {
					return nil
				}
				if err := s.Directory.SetPassword(ctx, a.Account.Ref(), s.randomPassword()); err != nil {
					return err
				}
				return s.Sealing.DirectorySealed(ctx, a.Account.ID, s.Now())
			},
		}),
	)
}

// unmark takes the account's mark off its Gitea user, whatever that is called by
// now. An absent user, or one that does not bear it, is done.
func (s *Service) unmark(ctx context.Context, a Account) error {
	v, found, err := s.DirectoryRepairs.UserNumbered(ctx, a.GiteaID)
	if err != nil || !found || v.Mark != a.ID {
		return err
	}
	return s.DirectoryRepairs.UnmarkUser(ctx, v.ID, v.Ref())
}
