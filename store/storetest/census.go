package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

func sagasCounted(t *testing.T, d *database) {
	count, err := d.Census.CountSagas(t.Context())
	require.NoError(t, err)
	require.Equal(t, app.SagaCount{Phases: map[saga.Phase]int{
		saga.Running: 0, saga.Unwinding: 0, saga.Settling: 0, saga.Completing: 0, saga.Lingering: 0,
	}}, count)

	for id, r := range map[string]saga.Record{
		"one": {Phase: saga.Running}, "two": {Phase: saga.Running, Stuck: true}, "three": {Phase: saga.Completing, Stuck: true},
		"four": {Phase: saga.Lingering}, "five": {Phase: saga.Committed}, "six": {Phase: saga.Aborted},
	} {
		record := running(id)
		record.Phase, record.Stuck = r.Phase, r.Stuck
		begin(t, d.Journal, record)
	}
	count, err = d.Census.CountSagas(t.Context())
	require.NoError(t, err)
	require.Equal(t, app.SagaCount{Phases: map[saga.Phase]int{
		saga.Running: 2, saga.Unwinding: 0, saga.Settling: 0, saga.Completing: 1, saga.Lingering: 1,
	}, Stuck: 2}, count)
}
