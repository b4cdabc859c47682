package app

import (
	"errors"
	"strings"
	"time"
)

// Kind classifies an Error. Every dialect maps every Kind to a code of its own.
type Kind uint8

const (
	// Internal is a defect or a fault of the account store; the detail is only
	// logged. It is the kind of every error that is not an *Error.
	Internal Kind = iota
	// Invalid input; Error.Violations says which.
	Invalid
	// BadCredentials: the account is unknown, the password is wrong, or the
	// account may not sign in.
	BadCredentials
	// TokenMissing: no access token was sent.
	TokenMissing
	// TokenInvalid: the access token is forged, garbled, or its session ended.
	TokenInvalid
	// TokenExpired: the access token was good and has run out.
	TokenExpired
	// UserTaken: the user name is in use here or on a remote system.
	UserTaken
	// EmailTaken: the address is in use here or on a remote system.
	EmailTaken
	// MobileTaken: the number is bound to another account.
	MobileTaken
	// Unchanged: what was to be changed is so already.
	Unchanged
	// CodeWrong: the verification code is wrong, used up, too old, or was tried
	// too often.
	CodeWrong
	// TooOften: a limit of the platform's, an address's, an account's or a
	// client's is used up; Error.RetryAfter may say until when.
	TooOften
	// SMSLimit: the platform's limit of short messages is used up.
	SMSLimit
	// LastOwner: the account is the last owner of an organization that others
	// belong to, and cannot be deleted.
	LastOwner
	// LastAdministrator: the account is the last super-administrator that may
	// sign in, and must stay so.
	LastAdministrator
	// Forbidden: the role of whoever asks is not enough.
	Forbidden
	// InviteWrong: the invitation code is unknown, used up, too old or revoked.
	InviteWrong
	// NotFound: no such account or session. Never shown for another's account.
	NotFound
	// Busy: another saga holds the account, or a bounded resource is used up.
	Busy
	// DirectoryFailed: Gitea did not answer, or not as it should.
	DirectoryFailed
	// StorageFailed: object storage did not answer, or not as it should.
	StorageFailed
	// MailFailed: the mail server did not take a message.
	MailFailed
	// SMSFailed: the provider of short messages did not take one.
	SMSFailed
	// PictureFailed: the host of a picture did not answer.
	PictureFailed
	// HumanCheckRequired: somebody has to show first that he is a person, by
	// solving a challenge; Error.RetryAfter may say until when.
	HumanCheckRequired
	// RepositoryTaken: the user has a repository of that name.
	RepositoryTaken

	kinds // the number of kinds
)

// Kinds lists every Kind, for tests that a code table is total.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

var kindNames = [kinds]string{
	"internal", "invalid", "bad credentials", "token missing", "token invalid", "token expired",
	"user name taken", "address taken", "mobile taken", "unchanged", "code wrong", "too often", "short message limit",
	"last owner", "last administrator", "forbidden", "invitation wrong", "not found", "busy", "directory failed", "storage failed", "mail failed",
	"short message failed", "picture failed",
	"human check required", "repository name taken",
}

// String is the kind's name for logs.
func (k Kind) String() string {
	if k >= kinds {
		return "unknown kind"
	}
	return kindNames[k]
}

// Rule names a validation rule, spelt as on the wire.
type Rule string

// The rules of input that is the same in every dialect.
const (
	NotBlank        Rule = "notBlank"
	Length          Rule = "length"
	Pattern         Rule = "pattern"
	EmailSyntax     Rule = "email"
	NotContainsDict Rule = "notContainsDict"
	TypeMismatch    Rule = "type"
	// Past is the rule of a day that must have been.
	Past Rule = "past"
	// Reused is the rule of an idempotency key: it belongs to one request.
	Reused Rule = "reused"
	// Fixed is the rule of a field that the request cannot change.
	Fixed Rule = "fixed"
)

// Violation is one field that broke one rule. Field is the use case's own name
// of it, which dialects may rename.
type Violation struct {
	Field string
	Rule  Rule
}

// Error is the only error type that use cases return on purpose. Its text may
// be logged but is never sent to a client; it holds no secret.
type Error struct {
	Kind Kind
	// Op is what was being done, e.g. "register".
	Op string
	// Violations are the broken rules of an Invalid error, in field order.
	Violations []Violation
	// RetryAfter is how long a TooOften client has to wait, or one of whom a human
	// check is asked; zero where not known.
	RetryAfter time.Duration
	// Err is the cause, if any.
	Err error
}

func (e *Error) Error() string {
	parts := make([]string, 0, 3)
	if e.Op != "" {
		parts = append(parts, e.Op)
	}
	var cause *Error
	if !errors.As(e.Err, &cause) || cause.Kind != e.Kind || len(e.Violations) > 0 { // else the cause says it
		parts = append(parts, e.Kind.String())
	}
	for _, v := range e.Violations {
		parts = append(parts, v.Field+" "+string(v.Rule))
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf finds the kind of an error: that of the first *Error in its chain,
// else Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Taken tells that a remote user has the wanted name or address. Remote
// adapters return it, refused, as the cause of a UserTaken or EmailTaken error.
type Taken struct {
	// Username is the remote user that has it.
	Username string
	// Mark is the accountId of the ownership mark; empty for a foreign user, and for
	// one that was adopted.
	Mark string
	// Second is the wanted address as the user has it, and SecondOf the accountId of
	// the user's mark, adopted or not. They are empty unless a user of ours has the
	// address, and not as its first one.
	Second, SecondOf string
}

func (t *Taken) Error() string { return "taken by another remote user" }

// ErrIDTaken says that an accountId was used before; the caller draws another.
var ErrIDTaken = errors.New("app: accountId already used")
