package saga

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWatchIgnoresAnOlderPass that tells late where it had come to.
func TestWatchIgnoresAnOlderPass(t *testing.T) {
	w := newWatch("id", &flow{shape: testShape})
	w.follow(&pass{rec: Record{Epoch: 2, Phase: Aborted, Reason: "why"}}, true)
	w.follow(&pass{rec: Record{Epoch: 1, Phase: Running}}, false)
	select {
	case <-w.ready:
	default:
		require.Fail(t, "no answer")
	}
	_, _, err := w.result()
	require.ErrorContains(t, err, "why")
}
