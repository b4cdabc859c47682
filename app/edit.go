package app

import (
	"context"

	"accord/saga"
)

// editing is the state of the edit saga.
type editing struct {
	Account Account
	New     Profile
	// Picture is the avatar as a PNG; empty where it stays as it was.
	Picture []byte
	// Found out on the way: what the profile was here and in Gitea.
	Old      Profile
	OldGitea DirectoryProfile
}

// Edit changes the profile here and in Gitea, or nowhere; the avatar follows in
// Gitea once the change is kept. Invalid, BadCredentials where the session was
// ended meanwhile, DirectoryFailed, Busy or Internal.
func (s *Service) Edit(ctx context.Context, p Principal, in Profile) (saga.Receipt, error) {
	const op = "edit"
	if v := in.violations(); len(v) > 0 {
		return saga.Receipt{}, &Error{Kind: Invalid, Op: op, Violations: v}
	}
	var picture []byte
	if in.AvatarURL != p.Account.AvatarURL {
		var err error
		if picture, err = s.Pictures.Fetch(ctx, in.AvatarURL); err != nil {
			return saga.Receipt{}, failed(op, err)
		}
	}
	receipt, err := carryOut(by(ctx, p.Account.ID), s.edit, p.Account.ID, editing{Account: p.Account, New: in, Picture: picture})
	return receipt, failed(op, err)
}

// maxFullName is the most that Gitea keeps of a nickname, in characters.
const maxFullName = 100

// forDirectory is the profile as Gitea has it: a long nickname is cut.
func (p Profile) forDirectory() DirectoryProfile {
	name := []rune(p.Nickname)
	name = name[:min(len(name), maxFullName)]
	return DirectoryProfile{FullName: string(name), Description: p.Description, Website: p.Website, Location: p.Location}
}

func (s *Service) editFlow() saga.Definition[editing] {
	return exclusive("edit",
		saga.One(saga.Step[editing]{
			Name: "change profile", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, e *editing) (err error) {
				if err := s.Accounts.StillAt(ctx, e.Account.ID, e.Account.CredentialEpoch); err != nil {
					return err
				}
				e.Old, err = s.Accounts.SetProfile(ctx, e.Account.ID, e.New, s.Now())
				if err == nil && len(e.Picture) == 0 && e.New.AvatarURL != e.Old.AvatarURL {
					// It was another before the saga held the account: no picture was
					// fetched for this change.
					err = &Error{Kind: Busy}
				}
				return err
			},
			Undo: func(ctx context.Context, e *editing) error {
				_, err := s.Accounts.SetProfile(ctx, e.Account.ID, e.Old, s.Now())
				return err
			},
		}),
		saga.One(saga.Step[editing]{
			Name: "remember Gitea profile", Kind: saga.Compensable,
			Do: func(ctx context.Context, e *editing) (err error) {
				e.OldGitea, err = s.Directory.Profile(ctx, e.Account.Ref())
				return err
			},
		}),
		saga.One(saga.Step[editing]{
			Name: "change Gitea profile", Kind: saga.Compensable,
			Do: func(ctx context.Context, e *editing) error {
				return s.Directory.SetProfile(ctx, e.Account.Ref(), e.New.forDirectory())
			},
			Undo: func(ctx context.Context, e *editing) error {
				return s.Directory.SetProfile(ctx, e.Account.Ref(), e.OldGitea)
			},
		}),
		saga.One(saga.Step[editing]{
			Name: "keep", Kind: saga.Pivot, Local: true,
			Do: func(context.Context, *editing) error { return nil },
		}),
		saga.One(saga.Step[editing]{
			Name: "set Gitea avatar", Kind: saga.Retriable,
			Do: func(ctx context.Context, e *editing) error {
				if len(e.Picture) == 0 {
					return nil
				}
				return s.Directory.SetAvatar(ctx, e.Account.Ref(), e.Picture)
			},
		}),
	)
}
