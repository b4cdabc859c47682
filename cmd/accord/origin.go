package main

import (
	"context"

	"accord/app"
	"accord/saga"
)

// byOperator makes what is done with the context an operator's, at the command
// line.
func byOperator(ctx context.Context) context.Context {
	return saga.WithOrigin(ctx, saga.Origin{Actor: app.Operator, Channel: "cli"})
}
