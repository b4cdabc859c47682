package picture

import (
	"bytes"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func TestAvatars(t *testing.T) {
	seen := map[string]bool{}
	for n := range app.GeneratedAvatars {
		drawn, err := Avatar(n)
		require.NoError(t, err)
		again, err := Avatar(n)
		require.NoError(t, err)
		require.Equal(t, drawn, again)
		seen[string(drawn)] = true

		img, err := png.Decode(bytes.NewReader(drawn))
		require.NoError(t, err)
		for x := range avatarSide {
			require.Equal(t, img.At(x, avatarSide/2), img.At(avatarSide-1-x, avatarSide/2), "symmetric")
		}
		_, err = newTest(t, Options{}).Normalize(drawn)
		require.NoError(t, err)
	}
	require.Len(t, seen, app.GeneratedAvatars)
}
