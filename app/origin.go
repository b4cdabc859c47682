package app

import (
	"context"

	"accord/saga"
)

// Actors of sagas that are no account.
const (
	// Operator is somebody at the command line.
	Operator = "operator"
	// System is Accord itself.
	System = "system"
)

// by names the account that asks for a saga, unless ctx names somebody already:
// an operator, or Accord itself.
func by(ctx context.Context, accountID string) context.Context {
	if saga.OriginOf(ctx).Actor != "" {
		return ctx
	}
	return saga.WithOrigin(ctx, saga.Origin{Actor: accountID})
}
