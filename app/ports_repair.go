package app

import (
	"context"
	"errors"
	"time"
)

// ErrDenied is in the chain of a remote's error where it did not take the
// administrator's credential: it ran out, was changed, or never sufficed.
var ErrDenied = errors.New("the administrator's credential is not taken: it ran out, was changed, or does not suffice")

// DirectoryView is what Gitea shows an administrator of one user.
type DirectoryView struct {
	// ID is Gitea's own number of the user.
	ID              int64
	Username, Email string
	// Mark is the accountId of the ownership mark; empty for a foreign user.
	Mark string
	// Adopted users were there before us, as their mark says.
	Adopted bool
	Profile DirectoryProfile
	// Active users are let in.
	Active bool
	// Admin users administer Gitea, Restricted ones see only what they are let
	// at, and the password of External ones is kept by another source.
	Admin, Restricted, External bool
}

// Ref names the user to calls that change it by its mark.
func (v DirectoryView) Ref() DirectoryRef {
	return DirectoryRef{AccountID: v.Mark, Username: v.Username, GiteaID: v.ID}
}

// StorageView is what the storage shows of one user.
type StorageView struct {
	Key string
	// Enabled users are let in, and so are their credentials.
	Enabled bool
	// Home tells that the user has the policy of our homes and no other.
	Home bool
	// Policies are those beside it, and Groups those that the user is in: names in
	// order, joined by commas.
	Policies, Groups string
}

// DirectoryRepairs is what repairs need of Gitea beside Directory. Errors, marks
// and repetition are as there; ErrDenied is in the chain where the administrator
// was turned away.
type DirectoryRepairs interface {
	// UserNumbered finds a user, ours or not, by Gitea's number.
	UserNumbered(ctx context.Context, id int64) (v DirectoryView, found bool, err error)
	// UsersMarked finds the users that bear the mark of an account, by number.
	// There is one, unless somebody made another by hand.
	UsersMarked(ctx context.Context, accountID string) ([]DirectoryView, error)
	// RenameUser gives the user that bears the mark another name, whatever it is
	// called by now. UserTaken, refused, with a *Taken cause where another has the name.
	RenameUser(ctx context.Context, ref DirectoryRef, username string) error
	// MarkUser puts the mark of the account on the user of that number and name,
	// which must bear none; one that bears this mark already is done. Any other
	// is refused.
	MarkUser(ctx context.Context, id int64, ref DirectoryRef) error
	// UnmarkUser takes the mark off again. A user that bears none is done.
	UnmarkUser(ctx context.Context, id int64, ref DirectoryRef) error
}

// StorageRepairs is what repairs need of the storage beside Storage. Errors are
// as there, with ErrDenied likewise.
type StorageRepairs interface {
	// User finds a user by its access key, ours or not.
	User(ctx context.Context, key string) (v StorageView, found bool, err error)
	// SetHome gives the user this secret, and lets it at its home and at nothing
	// else. Repeatable; a user that is absent or shut out is refused.
	SetHome(ctx context.Context, key string, secret Secret) error
}

// AccountRepairs is what repairs write down. Takes part in a local step's
// transaction like Accounts. NotFound where there is no such account, or a
// tombstone.
type AccountRepairs interface {
	// DirectoryUserMade stores that the account has a new user in Gitea, of that
	// number, with a random password: none that was there before. Idempotent.
	DirectoryUserMade(ctx context.Context, id string, giteaID int64, at time.Time) error
	// SetDirectoryUser stores Gitea's number of the account's user, and what its
	// password there is. Repeatable.
	SetDirectoryUser(ctx context.Context, id string, giteaID int64, p GiteaPassword, at time.Time) error
	// OfDirectoryUser lists the accounts whose user in Gitea is noted to have that
	// number. There are two only where Gitea gave a number out twice, after it was
	// restored from a copy.
	OfDirectoryUser(ctx context.Context, giteaID int64) (accountIDs []string, err error)
	// SetStorageSecret stores the secret of the account's storage user, sealed.
	// Repeatable.
	SetStorageSecret(ctx context.Context, id string, secret Secret, at time.Time) error
	// DirectoryHealed notes that Gitea has the account's password again, if the
	// credential epoch is still this one. Repeatable; a later epoch is done.
	DirectoryHealed(ctx context.Context, id string, epoch int64, at time.Time) error
	// OpenSessions returns those of the sessions that are open, or being opened, and
	// whose each is: accountIds by session id.
	OpenSessions(ctx context.Context, ids []string) (map[string]string, error)
}
