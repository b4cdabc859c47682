package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// A try of an eviction is refused only if it certainly changed nothing: a refusal
// hides no fault whose effect is not known, and nothing that ended. Faults of access
// keys do not keep the temporary credentials.
func TestARefusalHidesNothingOfAnEvictionFromStorage(t *testing.T) {
	const passes = memory.Fault(0)
	for name, tt := range map[string]struct {
		keys       []memory.Fault
		revoke     memory.Fault
		shutOut    bool
		ended      int
		progressed bool
		refused    bool
	}{
		"one is refused":                        {keys: []memory.Fault{memory.Refuse, passes}, ended: 1, progressed: true},
		"all are refused":                       {keys: []memory.Fault{memory.Refuse, memory.Refuse}, refused: true},
		"one is refused, one fails":             {keys: []memory.Fault{memory.Refuse, memory.LoseReply}},
		"one is refused, one ends, one fails":   {keys: []memory.Fault{memory.Refuse, passes, memory.LoseReply}, ended: 1, progressed: true},
		"the temporary ones end beside":         {keys: []memory.Fault{memory.Refuse}, shutOut: true},
		"the temporary ones end beside a fault": {keys: []memory.Fault{memory.FailBefore}, shutOut: true},
		"all of them are refused":               {keys: []memory.Fault{memory.Refuse}, revoke: memory.Refuse, shutOut: true, refused: true},
		"one is refused, the temporary fail":    {keys: []memory.Fault{memory.Refuse}, revoke: memory.LoseReply, shutOut: true},
		"one ends, the temporary are refused":   {keys: []memory.Fault{passes}, revoke: memory.Refuse, shutOut: true, ended: 1, progressed: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, sagatest.NewClock())
			for n, f := range tt.keys {
				p.storage.AddAccessKey(p.account.StorageKey, string(rune('a'+n)))
				p.storage.Inject("EndAccessKey", f)
			}
			p.storage.Inject("RevokeAll", tt.revoke)
			before := p.storage.Count("RevokeAll")
			ended, err := p.service.EvictFromStorage(t.Context(), p.account, tt.shutOut)
			require.Equal(t, app.StorageFailed, app.KindOf(err))
			require.Len(t, ended, tt.ended)
			require.Equal(t, tt.progressed, saga.HasProgressed(err))
			require.Equal(t, tt.refused, saga.IsRefused(err))
			require.Equal(t, tt.shutOut, p.storage.Count("RevokeAll") > before)
		})
	}
}

// The same in Gitea, where a try that ended some looks for more.
func TestARefusalHidesNothingOfAnEvictionFromGitea(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	p.intrude(t)
	p.directory.Inject("Credentials", memory.Fault(0)) // the first round's
	p.directory.Inject("Credentials", memory.Refuse)
	err := p.service.EvictFromGitea(t.Context(), p.account)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.True(t, saga.HasProgressed(err))
	require.False(t, saga.IsRefused(err))
	p.directory.Inject("Credentials", memory.Refuse)
	require.True(t, saga.IsRefused(p.service.EvictFromGitea(t.Context(), p.account)))
}
