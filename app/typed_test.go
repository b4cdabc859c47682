package app_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// FuzzTyped reads what people type for an invitation's code and for a challenge:
// a code is the same however it is written, and only what is near solves a slider.
func FuzzTyped(f *testing.F) {
	for _, typed := range []string{
		"ABCDEF-GHJKLM-NPQRST", " abcdef ghjklm npqrst ", strings.Repeat("x", 65), "\xff", "120", "120.4", " 115", "126", "NaN", "inf", "-Inf", "1e2", "0x1p7", "1_2_0", "",
	} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code := app.InviteCode(app.Secret(typed))
		require.NotContains(t, code.Reveal(), "-")
		require.Equal(t, code, app.InviteCode(code))
		if len(typed) <= 32 {
			require.Equal(t, code, app.InviteCode(app.Secret("-"+typed+" ")))
		}
		slider := app.Solution{Kind: app.SliderChallenge, Answer: typed}
		require.False(t, slider.Answers(""))
		if slider.Answers(puzzleAnswer) {
			x, err := strconv.ParseFloat(strings.TrimSpace(typed), 64)
			require.NoError(t, err)
			require.InDelta(t, 120, x, 5)
		}
		digits := app.Solution{Kind: app.PictureChallenge, Answer: typed}
		require.Equal(t, strings.TrimSpace(typed) == "4711", digits.Answers("4711"))
	})
}
