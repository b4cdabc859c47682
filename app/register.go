package app

import (
	"context"
	"errors"

	"accord/saga"
)

// Registration is what a newcomer gives.
type Registration struct {
	Username, Email string
	Password        Secret
	// Language of the welcome mail, "zh" or "en".
	Language string
}

// registration is the state of the register saga. Steps of one stage write
// different fields.
type registration struct {
	Account  Account
	Password Secret
	Language string
	// Found out on the way.
	GiteaID      int64
	PasswordHash Secret
}

// Register makes an account on all three systems, or on none. Invalid,
// UserTaken, EmailTaken, DirectoryFailed, StorageFailed, Busy or Internal.
func (s *Service) Register(ctx context.Context, in Registration) (saga.Receipt, error) {
	const op = "register"
	if v := in.violations(); len(v) > 0 {
		return saga.Receipt{}, &Error{Kind: Invalid, Op: op, Violations: v}
	}
	secret := s.IDs.StorageSecret()
	var receipt saga.Receipt
	var err error
	for try := range idTries {
		userID, idErr := s.IDs.UserID()
		if idErr != nil {
			return receipt, failed(op, idErr)
		}
		now := s.Now()
		id := s.IDs.AccountID(now.Add(idShift(try)))
		receipt, err = carryOut(by(ctx, id), s.register, id, registration{
			Account: Account{
				ID: id, UserID: userID, Username: in.Username, Email: in.Email, Profile: Profile{Nickname: in.Username},
				Status: Reserved, Role: User, GiteaOrigin: Created, GiteaPassword: SamePassword, StorageOrigin: Created,
				StorageKey: StorageKeyOf(id), StorageSecret: secret, CreatedAt: now, UpdatedAt: now,
			},
			Password: in.Password, Language: in.Language,
		})
		if !errors.Is(err, ErrIDTaken) {
			break
		}
	}
	return receipt, failed(op, err)
}

func (s *Service) registerFlow() saga.Definition[registration] {
	return saga.Sequence("register",
		saga.One(saga.Step[registration]{
			Name: "reserve account", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, r *registration) error { return s.Accounts.Reserve(ctx, r.Account) },
			Undo: func(ctx context.Context, r *registration) error {
				return s.Accounts.Abandon(ctx, r.Account.ID, s.Now())
			},
		}),
		saga.Parallel(
			saga.Step[registration]{
				Name: "create in Gitea", Kind: saga.Compensable, Do: s.createInDirectory,
				Undo: func(ctx context.Context, r *registration) error {
					return s.Directory.RemoveUser(ctx, r.Account.Username, r.Account.ID)
				},
			},
			saga.Step[registration]{
				Name: "create in storage", Kind: saga.Compensable,
				Do: func(ctx context.Context, r *registration) error {
					return s.Storage.CreateUser(ctx, r.Account.StorageKey, r.Account.StorageSecret)
				},
				Undo: func(ctx context.Context, r *registration) error {
					return s.Storage.RemoveUser(ctx, r.Account.StorageKey)
				},
			},
			saga.Step[registration]{
				Name: "hash password", Kind: saga.Compensable,
				Do: func(ctx context.Context, r *registration) (err error) {
					r.PasswordHash, err = s.Hasher.Hash(ctx, r.Password)
					return err
				},
			},
		),
		saga.One(saga.Step[registration]{
			Name: "activate", Kind: saga.Pivot, Local: true, Do: s.activate,
		}),
		saga.One(saga.Step[registration]{
			Name: "mail a welcome", Kind: saga.Retriable, Detached: true,
			Do: func(ctx context.Context, r *registration) error {
				return s.Mailer.Send(ctx, Mail{
					Kind: MailWelcome, To: r.Account.Email, Language: r.Language, Username: r.Account.Username,
				})
			},
		}),
	)
}

func (s *Service) createInDirectory(ctx context.Context, r *registration) error {
	user := DirectoryUser{
		AccountID: r.Account.ID, Username: r.Account.Username, Email: r.Account.Email,
		FullName: r.Account.Nickname, Password: r.Password,
	}
	id, err := s.Directory.CreateUser(ctx, user)
	var taken *Taken
	if errors.As(err, &taken) && taken.Mark != "" {
		removed, lateErr := s.removeLateEffect(ctx, *taken)
		if lateErr != nil {
			return saga.Refused(lateErr)
		}
		if removed {
			id, err = s.Directory.CreateUser(ctx, user)
		}
	}
	r.GiteaID = id
	return err
}

// removeLateEffect removes the remote user of a registration that was undone:
// Gitea may have carried its creation out after the compensation saw nothing.
func (s *Service) removeLateEffect(ctx context.Context, t Taken) (bool, error) {
	abandoned, err := s.Accounts.Abandoned(ctx, t.Mark)
	if err != nil || !abandoned {
		return false, err
	}
	return true, s.Directory.RemoveUser(ctx, t.Username, t.Mark)
}

func (s *Service) activate(ctx context.Context, r *registration) error {
	return s.Accounts.Activate(ctx, r.Account.ID, Activation{
		PasswordHash: r.PasswordHash, GiteaID: r.GiteaID,
		StorageKey: r.Account.StorageKey, StorageSecret: r.Account.StorageSecret, At: s.Now(),
	})
}
