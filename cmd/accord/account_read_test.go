package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// One form of time for all commands: RFC 3339 in the platform's zone.
func TestMoments(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	at := time.Date(2026, 3, 1, 12, 0, 0, 5_000_000, time.UTC)
	require.Equal(t, "2026-03-01T20:00:00+08:00", moment(inZone(at, zone)))
	require.Equal(t, "-", moment(inZone(time.Time{}, zone)))
	require.Equal(t, "2026-03-01T20:00:00.005+08:00", at.In(zone).Format(shownStep))
	_, err = time.Parse(time.RFC3339, at.In(zone).Format(shownStep))
	require.NoError(t, err)
}

func TestOperatorsReadsAreEntries(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	require.Equal(t, app.AuditEntry{
		At: at, Actor: app.Operator, Channel: "cli", Action: "list sessions", AccountID: "26030112000001", Outcome: "3 shown",
	}, app.OperatorRead(byOperator(t.Context()), at, app.ReadSessions, "26030112000001", 3))
}

// A dry run of a deletion promises nothing that --apply refuses.
func TestADryRunSaysWhatIsInTheWay(t *testing.T) {
	for says, v := range map[string]inventoryView{
		"make another user the owner in Gitea": {LastOwnerOf: []string{"team"}},
		"make another one first":               {LastAdministrator: true},
	} {
		var text bytes.Buffer
		require.NoError(t, v.print(&text))
		require.NotContains(t, text.String(), "--apply deletes it")
		require.ErrorContains(t, v.obstacle(), says)
	}
	require.NoError(t, inventoryView{}.obstacle())
}
