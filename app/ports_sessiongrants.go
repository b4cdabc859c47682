package app

import "context"

// SessionGrants records which credentials a session received. Safe for concurrent
// use; takes part in a local step's transaction like Accounts.
type SessionGrants interface {
	// RecordGrant records the access key of the storage credentials that were granted
	// to the session, and the end of its Gitea token. Idempotent: the first of each
	// that is recorded stays. A session that is absent, and an empty value, are not
	// errors.
	RecordGrant(ctx context.Context, session, accessKey, tokenEnd string) error
}
