package app

import (
	"context"

	"accord/saga"
)

// SagaCensus counts sagas. Safe for concurrent use.
type SagaCensus interface {
	// CountSagas counts those that have not ended. Errors are Internal.
	CountSagas(ctx context.Context) (SagaCount, error)
}

// SagaCount is how many sagas have not ended.
type SagaCount struct {
	// Phases has every phase of Unended, with zero where none is in it.
	Phases map[saga.Phase]int
	// Stuck ones, of any of these phases, wait for an operator.
	Stuck int
}

// Unended are the phases of sagas that have not ended.
func Unended() []saga.Phase {
	return []saga.Phase{saga.Running, saga.Unwinding, saga.Settling, saga.Completing, saga.Lingering}
}
