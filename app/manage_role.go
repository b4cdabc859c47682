package app

import (
	"context"

	"accord/saga"
)

// givingRole is the state of the set-role saga. Actor is empty for an operator.
type givingRole struct {
	AccountID, Actor string
	Role             Role
	Asked            asked
	// Email is found out on the way: the account's, if its role changes.
	Email string
}

// SetRole gives somebody a role. Forbidden unless a super-administrator asks;
// Invalid, NotFound, LastAdministrator, TooOften, Busy or Internal. Repeatable.
func (s *Service) SetRole(ctx context.Context, actor Principal, userID int64, role Role) (saga.Receipt, error) {
	const op = "set role"
	return s.managedChange(ctx, op, actor, func() (saga.Receipt, error) {
		if err := actor.atLeast(op, SuperAdministrator); err != nil {
			return saga.Receipt{}, err
		}
		person, err := s.People.ByUserID(ctx, userID)
		if err != nil {
			return saga.Receipt{}, failed(op, err)
		}
		return s.giveRole(ctx, op, givingRole{AccountID: person.Account.ID, Actor: actor.Account.ID, Role: role})
	})
}

// GiveRole is SetRole for operators, by accountId.
func (s *Service) GiveRole(ctx context.Context, accountID string, role Role) (saga.Receipt, error) {
	return s.giveRole(ctx, "give role", givingRole{AccountID: accountID, Role: role})
}

func (s *Service) giveRole(ctx context.Context, op string, g givingRole) (saga.Receipt, error) {
	if g.Role == "" || g.Role.rank() < 0 {
		return saga.Receipt{}, invalid(op, "role", NotContainsDict)
	}
	ctx = by(ctx, g.Actor)
	g.Asked = s.askedBy(ctx, g.AccountID)
	receipt, err := carryOut(ctx, s.setRole, g.AccountID, g)
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
				account, err := s.Accounts.ByID(ctx, g.AccountID)
				if err != nil {
					return err
				}
				if account.Role != g.Role {
					g.Email = account.Email
				}
				return s.Roster.SetRole(ctx, g.AccountID, g.Role, s.Now())
			},
		}),
		saga.One(announcing(s, func(g *givingRole) announcement {
			changed := g.Asked.announce(NoticeRoleChanged, Account{ID: g.AccountID, Email: g.Email})
			changed.notice.Role = g.Role
			return changed
		})),
	)
}
