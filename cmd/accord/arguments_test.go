package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

// TestHintsRepeatTheFlags that were given, so that a hint can be pasted.
func TestHintsRepeatTheFlags(t *testing.T) {
	cmd := newSyncAdopt()
	require.NoError(t, cmd.ParseFlags([]string{"--users", "it's here", "--gitea", "--apply"}))
	require.Equal(t, `adopt --gitea --users 'it'\''s here'`, repeated(cmd, "gitea", "match", "users", "config"))
}

// TestSagasOfNoAccountNameNone: codes and notices are of no account.
func TestSagasOfNoAccountNameNone(t *testing.T) {
	for subject, account := range map[string]string{"notice": "", "code": "", "26030112000001": "26030112000001"} {
		require.Equal(t, account, viewOfSaga(saga.Record{Subject: subject}, time.UTC).AccountID)
	}
}
