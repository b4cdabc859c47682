package app

import (
	"context"
	"time"
)

// AuditEntry tells who did what to which account, through which saga, from
// where, with what outcome. It has no personal data beyond accountIds.
type AuditEntry struct {
	// Seq is the entry's place in the trail, given by the store: 1, 2, …
	Seq int64
	At  time.Time
	// Actor, Channel and Request are those of a saga.Origin.
	Actor, Channel, Request string
	// Action is the name of a flow, or what an operator did.
	Action string
	// AccountID and SagaID are empty where there is none.
	AccountID, SagaID string
	Outcome           string
}

// Audit is the trail. Safe for concurrent use.
type Audit interface {
	// Append adds an entry at the end of the trail, within the transaction that
	// ctx carries, or in one of its own. It locks the end of the trail until that
	// transaction ends, so it is the last work of it. Texts that are too long are
	// clipped. Errors are Internal.
	Append(ctx context.Context, e AuditEntry) error
}
