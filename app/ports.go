package app

import (
	"context"
	"time"
)

// Accounts is the platform's own account store. Safe for concurrent use. Inside
// a local saga step, ctx carries the journal's transaction and the call is part
// of it. Errors other than those named are Internal.
type Accounts interface {
	// Reserve inserts a in status Reserved, taking its name and address.
	// UserTaken before EmailTaken where both are in use, in any case of letters;
	// ErrIDTaken where the accountId was ever used.
	Reserve(ctx context.Context, a Account) error
	// Activate makes a reserved account Normal and stores what the registration
	// learnt. Repeatable; NotFound where the account is not reserved or normal.
	Activate(ctx context.Context, id string, w Activation) error
	// Abandon frees name and address of a reserved account. Repeatable; an
	// account that was never inserted, or is abandoned, is done.
	Abandon(ctx context.Context, id string, at time.Time) error
	// Abandoned reports whether id is a registration that was undone.
	Abandoned(ctx context.Context, id string) (bool, error)
	// ByUsername and ByEmail find an account that holds the name or address, in
	// any case of letters, or NotFound.
	ByUsername(ctx context.Context, username string) (Account, error)
	ByEmail(ctx context.Context, email string) (Account, error)
	// ByID finds an account in any status, or NotFound.
	ByID(ctx context.Context, id string) (Account, error)

	// StillAt locks the account's row until the transaction ends and returns
	// BadCredentials where its credential epoch is another or it may not sign in.
	StillAt(ctx context.Context, id string, epoch int64) error
	// SetProfile stores p and returns what it replaced. NotFound.
	SetProfile(ctx context.Context, id string, p Profile, at time.Time) (Profile, error)
	// SetPassword stores the hash, which is of the password that Gitea has by now
	// too, raises the credential epoch, closes every open
	// session but keep (empty keeps none), lifts keep to that epoch, discards
	// sessions that are reserved, and returns those it closed. NotFound.
	SetPassword(ctx context.Context, id string, hash Secret, keep string, at time.Time) ([]Session, error)
	// ReserveEmail keeps the address for the account beside its present one:
	// EmailTaken where any account has or reserved it, in any case of letters.
	ReserveEmail(ctx context.Context, id, email string) error
	// ReleaseEmail frees a reserved address. Repeatable; the account's present
	// address stays.
	ReleaseEmail(ctx context.Context, id, email string) error
	// ChangeEmail makes a reserved address the account's, verified, and frees
	// the one before. Repeatable; NotFound where it is not reserved.
	ChangeEmail(ctx context.Context, id, email string, at time.Time) error
	// VerifyEmail marks the account's address verified if it is this one.
	VerifyEmail(ctx context.Context, id, email string, at time.Time) error
	// SetMobile binds a number: MobileTaken where another account has it.
	SetMobile(ctx context.Context, id, country, mobile string, at time.Time) error
	// Leave puts an account that may sign in into status Leaving until the end
	// of the grace period, raises the credential epoch, closes its sessions and
	// returns them. Repeatable. LastAdministrator, see Roster.
	Leave(ctx context.Context, id string, until, at time.Time) ([]Session, error)
	// MayBury locks the account's row until the transaction ends and returns
	// NotFound where it is not Leaving.
	MayBury(ctx context.Context, id string) error
	// ComeBack makes a leaving account Normal again. Repeatable; NotFound where
	// it is neither.
	ComeBack(ctx context.Context, id string, at time.Time) error
	// Bury makes a leaving account Deleted: a tombstone without name, address,
	// number, profile, hash or storage secret. Repeatable.
	Bury(ctx context.Context, id string, at time.Time) error
	// Departed lists leaving accounts whose grace period ended by now, oldest
	// first, at most limit.
	Departed(ctx context.Context, now time.Time, limit int) ([]Account, error)
}

// Activation is what a registration learnt on its way.
type Activation struct {
	PasswordHash  Secret
	GiteaID       int64
	StorageKey    string
	StorageSecret Secret
	At            time.Time
}

// Sessions keeps sign-ins. Safe for concurrent use; takes part in a local
// step's transaction like Accounts.
type Sessions interface {
	SessionGrants
	// Reserve inserts a session that is not open yet.
	Reserve(ctx context.Context, s Session) error
	// Open makes a reserved session live, only if in the same transaction the
	// account may sign in and its credential epoch is the session's; else
	// BadCredentials. Repeatable.
	Open(ctx context.Context, id string, at time.Time) error
	// Discard removes a reserved session that was never opened. Repeatable;
	// absent is done.
	Discard(ctx context.Context, id string) error
	// Close ends a session. Repeatable; absent is done.
	Close(ctx context.Context, id string, at time.Time) error
	// Live finds an open session and its account in one read: TokenInvalid where
	// it was closed or never was, TokenExpired where its time ran out by now.
	Live(ctx context.Context, id string, now time.Time) (Session, Account, error)
	// Expired lists open sessions whose time ran out before now, oldest first,
	// at most limit.
	Expired(ctx context.Context, now time.Time, limit int) ([]Session, error)
}

// Directory is Gitea, seen from a flow. Safe for concurrent use. Every call is
// bounded by ctx. An error is DirectoryFailed unless named otherwise; it is
// saga.Refused where Gitea certainly did nothing. Nobody retries inside.
type Directory interface {
	// CreateUser makes a user that bears the mark of u.AccountID and can use
	// the API at once, and returns its number. Where a user of that very mark
	// exists already its number is returned. UserTaken or EmailTaken, refused,
	// with a *Taken cause where the name or address belongs to another.
	CreateUser(ctx context.Context, u DirectoryUser) (int64, error)
	// RemoveUser deletes the user of that name if it bears the mark of
	// accountID. Absent, or another's: nothing is done and it is no error.
	RemoveUser(ctx context.Context, username, accountID string) error
	// CreateToken makes an access token of that name for the user ref names, who
	// must bear the mark of ref.AccountID: any other gets none and is refused. A
	// token of that name which exists is replaced.
	CreateToken(ctx context.Context, ref DirectoryRef, name string) (Secret, error)
	// DeleteToken removes the token of the user ref names, whatever name that user
	// has by now; absent is done, an absent user too.
	DeleteToken(ctx context.Context, ref DirectoryRef, name string) error

	// The calls below change the user ref names only if it bears the mark of
	// ref.AccountID; a user that is absent or another's is refused with kind
	// DirectoryFailed, except where "absent is done" is said. Each is repeatable
	// and touches nothing but what it names.

	// Profile reads what SetProfile writes.
	Profile(ctx context.Context, ref DirectoryRef) (DirectoryProfile, error)
	// SetProfile writes full name, description, website and location. Invalid,
	// refused, where Gitea does not take one of them.
	SetProfile(ctx context.Context, ref DirectoryRef, p DirectoryProfile) error
	// SetAvatar replaces the picture; png is a PNG.
	SetAvatar(ctx context.Context, ref DirectoryRef, png []byte) error
	// SetPassword replaces the password and reads back that the user still bears
	// the mark. Its access tokens stay good.
	SetPassword(ctx context.Context, ref DirectoryRef, password Secret) error
	// SetEmail makes the address the user's only one. EmailTaken, refused, with
	// a *Taken cause where another user has it.
	SetEmail(ctx context.Context, ref DirectoryRef, email string) error
	// SetActive lets the user in, or keeps it out: then its tokens and password
	// are refused at once. Absent is done where active is false.
	SetActive(ctx context.Context, ref DirectoryRef, active bool) error
	// Belongings lists what the user has. It changes nothing.
	Belongings(ctx context.Context, ref DirectoryRef) (Belongings, error)
	// PurgeUser deletes the user with its repositories, packages, and the
	// organizations that have no other member. Absent is done. LastOwner,
	// refused, while the user is a member of an organization that has others:
	// see DirectoryOrganizations.LeaveOrganization.
	PurgeUser(ctx context.Context, ref DirectoryRef) error
}

// DirectoryProfile is what Gitea shows of a person.
type DirectoryProfile struct {
	FullName, Description, Website, Location string
}

// Belongings is what a user has in Gitea, at most a hundred of each listed.
type Belongings struct {
	Repositories, Organizations, Packages []string
}

// Anything reports whether the user has anything.
func (b Belongings) Anything() bool {
	return len(b.Repositories)+len(b.Organizations)+len(b.Packages) > 0
}

// DirectoryUser is what Gitea is told of an account.
type DirectoryUser struct {
	AccountID, Username, Email, FullName string
	Password                             Secret
}

// Storage is the object storage, seen from a flow. Safe for concurrent use.
// Errors are StorageFailed, saga.Refused where it certainly did nothing. Nobody
// retries inside.
type Storage interface {
	// CreateUser makes a storage user with that access key and secret, and lets
	// it at its own home and nothing else. A user that exists under this key is
	// left alone: refused, with ErrIDTaken in the chain.
	CreateUser(ctx context.Context, key string, secret Secret) error
	// RemoveUser deletes the user and ends its credentials; its objects stay.
	// Absent is done.
	RemoveUser(ctx context.Context, key string) error
	// Grant makes temporary credentials for the user's home, bound to the
	// session, good for ttl or the server's least (900 s), whichever is longer;
	// for fourteen days at most, which Expiration tells.
	Grant(ctx context.Context, key string, secret Secret, session string, ttl time.Duration) (Grant, error)
	// Revoke ends the credentials that were granted to that session, and no
	// others. Repeatable; an absent user is done. accessKey is that of the
	// credentials: a server that restarted finds them only by it. Without one
	// (the empty string), only credentials that the server has in memory end.
	Revoke(ctx context.Context, key, session, accessKey string) error
	// SetActive lets the user and its live credentials in, or keeps them out.
	// Repeatable; an absent user is done where active is false, else refused.
	SetActive(ctx context.Context, key string, active bool) error
	// CountObjects counts the objects in the user's home, stopping at limit.
	CountObjects(ctx context.Context, key string, limit int) (int, error)
	// PurgeUser deletes the objects of the user's home, then the user. It may
	// end early with ctx and goes on when it is repeated. Absent is done.
	PurgeUser(ctx context.Context, key string) error
}

// Files keeps uploaded pictures where everybody can read them by URL. Safe for
// concurrent use. Errors are StorageFailed.
type Files interface {
	// PutPicture stores a PNG for the account under a name made from its content
	// and returns the URL that it can be read at. Repeatable.
	PutPicture(ctx context.Context, accountID string, png []byte) (url string, err error)
	// RemovePictures deletes what the account uploaded. Absent is done.
	RemovePictures(ctx context.Context, accountID string) error
}

// Grant is what an S3 client needs to work in its home.
type Grant struct {
	Endpoint, Region, Bucket, Prefix string
	AccessKeyID                      string
	SecretAccessKey, SessionToken    Secret
	Expiration                       time.Time
}

// Hasher hashes passwords slowly, a bounded number at once. Safe for concurrent
// use. Busy where no place came free before ctx ended.
type Hasher interface {
	// Hash returns a PHC string with a fresh salt.
	Hash(ctx context.Context, password Secret) (Secret, error)
	// Verify compares in constant time. An empty hash does the same work and is
	// never equal, so that unknown accounts take as long as known ones.
	Verify(ctx context.Context, hash, password Secret) (bool, error)
}

// Claims is what a token says.
type Claims struct {
	// Kind is what the token is good for; empty means access.
	Kind                TokenKind
	UserID              int64
	SessionID           string
	IssuedAt, ExpiresAt time.Time
	// AccountID and Binding are those of a reset token alone, which has no
	// session. Binding is a digest of what must still hold.
	AccountID, Binding string
}

// Tokens signs and checks tokens. Safe for concurrent use.
type Tokens interface {
	// Issue returns a signed token.
	Issue(c Claims) (Secret, error)
	// Verify returns the claims of a token of ours, of whatever kind, which the
	// caller has to look at; TokenInvalid, or TokenExpired where it was good
	// until its time ran out.
	Verify(token Secret) (Claims, error)
}

// Mailer sends mail. Safe for concurrent use. Errors are MailFailed, with
// ErrUndeliverable in the chain if sending again is of no use. Sending twice
// sends two.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// MailKind chooses a template.
type MailKind string

// The kinds of mail.
const (
	// MailWelcome greets after a registration.
	MailWelcome MailKind = "welcome"
	// MailCode brings a verification code.
	MailCode MailKind = "code"
	// MailUsername tells the owner of an address his user name.
	MailUsername MailKind = "username"
	// MailNotice describes a security-relevant change.
	MailNotice MailKind = "notice"
)

// Mail is one message to one person.
type Mail struct {
	Kind MailKind
	To   string
	// Language is "zh" or "en"; that of a MailNotice may be empty, which means
	// both.
	Language string
	Username string
	// Code of a MailCode, what it was asked for, and from where.
	Code    Secret
	Purpose Purpose
	From    Place
	// Notice of a MailNotice.
	Notice Notice
}

// IDs makes identifiers. Safe for concurrent use.
type IDs interface {
	// AccountID returns an accountId for that minute; it may have been used,
	// which Accounts.Reserve tells.
	AccountID(now time.Time) string
	// UserID returns a number that no other call on any replica returns.
	UserID() (int64, error)
	// SessionID returns 26 unguessable characters, digits and lower-case letters,
	// never digits only.
	SessionID() string
	// Code returns 6 unguessable characters of an alphabet in which none looks
	// like another: no 0 O 1 I L.
	Code() Secret
	// StorageSecret returns 40 unguessable printable characters.
	StorageSecret() Secret
}
