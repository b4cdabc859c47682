package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Files come from other programs, with their marks and line ends.
func TestNamesAreReadAsPeopleHaveThem(t *testing.T) {
	names, err := readNames(strings.NewReader("\ufeffalice\r\n  bob\t# the builder\r\n\r\n# nobody\n李雷"))
	require.NoError(t, err)
	require.Equal(t, []string{"alice", "bob", "李雷"}, names)
}
