package store

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What is sealed in a column that is not listed would be lost with its key.
func TestOnlyListedColumnsAreSealed(t *testing.T) {
	_, err := sealing{nil}.seal([]byte("secret"), "accounts", "nickname", "1")
	require.EqualError(t, err, "store: accounts.nickname is none of the sealed columns")
}
