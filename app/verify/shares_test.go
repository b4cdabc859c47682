package verify_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app/verify"
)

func TestEachClientHasOneTurnAtATime(t *testing.T) {
	var shares verify.Shares
	leave, err := shares.Enter(t.Context(), "hostile")
	require.NoError(t, err)
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = shares.Enter(impatient, "hostile")
	require.ErrorIs(t, err, context.Canceled)
	other, err := shares.Enter(t.Context(), "other")
	require.NoError(t, err)
	other()

	entered := make(chan func())
	go func() {
		next, err := shares.Enter(t.Context(), "hostile")
		if err != nil {
			t.Error(err)
		}
		entered <- next
	}()
	leave()
	(<-entered)()
}
