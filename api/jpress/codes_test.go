package jpress

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func TestPhrasesAreTotal(t *testing.T) {
	for _, kind := range app.Kinds() {
		require.NotEmpty(t, phrases[kind].ZH, "no message for %q", kind)
		require.NotEmpty(t, phrases[kind].EN, "no message for %q", kind)
	}
	require.Len(t, phrases, len(app.Kinds()))
}
