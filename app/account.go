package app

import (
	"strings"
	"time"
)

// Status is where an account stands.
type Status string

const (
	// Reserved accounts are being registered: name and address are taken, and
	// nobody can sign in.
	Reserved Status = "reserved"
	// Normal accounts can sign in.
	Normal Status = "normal"
	// Paused, Locked and Stopped accounts cannot sign in; an operator said so.
	Paused  Status = "pause"
	Locked  Status = "lock"
	Stopped Status = "stop"
	// Leaving accounts were deleted by their person and wait for the end of the
	// grace period: off everywhere, nothing removed yet, name and address kept.
	Leaving Status = "leaving"
	// Deleted accounts are tombstones: the row stays so that its id is never
	// used again; name and address are free.
	Deleted Status = "delete"
	// Abandoned accounts are registrations that were undone. A remote account
	// that bears the mark of one is a late effect and may be removed.
	Abandoned Status = "abandoned"
)

// Origin says who made an account on a remote system.
type Origin string

const (
	// Created by Accord.
	Created Origin = "created"
	// Adopted by an operator; it was there before.
	Adopted Origin = "adopted"
)

// GiteaPassword says what a person's password in Gitea is to the one here.
type GiteaPassword string

const (
	// SamePassword: both are the same.
	SamePassword GiteaPassword = "same"
	// RandomPassword: Gitea has one that nobody knows, until the person's next
	// sign-in sets it; for good if passwords are sealed.
	RandomPassword GiteaPassword = "random"
	// TheirPassword: only Gitea knows it; the first sign-in is checked there, and
	// its hash kept.
	TheirPassword GiteaPassword = "theirs"
)

// Account is one person on the platform.
type Account struct {
	// ID is the accountId: 14 digits, yyMMddHHmm and four more, unique, never
	// used twice. The ownership marks on the remote systems carry it.
	ID string
	// UserID is the number the wire calls userId.
	UserID int64
	// Username is as typed; uniqueness ignores case.
	Username string
	// Email is as typed; uniqueness ignores case.
	Email         string
	EmailVerified bool
	// EmailHeld: an administrator gave the address, and the user has not confirmed
	// it from a session. A code sent there does not recover the account.
	EmailHeld bool
	// Country and Mobile are the bound number, digits only: the country's code
	// and the national number; both empty where none is bound.
	Country, Mobile string
	// MobileHeld is to the number what EmailHeld is to the address.
	MobileHeld bool
	Profile
	Status Status
	// Role is what the person may do to others' accounts; empty means User.
	Role Role
	// PasswordHash is a PHC string (Argon2id).
	PasswordHash Secret
	// CredentialEpoch rises whenever what was checked at a sign-in no longer
	// holds: password change, reset, suspension, deletion.
	CredentialEpoch int64
	// GiteaID is Gitea's own number of the user; zero until it is known.
	GiteaID     int64
	GiteaOrigin Origin
	// GiteaPassword is what Gitea's password is to ours; empty means SamePassword.
	GiteaPassword GiteaPassword
	// StorageKey is the storage access key, see StorageKeyOf.
	StorageKey string
	// StorageSecret is the storage user's secret; sealed in the store.
	StorageSecret Secret
	StorageOrigin Origin
	CreatedAt     time.Time
	UpdatedAt     time.Time
	// LeavingUntil is the end of the grace period; zero unless Leaving. Only
	// Accounts.Leave sets it.
	LeavingUntil time.Time
}

// Profile is what users say of themselves. AvatarURL is the address of a picture
// that the user chose, which Gitea has too; empty in the store if none was chosen,
// in which case use cases return that of a generated picture.
type Profile struct {
	Nickname, AvatarURL, Description, Website, Location string
}

// DirectoryRef names a person's user in Gitea.
type DirectoryRef struct {
	// AccountID is the mark that the user must bear, else nothing is changed.
	AccountID, Username string
	// GiteaID is the user's number in Gitea, or zero if unknown. It identifies a
	// marked user whose name someone else has taken: users can rename themselves on
	// Gitea's pages.
	GiteaID int64
}

// Ref names the account's user in Gitea.
func (a Account) Ref() DirectoryRef {
	return DirectoryRef{AccountID: a.ID, Username: a.Username, GiteaID: a.GiteaID}
}

// placeholderDomain ends the addresses of accounts that have none. It never
// exists (RFC 6761, 6.4), so no mail goes anywhere.
const placeholderDomain = "mobile.invalid"

// HasEmail reports whether the account's address is a person's own. One that was
// registered by number alone has a placeholder, since Gitea wants an address.
func (a Account) HasEmail() bool { return a.Email != placeholderOf(a.ID) }

// OwnEmail is the account's address, or empty if it has none.
func (a Account) OwnEmail() string {
	if !a.HasEmail() {
		return ""
	}
	return a.Email
}

func placeholderOf(accountID string) string { return accountID + "@" + placeholderDomain }

// MaySignIn reports whether the account's status lets it open sessions.
func (a Account) MaySignIn() bool { return a.Status == Normal }

// StorageKeyOf is the storage access key of an account: "acc" and its id, 17
// characters. No person's choice can collide with it.
func StorageKeyOf(accountID string) string { return "acc" + accountID }

// FoldKey is the form of a user name or address in which uniqueness is judged.
func FoldKey(s string) string { return strings.ToLower(s) }

// Session is one sign-in, on all three systems.
type Session struct {
	// ID names the session everywhere: the access token's sid, the Gitea token
	// accord-<ID>, the revoke type of the storage credentials. 26 characters.
	ID        string
	AccountID string
	// CredentialEpoch is the account's when the password was checked.
	CredentialEpoch int64
	// IP and Device are what the sign-in came from.
	IP, Device string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	// StorageAccessKey is the access key of the storage credentials granted to
	// the session. Empty if it opened before they were recorded.
	StorageAccessKey string
	// GiteaTokenEnd is that of the session's access token in Gitea, see EndOfToken.
	// Empty if it opened before it was recorded.
	GiteaTokenEnd string
}
