package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	namedTest    = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]+)`")
	declaredTest = regexp.MustCompile(`(?m)^func (Test[A-Z][A-Za-z0-9]+)\(`)
)

// TestSecurityNamesTestsThatExist: whatever docs/security.md claims is shown by a
// test that is there.
func TestSecurityNamesTestsThatExist(t *testing.T) {
	const root = "../.."
	declared := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, found := range declaredTest.FindAllSubmatch(source, -1) {
			declared[string(found[1])] = true
		}
		return err
	}))
	text, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	require.NoError(t, err)
	named := namedTest.FindAllSubmatch(text, -1)
	require.NotEmpty(t, named)
	for _, found := range named {
		require.True(t, declared[string(found[1])], "there is no %s", found[1])
	}
}
