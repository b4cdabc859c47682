package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// cleared clears everything of that kind and returns how much it was.
func cleared(t *testing.T, d *database, kind app.Leftover, before time.Time, limit int) int {
	t.Helper()
	n, err := d.Leftovers.Clear(t.Context(), kind, before, limit)
	require.NoError(t, err)
	return n
}

// timed are rows of each kind that ends at a time of its own.
var timed = map[app.Leftover]string{
	app.OldBudgets:    "INSERT INTO budgets (name, spent, last_at, ends_at, refused) VALUES ('n%d', 1, 1, ?, 0)",
	app.OldCounters:   "INSERT INTO counters (name, span, ends_at, spent) VALUES ('n%d', 1, ?, 1)",
	app.OldFailures:   "INSERT INTO failures (name, failed, last_at, ends_at) VALUES ('n%d', 1, 1, ?)",
	app.OldAnswers:    "INSERT INTO answers (name, fingerprint, ends_at) VALUES ('n%d', 'f', ?)",
	app.OldProofs:     "INSERT INTO proofs (name, ends_at) VALUES ('n%d', ?)",
	app.OldChallenges: "INSERT INTO challenges (name, kind, tries, ends_at) VALUES ('n%d', 'k', 0, ?)",
	app.OldCodes:      "INSERT INTO codes (target, seq, tries, created_at, expires_at, redeemed_at) VALUES ('n%d', 1, 0, ?, 0, 0)",
}

func leftoverTimes(t *testing.T, d *database) {
	for kind, insert := range timed {
		if d.options.Driver == "sqlite" && kind == app.OldAnswers {
			insert = "INSERT INTO answers (name, fingerprint, ends_at) VALUES ('n%d', x'00', ?)"
		}
		now := at(0)
		if kind == app.OldCodes || kind == app.OldBudgets { // which count for a day, or lock as long
			now = at(24 * time.Hour)
		}
		for i := range 5 {
			d.exec(t, fmt.Sprintf(insert, i), at(time.Duration(i)*time.Second).UnixMicro())
		}
		require.Zero(t, cleared(t, d, kind, now.Add(-time.Microsecond), 10), kind)
		require.Equal(t, 2, cleared(t, d, kind, now.Add(3*time.Second), 2), kind)
		require.Equal(t, 2, cleared(t, d, kind, now.Add(3*time.Second), 10), kind)
		require.Zero(t, cleared(t, d, kind, now.Add(3*time.Second), 10), kind)
		require.Equal(t, 1, cleared(t, d, kind, now.Add(time.Hour), 10), kind)
	}
	_, err := d.Leftovers.Clear(t.Context(), "accounts", at(time.Hour), 10)
	requireKind(t, app.Internal, err)
}

func leftoverSessions(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	open, ended := opened(t, d, newSession("open", a)), opened(t, d, newSession("ended", a))
	require.NoError(t, d.Sessions.Close(t.Context(), ended.ID, at(time.Minute)))
	reserved := newSession("reserved", a)
	require.NoError(t, d.Sessions.Reserve(t.Context(), reserved))

	count := func() (n int) {
		require.NoError(t, d.raw.Get(&n, "SELECT COUNT(*) FROM sessions"))
		return n
	}
	require.Zero(t, cleared(t, d, app.ClosedSessions, at(time.Minute-time.Microsecond), 10))
	require.Zero(t, cleared(t, d, app.ReservedSessions, at(-time.Microsecond), 10))
	require.Equal(t, 3, count())
	require.Equal(t, 1, cleared(t, d, app.ClosedSessions, at(time.Hour), 10))
	require.Equal(t, 1, cleared(t, d, app.ReservedSessions, at(time.Hour), 10))
	require.Equal(t, 1, count())
	require.True(t, live(t, d, open))
	requireKind(t, app.BadCredentials, d.Sessions.Open(t.Context(), reserved.ID, at(0)))
	requireKind(t, app.TokenInvalid, liveErr(t, d, ended))
}

func leftoverReserved(t *testing.T, d *database) {
	stale, young, held, other := newAccount(1, "stale", "stale@example.com"), newAccount(2, "young", "young@example.com"),
		newAccount(3, "held", "held@example.com"), normal(t, d, 4, "other")
	young.CreatedAt = at(time.Hour)
	for _, a := range []app.Account{stale, young, held} {
		require.NoError(t, d.Accounts.Reserve(t.Context(), a))
	}
	over, stuck := running("over"), running("stuck")
	over.Subject, over.Phase, over.State = stale.ID, saga.Aborted, nil
	stuck.Subject, stuck.Stuck, stuck.Phase = held.ID, true, saga.Unwinding
	begin(t, d.Journal, over)
	begin(t, d.Journal, stuck)

	n, err := d.Leftovers.AbandonReserved(t.Context(), at(time.Minute), at(time.Hour), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	for id, want := range map[string]app.Status{
		stale.ID: app.Abandoned, young.ID: app.Reserved, held.ID: app.Reserved, other.ID: app.Normal,
	} {
		require.Equal(t, want, load(t, d, id).Status)
	}
	require.NoError(t, d.Accounts.Reserve(t.Context(), newAccount(5, "stale", "stale@example.com")))
}

// What was abandoned tells nothing of a person any more; its id stays used, and
// its mark known.
func leftoverStripped(t *testing.T, d *database) {
	old, recent := newAccount(1, "old", "old@example.com"), newAccount(2, "recent", "recent@example.com")
	for _, a := range []app.Account{old, recent} {
		require.NoError(t, d.Accounts.Reserve(t.Context(), a))
	}
	require.NoError(t, d.Accounts.Abandon(t.Context(), old.ID, at(0)))
	require.NoError(t, d.Accounts.Abandon(t.Context(), recent.ID, at(time.Hour)))
	kept := load(t, d, recent.ID)
	other := normal(t, d, 3, "other")
	for _, want := range []int{1, 0} {
		n, err := d.Leftovers.Strip(t.Context(), at(time.Minute), 10)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	stripped := load(t, d, old.ID)
	require.Equal(t, app.Abandoned, stripped.Status)
	require.Empty(t, stripped.Username+stripped.Email+stripped.Nickname+stripped.StorageSecret.Reveal())
	abandoned, err := d.Accounts.Abandoned(t.Context(), old.ID)
	require.NoError(t, err)
	require.True(t, abandoned)
	require.ErrorIs(t, d.Accounts.Reserve(t.Context(), newAccount(1, "next", "next@example.com")), app.ErrIDTaken)
	requireEqual(t, kept, load(t, d, recent.ID))
	requireEqual(t, other, load(t, d, other.ID))
}

func sweepPositions(t *testing.T, d *database) {
	for _, want := range []string{"", "here", "there", ""} {
		if want != "" {
			require.NoError(t, d.Leftovers.SetPosition(t.Context(), "sweep", want))
		}
		got, err := d.replica(t).Leftovers.Position(t.Context(), map[bool]string{true: "another", false: "sweep"}[want == ""])
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// Rows that another transaction holds keep nobody waiting, and two that clear at
// once clear each row once.
func leftoverRace(t *testing.T, d *database) {
	const rows = 40
	for i := range rows {
		d.exec(t, fmt.Sprintf(timed[app.OldProofs], i), at(0).UnixMicro())
	}
	counts := make([]int, 8)
	errs := race(len(counts), func(i int) (err error) {
		counts[i], err = d.Leftovers.Clear(t.Context(), app.OldProofs, at(time.Hour), 10)
		return err
	})
	total := 0
	for i, err := range errs {
		require.NoError(t, err)
		total += counts[i]
	}
	total += cleared(t, d, app.OldProofs, at(time.Hour), rows)
	require.Equal(t, rows, total)
}
