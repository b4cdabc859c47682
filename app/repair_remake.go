package app

import (
	"context"

	"accord/saga"
)

// remakingInDirectory is the state of the saga that makes a Gitea user again.
type remakingInDirectory struct {
	Facts    Facts
	Password Secret
	// Found out on the way.
	GiteaID int64
	// AddressPending: another user of ours has the address as a second one.
	AddressPending bool
}

// RemakeInDirectory makes the Gitea user of an account again where none bears its
// mark. Nobody knows its password until the person's next sign-in sets it; what
// the old user had is not brought back. UserTaken or EmailTaken where another
// user has the name or address; DirectoryFailed (ErrDisputed in the chain where the
// account's user bears another one's mark), Busy (ErrChanged in the chain where the
// account or Gitea is not as it was seen) or Internal. If Receipt.Pending is not
// nil the user is made, and the error says why it has not its address yet.
func (s *Service) RemakeInDirectory(ctx context.Context, f Facts) (saga.Receipt, error) {
	receipt, err := carryOut(by(ctx, System), s.repairs.remakeInDirectory, f.AccountID, remakingInDirectory{
		Facts: f, Password: s.randomPassword(),
	})
	return settled("remake in Gitea", receipt, err)
}

func (s *Service) remakeInDirectoryFlow() saga.Definition[remakingInDirectory] {
	ref := func(r *remakingInDirectory) DirectoryRef {
		return DirectoryRef{AccountID: r.Facts.AccountID, Username: r.Facts.Username, GiteaID: r.GiteaID}
	}
	return exclusive("remake in Gitea",
		saga.One(saga.Step[remakingInDirectory]{
			Name: "check account", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, r *remakingInDirectory) error { return s.unchanged(ctx, r.Facts) },
		}),
		saga.One(saga.Step[remakingInDirectory]{
			Name: "look for it in Gitea", Kind: saga.Compensable,
			Do: func(ctx context.Context, r *remakingInDirectory) error { return s.lookBeforeRemaking(ctx, r.Facts) },
		}),
		saga.One(saga.Step[remakingInDirectory]{
			Name: "create in Gitea", Kind: saga.Compensable,
			Do: func(ctx context.Context, r *remakingInDirectory) (err error) {
				r.GiteaID, r.AddressPending, err = s.createGiteaUser(ctx, DirectoryUser{
					AccountID: r.Facts.AccountID, Username: r.Facts.Username, Email: r.Facts.Email,
					FullName: r.Facts.Profile.FullName, Password: r.Password,
				}, true) // its user had the address before
				return err
			},
			Undo: func(ctx context.Context, r *remakingInDirectory) error {
				return s.Directory.RemoveUser(ctx, r.Facts.Username, r.Facts.AccountID)
			},
		}),
		saga.One(saga.Step[remakingInDirectory]{ // gone with the user, if need be
			Name: "set Gitea profile", Kind: saga.Compensable,
			Do: func(ctx context.Context, r *remakingInDirectory) error {
				return s.Directory.SetProfile(ctx, ref(r), r.Facts.Profile)
			},
		}),
		saga.One(saga.Step[remakingInDirectory]{
			Name: "shut out of Gitea", Kind: saga.Compensable,
			Do: func(ctx context.Context, r *remakingInDirectory) error {
				if r.Facts.Active() {
					return nil
				}
				return s.Directory.SetActive(ctx, ref(r), false)
			},
		}),
		saga.One(saga.Step[remakingInDirectory]{
			Name: "note Gitea user", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, r *remakingInDirectory) error {
				return s.Repairs.DirectoryUserMade(ctx, r.Facts.AccountID, r.GiteaID, s.Now())
			},
		}),
		saga.One(takingAddress(s, func(r *remakingInDirectory) (Account, string, bool) {
			return r.Facts.account(r.GiteaID), r.Facts.Email, r.AddressPending
		})),
	)
}

// lookBeforeRemaking refuses where a user in Gitea is the account's by its mark, or
// by its number under another one's mark.
func (s *Service) lookBeforeRemaking(ctx context.Context, f Facts) error {
	marked, err := s.DirectoryRepairs.UsersMarked(ctx, f.AccountID)
	if err == nil && len(marked) > 0 {
		err = changed()
	}
	if err != nil {
		return err
	}
	v, found, err := s.DirectoryRepairs.UserNumbered(ctx, f.GiteaID)
	if err != nil || !found || v.Mark == "" {
		return err
	}
	return s.undisputed(ctx, v)
}

// remakingInStorage is the state of the saga that makes a storage user again.
type remakingInStorage struct {
	Facts  Facts
	Secret Secret
}

// RemakeInStorage makes the storage user of an account again, with a secret of
// its own; its objects are as they were. Credentials of sessions that are open
// stay dead until the next sign-in. StorageFailed, Busy (ErrChanged in the chain
// where the account or the storage is not as it was seen) or Internal.
func (s *Service) RemakeInStorage(ctx context.Context, f Facts) (saga.Receipt, error) {
	receipt, err := carryOut(by(ctx, System), s.repairs.remakeInStorage, f.AccountID, remakingInStorage{
		Facts: f, Secret: s.IDs.StorageSecret(),
	})
	return settled("remake in storage", receipt, err)
}

func (s *Service) remakeInStorageFlow() saga.Definition[remakingInStorage] {
	key := func(r *remakingInStorage) string { return StorageKeyOf(r.Facts.AccountID) }
	return exclusive("remake in storage",
		saga.One(saga.Step[remakingInStorage]{
			Name: "check account", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, r *remakingInStorage) error { return s.unchanged(ctx, r.Facts) },
		}),
		saga.One(saga.Step[remakingInStorage]{
			Name: "look for it in storage", Kind: saga.Compensable,
			Do: func(ctx context.Context, r *remakingInStorage) error {
				_, found, err := s.StorageRepairs.User(ctx, key(r))
				if err == nil && found {
					err = changed()
				}
				return err
			},
		}),
		saga.One(saga.Step[remakingInStorage]{
			Name: "create in storage", Kind: saga.Compensable,
			Do: func(ctx context.Context, r *remakingInStorage) error {
				return s.Storage.CreateUser(ctx, key(r), r.Secret)
			},
			Undo: func(ctx context.Context, r *remakingInStorage) error { return s.Storage.RemoveUser(ctx, key(r)) },
		}),
		saga.One(saga.Step[remakingInStorage]{ // gone with the user, if need be
			Name: "shut out of storage", Kind: saga.Compensable,
			Do: func(ctx context.Context, r *remakingInStorage) error {
				if r.Facts.Active() {
					return nil
				}
				return s.Storage.SetActive(ctx, key(r), false)
			},
		}),
		saga.One(saga.Step[remakingInStorage]{
			Name: "note storage secret", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, r *remakingInStorage) error {
				return s.Repairs.SetStorageSecret(ctx, r.Facts.AccountID, r.Secret, s.Now())
			},
		}),
	)
}
