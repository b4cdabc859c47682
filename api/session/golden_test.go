package session_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/wiretest"
)

const goldens = "../../testdata/wire/session"

// TestGoldens replays every documented code.
func TestGoldens(t *testing.T) {
	scripts := wiretest.Load(t, goldens)
	require.NotEmpty(t, scripts)
	wiretest.Replay(t, scripts, func(t *testing.T) wiretest.Target {
		w := newWorld(t)
		return wiretest.Target{URL: w.URL, Setup: w.Setup}
	})
}
