package app

import (
	"context"
	"time"
)

// DirectoryCandidate is what Gitea shows an administrator of a user that might be
// adopted.
type DirectoryCandidate struct {
	DirectoryView
	// Inactive users have not confirmed their address, or an administrator made
	// them so; they are not Active either.
	Inactive bool
	// SecondFactor users sign in with more than a password.
	SecondFactor bool
	// OtherLogin users have a login name that is neither a mark nor their own name;
	// the mark would take its place for good.
	OtherLogin bool
}

// PasswordCheck is what Gitea says of a person's password.
type PasswordCheck struct {
	Right bool
	// Hindrance tells an operator why Gitea lets the person not in by a password,
	// if it says so; it is known only where it says. Never for the person.
	Hindrance string
}

// DirectoryAdoption is what adopting needs of Gitea beside DirectoryRepairs.
// Errors, marks and repetition are as there.
type DirectoryAdoption interface {
	// AdoptUser is MarkUser for a user that was there before us: the mark says so,
	// and no call of Directory removes or purges who bears it.
	AdoptUser(ctx context.Context, id int64, ref DirectoryRef) error
	// CheckPassword asks Gitea whether it lets the user in by that password and
	// nothing else. An access token in its place is not right. An absent user, or
	// one without the mark, has none. It changes nothing.
	CheckPassword(ctx context.Context, ref DirectoryRef, password Secret) (PasswordCheck, error)
}

// AccountAdoption is what adopting writes down. Takes part in a local step's
// transaction like Accounts.
type AccountAdoption interface {
	// KeepPassword stores the hash of the password that Gitea has, if only Gitea
	// knew it (TheirPassword) and the credential epoch is still this one.
	// Repeatable; a later epoch, and a password that is known, are done. NotFound
	// where there is no such account, or a tombstone.
	KeepPassword(ctx context.Context, id string, epoch int64, hash Secret, at time.Time) error
}
