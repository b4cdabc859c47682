package main

import (
	"context"
	"time"

	"accord/app"
	"accord/store"
)

// auditRead records that an operator reads personal data, before it is shown.
func auditRead(ctx context.Context, s *store.Store, action, accountID string, count int) error {
	return s.Audit.Append(ctx, app.OperatorRead(byOperator(ctx), time.Now(), action, accountID, count))
}
