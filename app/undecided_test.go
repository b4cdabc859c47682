package app_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// TestUndecidedIsNoPromise: a kind that tells of a failed remote would let a
// client believe that nothing was changed.
func TestUndecidedIsNoPromise(t *testing.T) {
	cause := &app.Error{Kind: app.DirectoryFailed}
	require.Equal(t, app.DirectoryFailed, app.KindOf(app.Failed("reset password", cause)))
	undecided := app.Failed("reset password", fmt.Errorf("%w: %w", saga.ErrUndecided, cause))
	require.Equal(t, app.Internal, app.KindOf(undecided))
	require.ErrorIs(t, undecided, saga.ErrUndecided)
}
