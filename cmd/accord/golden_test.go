package main

import (
	"slices"
	"testing"

	"accord/api/wiretest"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

const recorded = "../../testdata/wire/"

// TestGoldensOnRealSystems replays what the fakes were recorded with, where
// nothing has to be made ready for it.
func TestGoldensOnRealSystems(t *testing.T) {
	url := newSite(t, store.SQLite).start(t).url
	for _, dialect := range config.Default().Dialects {
		replayOn(t, dialect, url)
	}
	replayOn(t, "session", url)
}

// TestGoldensOfSettingsOnRealSystems are those of what is off by default.
// Whatever is recorded with invitations needs one made ready.
func TestGoldensOfSettingsOnRealSystems(t *testing.T) {
	site := newSite(t, store.SQLite)
	site.Community.TokenPair, site.JPress.OpenCreate = true, true
	url := site.start(t).url
	replayOn(t, "community/pair", url)
	replayOn(t, "jpress_open", url)
}

func replayOn(t *testing.T, folder, url string) {
	t.Helper()
	scripts := slices.DeleteFunc(wiretest.Load(t, recorded+folder), wiretest.Script.NeedsSetup)
	t.Run(folder, func(t *testing.T) {
		wiretest.Replay(t, scripts, func(*testing.T) wiretest.Target { return wiretest.Target{URL: url} })
	})
}
