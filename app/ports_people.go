package app

import (
	"context"
	"time"
)

// People finds accounts as persons, and keeps what they say of themselves. Safe
// for concurrent use; takes part in a local step's transaction like Accounts.
// Found are accounts that may sign in or were shut out by an operator: none
// that is being registered, leaving, or gone. Errors other than those named are
// Internal.
type People interface {
	// ByUserID, ByUsername and ByNickname find one person, or NotFound; of several
	// with one nickname it is the one who registered first.
	ByUserID(ctx context.Context, userID int64) (Person, error)
	ByUsername(ctx context.Context, username string) (Person, error)
	ByNickname(ctx context.Context, nickname string) (Person, error)
	// LastSignIn is when the account's latest session was opened; zero where it
	// has none.
	LastSignIn(ctx context.Context, id string) (time.Time, error)
	// Page lists persons in the order of their accountIds, and how many there are
	// in all.
	Page(ctx context.Context, q PeopleQuery) ([]Person, int, error)
	// Hold locks the account's row until the transaction ends and returns what
	// it says of its person. NotFound for a tombstone.
	Hold(ctx context.Context, id string) (Profile, Attributes, error)
	// SetAttributes stores a, sealed, in place of what there was. Repeatable;
	// NotFound for a tombstone.
	SetAttributes(ctx context.Context, id string, a Attributes, at time.Time) error
	// HoldEmail marks the account's address as not verified, and as given by an
	// administrator, see Account.EmailHeld. Idempotent.
	HoldEmail(ctx context.Context, id string, at time.Time) error
}

// PeopleQuery chooses a page of persons.
type PeopleQuery struct {
	// Keyword is a part of a user name, nickname or address, in any case of
	// letters, or a whole userId or accountId. Empty chooses everybody.
	Keyword       string
	Offset, Limit int
}

// Roster keeps what persons may do to others' accounts. Safe for concurrent use;
// takes part in a local step's transaction like Accounts. However many of these
// calls, and of Accounts.Leave, run at once, one super-administrator who may
// sign in remains where there was one.
type Roster interface {
	// Ranks locks both accounts' rows until the transaction ends and returns
	// their roles. Forbidden where the actor may not sign in; NotFound where the
	// target is a tombstone.
	Ranks(ctx context.Context, actor, target string) (actors, targets Role, err error)
	// SetRole stores the role. Repeatable. NotFound for a tombstone,
	// LastAdministrator.
	SetRole(ctx context.Context, id string, role Role, at time.Time) error
	// MayGo locks what it looks at until the transaction ends and returns
	// LastAdministrator where nobody would be left who may give roles.
	MayGo(ctx context.Context, id string) error
}

// Invites keeps invitation codes, hashed. Safe for concurrent use; Spend and
// GiveBack take part in a local step's transaction. Errors other than those
// named are Internal.
type Invites interface {
	// Add stores an invitation and returns it with its ID.
	Add(ctx context.Context, code Secret, in Invite) (Invite, error)
	// Check finds an invitation that can be used, or InviteWrong.
	Check(ctx context.Context, code Secret, now time.Time) (Invite, error)
	// Spend counts one use and returns the invitation; InviteWrong where it
	// cannot be used (any more).
	Spend(ctx context.Context, code Secret, now time.Time) (Invite, error)
	// GiveBack takes back the use that the account's registration made. It has
	// to come before Accounts.Abandon. Repeatable: an account that is not
	// reserved changes nothing.
	GiveBack(ctx context.Context, invite int64, accountID string) error
	// List returns invitations of an ID above after, in their order, at most
	// limit.
	List(ctx context.Context, after int64, limit int) ([]Invite, error)
	// Revoke ends an invitation; who has used it stays. Repeatable: the first
	// time counts. NotFound.
	Revoke(ctx context.Context, id int64, at time.Time) error
}
