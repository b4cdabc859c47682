package store

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFaultOfEndedContext takes what database/sql says where it rolled back by
// itself before the commit.
func TestFaultOfEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	require.NotErrorIs(t, faultOf(ctx, sql.ErrTxDone), context.Canceled)
	cancel()
	require.ErrorIs(t, faultOf(ctx, sql.ErrTxDone), context.Canceled)
	require.NoError(t, faultOf(ctx, nil))
}
