package app

import (
	"context"

	"accord/saga"
)

// PersonModification is what an administrator changes of somebody's account: nil
// leaves a field as it is.
type PersonModification struct {
	PersonChange
	// Email needs no code and is not verified by this.
	Email *string
}

// ModifyPerson changes somebody's profile and address, here and in Gitea, and
// his attributes, or nothing of it. Forbidden unless his role is lower than the
// actor's, who is an administrator; NotFound, Invalid, EmailTaken,
// PictureFailed, DirectoryFailed, TooOften, Busy or Internal.
func (s *Service) ModifyPerson(ctx context.Context, actor Principal, userID int64, in PersonModification) (saga.Receipt, error) {
	const op = "modify a person"
	return s.managedChange(ctx, op, actor, func() (saga.Receipt, error) {
		target, err := s.managed(ctx, op, actor, userID)
		if err != nil {
			return saga.Receipt{}, err
		}
		if normaliseGiven("email", &in.Email); in.Email != nil {
			if v := violation("email", *in.Email); len(v) > 0 {
				return saga.Receipt{}, &Error{Kind: Invalid, Op: op, Violations: v}
			}
		}
		change, err := s.editing(ctx, target, in.PersonChange)
		if err != nil {
			return saga.Receipt{}, failed(op, err)
		}
		change.Actor = actor.Account.ID
		change.Asked = s.askedBy(by(ctx, actor.Account.ID), target.ID)
		if in.Email != nil {
			change.Email = *in.Email
		}
		receipt, err := carryOut(by(ctx, actor.Account.ID), s.modify, target.ID, change)
		return receipt, failed(op, err)
	})
}

func (s *Service) modifyFlow() saga.Definition[editing] {
	return exclusive("modify",
		s.changeHere(s.changeManaged), s.rememberInGitea(), s.moveInGitea(), s.changeInGitea(), s.keepEdit(), s.setAvatar(),
		saga.One(announcing(s, func(e *editing) announcement {
			if e.Email == "" {
				return announcement{}
			}
			return e.Asked.announceMove(e.Account, e.Email)
		})),
	)
}

func (s *Service) changeManaged(ctx context.Context, e *editing) (err error) {
	if err := s.mayManage(ctx, e.Actor, e.Account.ID); err != nil {
		return err
	}
	// What was read before the saga held the account may be out of date.
	if e.Account, err = s.Accounts.ByID(ctx, e.Account.ID); err != nil {
		return err
	}
	if FoldKey(e.Email) == FoldKey(e.Account.Email) {
		e.Email = ""
	}
	if e.Email != "" {
		if err := s.Accounts.ReserveEmail(ctx, e.Account.ID, e.Email); err != nil {
			return err
		}
	}
	return s.changePerson(ctx, e)
}

func (s *Service) moveInGitea() saga.Stage[editing] {
	return saga.One(saga.Step[editing]{
		Name: "change Gitea address", Kind: saga.Compensable,
		Do: func(ctx context.Context, e *editing) error {
			if e.Email == "" {
				return nil
			}
			return s.Directory.SetEmail(ctx, e.Account.Ref(), e.Email) // not proved, so it is taken from no one
		},
		Undo: func(ctx context.Context, e *editing) error {
			if e.Email == "" {
				return nil
			}
			return s.takeEmail(ctx, e.Account.Ref(), e.Account.Email)
		},
	})
}
