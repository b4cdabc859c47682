package ident

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCode(t *testing.T) {
	shape, seen := regexp.MustCompile(`^[2-9A-HJKMNP-Z]{6}$`), map[rune]bool{}
	codes := map[string]bool{}
	for range 2000 {
		code := new(Generator).Code().Reveal()
		require.Regexp(t, shape, code)
		codes[code] = true
		for _, c := range code {
			seen[c] = true
		}
	}
	require.Len(t, seen, len(codeAlphabet), "every character is drawn")
	require.Greater(t, len(codes), 1990, "codes hardly ever repeat")
}
