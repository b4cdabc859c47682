package app

import "context"

// CredentialKind is a kind of credential, or of a way to one, that a remote
// system keeps of a user.
type CredentialKind string

// The kinds of credentials.
const (
	// GiteaToken is an access token in Gitea.
	GiteaToken CredentialKind = "access token"
	// OAuth2Application belongs to the user; the grants to it end with it.
	OAuth2Application CredentialKind = "OAuth2 application"
	// SecondAddress is any e-mail address in Gitea but the first.
	SecondAddress CredentialKind = "second address"
	// SSHKey is the user's. Gitea takes requests that it signs, to its whole API.
	SSHKey CredentialKind = "SSH key"
	// GPGKey is the user's; a DeployKey opens one of its repositories, by SSH alone.
	GPGKey    CredentialKind = "GPG key"
	DeployKey CredentialKind = "deploy key"
	// Webhook is the user's own: Gitea sends the events of all of the user's
	// repositories to its URL.
	Webhook CredentialKind = "webhook"
	// ActionsRunner is the user's own: it receives the jobs of all of the user's
	// repositories, with the secrets and the repository tokens of those jobs.
	ActionsRunner CredentialKind = "Actions runner"
	// StorageAccessKey is a lasting key below the storage user.
	StorageAccessKey CredentialKind = "storage access key"
)

// CredentialKinds lists every kind, for tests that tables are total.
func CredentialKinds() []CredentialKind {
	return []CredentialKind{
		GiteaToken, OAuth2Application, SecondAddress, Webhook, ActionsRunner, SSHKey, GPGKey, DeployKey, StorageAccessKey,
	}
}

// IsKey reports whether a credential of this kind ends only if that is asked for.
func (k CredentialKind) IsKey() bool { return k == GPGKey || k == DeployKey }

// Credential is one credential of a user on a remote system.
type Credential struct {
	Kind CredentialKind
	// User is the name of the remote user, which may have changed since.
	User string
	// ID is the remote system's own name of it. Name is for people, and was
	// chosen by whoever made the credential.
	ID, Name string
	// End is a Gitea token's, see EndOfToken. No journal keeps it.
	End string `json:"-"`
}

// DirectoryCredentials is what Gitea keeps of the users that bear an account's
// mark. Safe for concurrent use; marks, errors and repetition are those of
// Directory.
type DirectoryCredentials interface {
	// Credentials lists the credentials of these kinds, sessions' tokens
	// included, of every user that bears the mark of accountID. There are none if
	// no user does. Of each kind but access tokens it lists at most 1000, and
	// further ones once those have ended; of second addresses only those that can
	// receive mail.
	Credentials(ctx context.Context, accountID string, kinds ...CredentialKind) ([]Credential, error)
	// EndCredential ends a credential that Credentials listed. It is idempotent:
	// an absent credential, or an absent user, is not an error. A user that does
	// not bear the mark any more is refused.
	EndCredential(ctx context.Context, accountID string, c Credential) error
	// SomeTokens lists access tokens as Credentials does, at most limit of them.
	SomeTokens(ctx context.Context, accountID string, limit int) ([]Credential, error)
	// EndCredentials is EndCredential for many, several at a time. It returns those
	// that are ended, also beside an error. A credential that Gitea refuses to end
	// does not keep the others from ending; the first error is returned, a refusal
	// only if all are refusals.
	EndCredentials(ctx context.Context, accountID string, all []Credential) ([]Credential, error)
}

// StorageCredentials is what the storage keeps below a user. Safe for concurrent
// use; errors and repetition are those of Storage.
type StorageCredentials interface {
	// AccessKeys lists the lasting access keys below the user, of the kind
	// StorageAccessKey. An absent user has none.
	AccessKeys(ctx context.Context, key string) ([]Credential, error)
	// EndAccessKey ends one that AccessKeys listed. It is idempotent: an absent
	// access key is not an error, and one below another user is left alone.
	EndAccessKey(ctx context.Context, key string, c Credential) error
	// RevokeAll ends every temporary credential of the user. It is idempotent: an
	// absent user is not an error.
	RevokeAll(ctx context.Context, key string) error
}
