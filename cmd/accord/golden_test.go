package main

import (
	"slices"
	"testing"

	"accord/api/wiretest"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

// TestGoldensOnRealSystems replays what the fakes were recorded with, where
// nothing has to be made ready for it.
func TestGoldensOnRealSystems(t *testing.T) {
	url := newSite(t, store.SQLite).start(t).url
	for _, dialect := range config.Default().Dialects {
		scripts := slices.DeleteFunc(wiretest.Load(t, "../../testdata/wire/"+dialect), wiretest.Script.NeedsSetup)
		t.Run(dialect, func(t *testing.T) {
			wiretest.Replay(t, scripts, func(*testing.T) wiretest.Target { return wiretest.Target{URL: url} })
		})
	}
}
