package app

import (
	"context"

	"accord/saga"
)

// givingRole is the state of the set-role saga. Actor is empty for an operator.
type givingRole struct {
	AccountID, Actor string
	Role             Role
}

// SetRole gives somebody a role. Forbidden unless a super-administrator asks;
// Invalid, NotFound, LastAdministrator, Busy or Internal. Repeatable.
func (s *Service) SetRole(ctx context.Context, actor Principal, userID int64, role Role) (saga.Receipt, error) {
	const op = "set role"
	if err := actor.atLeast(op, SuperAdministrator); err != nil {
		return saga.Receipt{}, err
	}
	person, err := s.People.ByUserID(ctx, userID)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	return s.giveRole(ctx, op, givingRole{AccountID: person.Account.ID, Actor: actor.Account.ID, Role: role})
}

// GiveRole is SetRole for operators, by accountId.
func (s *Service) GiveRole(ctx context.Context, accountID string, role Role) (saga.Receipt, error) {
	return s.giveRole(ctx, "give role", givingRole{AccountID: accountID, Role: role})
}

func (s *Service) giveRole(ctx context.Context, op string, g givingRole) (saga.Receipt, error) {
	if g.Role == "" || g.Role.rank() < 0 {
		return saga.Receipt{}, invalid(op, "role", NotContainsDict)
	}
	receipt, err := carryOut(by(ctx, g.Actor), s.setRole, g.AccountID, g)
	return receipt, failed(op, err)
}

func (s *Service) setRoleFlow() saga.Definition[givingRole] {
	return exclusive("set role",
		saga.One(saga.Step[givingRole]{
			Name: "set role", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, g *givingRole) error {
				if g.Actor != "" {
					err := s.ranked(ctx, g.Actor, g.AccountID, func(mine, _ Role) bool { return mine.AtLeast(SuperAdministrator) })
					if err != nil {
						return err
					}
				}
				return s.Roster.SetRole(ctx, g.AccountID, g.Role, s.Now())
			},
		}),
	)
}
