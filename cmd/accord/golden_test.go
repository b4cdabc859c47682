package main

import (
	"slices"
	"testing"

	"accord/api/wiretest"
	"accord/store"
)

// TestGoldensOnRealSystems replays what the fakes were recorded with, where
// nothing has to be made ready for it.
func TestGoldensOnRealSystems(t *testing.T) {
	scripts := slices.DeleteFunc(wiretest.Load(t, "../../testdata/wire/infinite"), wiretest.Script.NeedsSetup)
	url := newSite(t, store.SQLite).start(t).url
	wiretest.Replay(t, scripts, func(*testing.T) wiretest.Target { return wiretest.Target{URL: url} })
}
