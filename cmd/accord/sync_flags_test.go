package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// docs/sync.md has every flag of sync and of the commands below it.
func TestFlagsOfSyncAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/sync.md")
	require.NoError(t, err)
	sync := newSync()
	for _, cmd := range append([]*cobra.Command{sync}, sync.Commands()...) {
		flags := regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+)`).FindAllStringSubmatch(cmd.LocalFlags().FlagUsages(), -1)
		require.NotEmpty(t, flags, cmd.Name())
		for _, f := range flags {
			require.Contains(t, string(text), f[1], cmd.Name())
		}
	}
}
