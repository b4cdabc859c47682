package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"accord/saga"
)

// DirectoryOrganizations are the organizations of Gitea, seen by a flow that
// removes one of their members. Safe for concurrent use. Errors are
// DirectoryFailed, saga.Refused where Gitea certainly did nothing.
type DirectoryOrganizations interface {
	// SharedOrganizations lists those of the user's organizations that have other
	// members, by number. An absent user has none. A user of more than 1000
	// organizations is refused. It changes nothing.
	SharedOrganizations(ctx context.Context, ref DirectoryRef) ([]Organization, error)
	// LeaveOrganization ends the user's membership, in every team of it. An absent
	// user, one that is no member, and an absent organization are done. LastOwner,
	// refused, if Gitea knows of no other owner, whether or not that one can sign
	// in.
	LeaveOrganization(ctx context.Context, ref DirectoryRef, organization string) error
}

// Organization is one of Gitea that several people share.
type Organization struct {
	ID   int64
	Name string
	// Owned reports whether the user in question is one of its owners.
	Owned bool
	// Owners are the other owners; empty unless it is Owned.
	Owners []OrganizationOwner
}

// OrganizationOwner is an owner as Gitea shows one to an administrator.
type OrganizationOwner struct {
	Username string
	// AccountID is the one that the user's mark names; empty for a foreign user.
	AccountID string
	// LetIn reports whether Gitea lets the user sign in.
	LetIn bool
}

// mostOrganizations bounds the names in an error.
const mostOrganizations = 5

// errOrganizationsChanged says that the user came to own an organization after it
// was found out which ones to hold.
var errOrganizationsChanged = errors.New("the user's organizations changed meanwhile")

// lookTimeout bounds the look for organizations before a flow begins.
const lookTimeout = 5 * time.Second

// organizationTries is how often a flow begins anew for errOrganizationsChanged.
const organizationTries = 3

// organizationSubjects name organizations as subjects of a saga.
func organizationSubjects(ids []int64) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = fmt.Sprintf("organization:%d", id)
	}
	return all
}

// holdingOrganizations runs a flow that holds, beside the account, the
// organizations that it owns with others, so that deletions which concern the
// same organization take turns. begin gets their numbers. An adopted account
// holds none, since its Gitea user stays.
func (s *Service) holdingOrganizations(ctx context.Context, a Account, begin func(held []int64) (saga.Receipt, error)) (saga.Receipt, error) {
	for range organizationTries {
		held, err := s.toHold(ctx, a)
		if err != nil {
			return saga.Receipt{}, err
		}
		receipt, err := begin(held)
		if !errors.Is(err, errOrganizationsChanged) {
			return receipt, err
		}
	}
	return saga.Receipt{}, &Error{Kind: Busy, Err: errOrganizationsChanged}
}

// toHold finds out which organizations those are, before there is a saga whose
// step it could be.
func (s *Service) toHold(ctx context.Context, a Account) ([]int64, error) {
	if a.GiteaOrigin == Adopted {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	shared, err := s.sharedBy(ctx, a)
	return owned(shared), err
}

// sharedBy lists the organizations that the account's user shares with others. A
// user who is gone shares none.
func (s *Service) sharedBy(ctx context.Context, a Account) ([]Organization, error) {
	shared, err := s.DirectoryOrganizations.SharedOrganizations(ctx, a.Ref())
	if err != nil {
		return nil, s.unlessGone(ctx, a, err)
	}
	return shared, nil
}

func owned(all []Organization) []int64 {
	var ids []int64
	for _, o := range all {
		if o.Owned {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// sparesOrganizations checks, under the hold, that no organization which others
// share would be left without an owner who can sign in. LastOwner, refused.
func (s *Service) sparesOrganizations(ctx context.Context, a Account, held []int64) error {
	if a.GiteaOrigin == Adopted {
		return nil
	}
	shared, err := s.sharedBy(ctx, a)
	if err != nil {
		return err
	}
	for _, id := range owned(shared) {
		if !slices.Contains(held, id) {
			return saga.Refused(&Error{Kind: Busy, Err: errOrganizationsChanged})
		}
	}
	last, err := s.lastOwnerOf(ctx, shared)
	if err != nil || len(last) == 0 {
		return saga.Refused(err)
	}
	return saga.Refused(lastOwner(last))
}

func lastOwner(names []string) *Error {
	text := strings.Join(names[:min(len(names), mostOrganizations)], ", ")
	if more := len(names) - mostOrganizations; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return &Error{Kind: LastOwner, Err: errors.New("last owner who can sign in of " + text)}
}

// lastOwnerOf names the organizations that would be left without an owner who can
// sign in.
func (s *Service) lastOwnerOf(ctx context.Context, shared []Organization) ([]string, error) {
	var last []string
	for _, o := range shared {
		if !o.Owned {
			continue
		}
		stays, err := s.hasAnotherOwner(ctx, o.Owners)
		if err != nil {
			return nil, err
		}
		if !stays {
			last = append(last, o.Name)
		}
	}
	return last, nil
}

// hasAnotherOwner reports whether one of the owners can sign in: Gitea lets the
// user in, and so does the account, if it is one of ours.
func (s *Service) hasAnotherOwner(ctx context.Context, owners []OrganizationOwner) (bool, error) {
	for _, o := range owners {
		if !o.LetIn {
			continue
		}
		if o.AccountID == "" {
			return true, nil
		}
		account, err := s.Accounts.ByID(ctx, o.AccountID)
		switch {
		case KindOf(err) == NotFound: // marked by something else than this store
			return true, nil
		case err != nil:
			return false, err
		case account.MaySignIn():
			return true, nil
		}
	}
	return false, nil
}

// leaveOrganizations ends the membership in every organization that has other
// members. Gitea's purge takes with a user each organization whose last owner
// it is, whoever else is in it; of one that was left it cannot.
func (s *Service) leaveOrganizations(ctx context.Context, a Account) error {
	shared, err := s.sharedBy(ctx, a)
	if err != nil {
		return err
	}
	for _, o := range shared {
		if err := s.DirectoryOrganizations.LeaveOrganization(ctx, a.Ref(), o.Name); err != nil {
			return err
		}
	}
	return nil
}
