package app

import "context"

// SessionGrants records which storage credentials a session received. Safe for
// concurrent use; takes part in a local step's transaction like Accounts.
type SessionGrants interface {
	// RecordGrant records the access key of the credentials that were granted to
	// the session. Idempotent: the first one recorded stays. A session that is
	// absent, and an empty access key, are not errors.
	RecordGrant(ctx context.Context, session, accessKey string) error
}
