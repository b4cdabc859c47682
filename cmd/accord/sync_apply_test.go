package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app/reconcile"
)

// A saved plan is applied whole, unless a flag leaves something out.
func TestASavedPlanIsAppliedWhole(t *testing.T) {
	item := func(k reconcile.Kind) reconcile.Item {
		return reconcile.Item{System: reconcile.Gitea, AccountID: "26030112000001", Kinds: []reconcile.Kind{k}}
	}
	for name, tt := range map[string]struct {
		run  syncRun
		kind reconcile.Kind
		out  bool
	}{
		"credentials":         {syncRun{flags: &syncFlags{}}, reconcile.Credential, false},
		"tokens":              {syncRun{flags: &syncFlags{}}, reconcile.Token, false},
		"tokens left out":     {syncRun{flags: &syncFlags{noTokens: true}}, reconcile.Token, true},
		"the other system":    {syncRun{flags: &syncFlags{only: "storage"}}, reconcile.Credential, true},
		"this system":         {syncRun{flags: &syncFlags{only: "gitea"}}, reconcile.Credential, false},
		"another's account":   {syncRun{flags: &syncFlags{}, accountID: "26030112000002"}, reconcile.Credential, true},
		"the account's alone": {syncRun{flags: &syncFlags{}, accountID: "26030112000001"}, reconcile.Credential, false},
	} {
		require.Equal(t, tt.out, tt.run.leavesOut(item(tt.kind)), name)
	}
}

// A privilege is neither a repair nor protected.
func TestPrivilegesAreCountedApart(t *testing.T) {
	plan := aPlan()
	plan.Items[0].Protected, plan.Items[0].Removes = false, false
	plan.Items[0].Kinds = []reconcile.Kind{reconcile.Privilege}
	var text bytes.Buffer
	require.NoError(t, printPlanTable(&text, plan, sitesOfTest))
	require.Contains(t, text.String(), "\n1 repair for 1 account; 1 privilege for you to decide\n")
	plan.Items = plan.Items[:1]
	text.Reset()
	require.NoError(t, printPlanTable(&text, plan, sitesOfTest))
	require.Contains(t, text.String(), "\nno repairs; 1 privilege for you to decide\n")

	require.Equal(t, "3 mended, 0 shut out and kept, 0 protected, 1 failed, 2 not begun, 1 privilege for you to decide",
		tellTally(reconcile.Tally{Mended: 3, Failed: 1, Privileges: 1}, 7))
	require.Equal(t, "0 mended, 0 shut out and kept, 1 protected, 0 failed, 0 not begun", tellTally(reconcile.Tally{Skipped: 1}, 1))
	require.Contains(t, resultText(reconcile.Result{Item: plan.Items[0], Skipped: true}), "take it away in Gitea")
}
