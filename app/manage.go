package app

import (
	"context"
	"unicode/utf8"

	"accord/saga"
)

// Page is a part of a list.
type Page struct {
	// Number counts from 1; Size is 1 to MaxPageSize.
	Number, Size int
}

// Bounds of lists and searches.
const (
	MaxPageSize = 30
	// maxOffset is how far into a list a page may begin.
	maxOffset = 1_000_000
	// maxKeyword is in characters.
	maxKeyword = 64
)

func (p Page) violations() []Violation {
	var found []Violation
	if p.Number < 1 || p.Number > maxOffset/MaxPageSize {
		found = append(found, Violation{"page", Length})
	}
	if p.Size < 1 || p.Size > MaxPageSize {
		found = append(found, Violation{"pageSize", Length})
	}
	return found
}

// PersonDetail returns all there is to know of a person, for that person or an
// administrator, whose reading is recorded in the trail. Forbidden, NotFound or
// Internal.
func (s *Service) PersonDetail(ctx context.Context, actor Principal, userID int64) (Person, error) {
	const op = "look at a person"
	person, err := s.PersonToChange(ctx, actor, userID)
	if err == nil && actor.Account.UserID != userID {
		err = failed(op, s.auditRead(ctx, actor, ReadPerson, person.Account.ID, 1))
	}
	if err != nil {
		return Person{}, err
	}
	return person, nil
}

// PersonToChange is PersonDetail for callers that compare a change with it and
// show nothing of it: the trail does not record it.
func (s *Service) PersonToChange(ctx context.Context, actor Principal, userID int64) (Person, error) {
	const op = "look at a person"
	if actor.Account.UserID != userID {
		if err := actor.atLeast(op, Administrator); err != nil {
			return Person{}, err
		}
	}
	return s.whole(ctx, op, userID)
}

// ListPeople lists everybody in the order of registration, and how many there
// are in all; the trail records it. Forbidden unless an administrator asks,
// Invalid or Internal.
func (s *Service) ListPeople(ctx context.Context, actor Principal, page Page) ([]Person, int, error) {
	return s.page(ctx, ListedPeople, actor, "", page)
}

// SearchPeople lists those who have the keyword in their user name, nickname or
// address, in any case of letters, or as their userId or accountId; the trail
// records it, without the keyword. Forbidden unless an administrator asks, Invalid or Internal.
func (s *Service) SearchPeople(ctx context.Context, actor Principal, keyword string, page Page) ([]Person, int, error) {
	const op = foundPeople
	keyword = Field{Steps: line}.Normalise(keyword)
	switch {
	case keyword == "":
		return nil, 0, forbiddenOr(actor, op, invalid(op, "keyword", NotBlank))
	case utf8.RuneCountInString(keyword) > maxKeyword || !utf8.ValidString(keyword):
		return nil, 0, forbiddenOr(actor, op, invalid(op, "keyword", Length))
	}
	return s.page(ctx, op, actor, keyword, page)
}

// forbiddenOr tells whoever may not ask nothing of what is wrong with it.
func forbiddenOr(actor Principal, op string, fault error) error {
	if err := actor.atLeast(op, Administrator); err != nil {
		return err
	}
	return fault
}

func (s *Service) page(ctx context.Context, op string, actor Principal, keyword string, page Page) ([]Person, int, error) {
	if err := actor.atLeast(op, Administrator); err != nil {
		return nil, 0, err
	}
	if v := page.violations(); len(v) > 0 {
		return nil, 0, &Error{Kind: Invalid, Op: op, Violations: v}
	}
	people, total, err := s.People.Page(ctx, PeopleQuery{Keyword: keyword, Offset: (page.Number - 1) * page.Size, Limit: page.Size})
	if err == nil {
		err = s.auditRead(ctx, actor, op, "", len(people))
	}
	if err != nil {
		return nil, 0, failed(op, err)
	}
	for i := range people {
		people[i].Account = s.shown(people[i].Account)
	}
	return people, total, nil
}

// CreatePerson registers somebody on an administrator's word: a number needs no
// code. A role above User is a super-administrator's to give. Forbidden, or as
// Register.
func (s *Service) CreatePerson(ctx context.Context, actor Principal, in Registration) (Account, saga.Receipt, error) {
	const op = "create a person"
	if err := actor.atLeast(op, creator(in.Role)); err != nil {
		return Account{}, saga.Receipt{}, err
	}
	if in.Role.rank() < 0 {
		return Account{}, saga.Receipt{}, invalid(op, "role", NotContainsDict)
	}
	var account Account
	receipt, err := s.managedChange(ctx, op, actor, func() (receipt saga.Receipt, err error) {
		account, receipt, err = s.enrol(ctx, op, actor.Account.ID, in)
		return receipt, err
	})
	return account, receipt, err
}

// creator is the least role that may make accounts of the role.
func creator(role Role) Role {
	if User.AtLeast(role) {
		return Administrator
	}
	return SuperAdministrator
}

// RemovePerson deletes somebody's account, as Delete does one's own. Forbidden
// unless his role is lower than the actor's, who is an administrator; else as
// Delete.
func (s *Service) RemovePerson(ctx context.Context, actor Principal, userID int64) (saga.Receipt, error) {
	const op = "remove a person"
	return s.managedChange(ctx, op, actor, func() (saga.Receipt, error) {
		target, err := s.managed(ctx, op, actor, userID)
		if err != nil {
			return saga.Receipt{}, err
		}
		return s.shutOutAndPurge(ctx, op, deleting{
			Account: target, Actor: actor.Account.ID, Until: s.Now().Add(s.settings.DeletionGrace),
		})
	})
}

// managed finds somebody whom the actor may change. It is asked again, of rows
// that are locked, when the change is made.
func (s *Service) managed(ctx context.Context, op string, actor Principal, userID int64) (Account, error) {
	if err := actor.atLeast(op, Administrator); err != nil {
		return Account{}, err
	}
	person, err := s.People.ByUserID(ctx, userID)
	if err == nil && !outranks(actor.Account.Role, person.Account.Role) {
		err = &Error{Kind: Forbidden}
	}
	return person.Account, failed(op, err)
}

// outranks reports whether one role may manage accounts of the other.
func outranks(actor, target Role) bool {
	return actor.AtLeast(Administrator) && !target.AtLeast(actor)
}

// atLeast is Forbidden for a principal of a lower role.
func (p Principal) atLeast(op string, least Role) error {
	if p.Account.Role.AtLeast(least) {
		return nil
	}
	return &Error{Kind: Forbidden, Op: op}
}

// mayManage is for local steps: until the transaction ends the actor is an
// administrator and of a higher role than the target.
func (s *Service) mayManage(ctx context.Context, actor, target string) error {
	return s.ranked(ctx, actor, target, outranks)
}

// mayCreate is for local steps: the actor, if there is one, may make accounts of
// the role.
func (s *Service) mayCreate(ctx context.Context, actor string, role Role) error {
	if actor == "" {
		return nil
	}
	return s.ranked(ctx, actor, actor, func(mine, _ Role) bool { return mine.AtLeast(creator(role)) })
}

func (s *Service) ranked(ctx context.Context, actor, target string, may func(actors, targets Role) bool) error {
	mine, theirs, err := s.Roster.Ranks(ctx, actor, target)
	if err == nil && !may(mine, theirs) {
		err = &Error{Kind: Forbidden}
	}
	return err
}
