package main

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// editors is how many connections edit at once.
const editors = 30

// TestALockComesThroughEdits: however many connections of a session edit the
// profile without a pause, an operator locks the account.
func TestALockComesThroughEdits(t *testing.T) {
	site := newSite(t, store.MySQL)
	site.Limits.ChangesPerAccountHour = 0
	api := site.start(t)
	alice, s := joined(t, api)
	own, err := api.post("/api/user/getUserDetail", s.AccessToken, struct{}{})
	require.NoError(t, err)
	var edits atomic.Int64
	var stop atomic.Bool
	begun, once := make(chan struct{}), sync.Once{}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop.Store(true)
	for range editors {
		wg.Go(func() {
			for !stop.Load() {
				got, err := api.post("/api/user/editUser", s.AccessToken, map[string]any{
					"nickname": "busy", "avatarUrl": own.Data["iconUrl"], "description": "", "website": "", "location": "",
				})
				if err == nil && got.Code == "General.Success" && edits.Add(1) == 3 {
					once.Do(func() { close(begun) })
				}
			}
		})
	}
	<-begun
	before := edits.Load()
	stdout, stderr, exit := site.account(t, "lock", alice.name)
	require.Zero(t, exit, stderr)
	require.Contains(t, stdout, "locked "+alice.name)
	t.Logf("%d edits before the command, %d while it began, waited and locked", before, edits.Load()-before)
	stop.Store(true)
	wg.Wait()
	s.dead(t, site.Gitea.URL)
}
