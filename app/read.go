package app

import (
	"context"
	"strconv"
	"time"

	"accord/saga"
)

// Actions of the trail that read personal data of others: names, addresses,
// numbers, attributes and, of one person, the last sign-in, where sessions come
// from, or what else opens Gitea and the storage.
const (
	ReadPerson      = "read person"
	ListedPeople    = "list people"
	foundPeople     = "search people"
	ReadSessions    = "list sessions"
	ReadCredentials = "list credentials"
)

// OperatorRead is the entry about an operator who reads personal data by the
// command line: of one account, or of count entries of a list. Data
// whose reading cannot be recorded is not to be shown.
func OperatorRead(ctx context.Context, at time.Time, action, accountID string, count int) AuditEntry {
	return AuditEntry{
		At: at, Actor: Operator, Channel: saga.OriginOf(ctx).Channel,
		Action: action, AccountID: accountID, Outcome: strconv.Itoa(count) + " shown",
	}
}

// auditRead records in the trail that an administrator reads personal data of
// others: of one account, or of count accounts of a list. Data whose reading
// cannot be recorded is not shown.
func (s *Service) auditRead(ctx context.Context, actor Principal, action, accountID string, count int) error {
	by := saga.OriginOf(ctx)
	return s.Audit.Append(ctx, AuditEntry{
		At: s.Now(), Actor: actor.Account.ID, Channel: by.Channel, Request: by.Request,
		Action: action, AccountID: accountID, Outcome: strconv.Itoa(count) + " shown",
	})
}
