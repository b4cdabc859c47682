package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/store"
)

func auditEntry(n int) app.AuditEntry {
	return app.AuditEntry{
		At: at(time.Duration(n) * time.Second), Actor: accountID(n), Channel: "infinite", Request: fmt.Sprint("r-", n),
		Action: "change password", AccountID: accountID(n % 3), SagaID: fmt.Sprint("saga-", n), Outcome: "committed",
	}
}

// trail makes a trail of n entries.
func trail(t *testing.T, d *database, n int) store.AuditMark {
	t.Helper()
	for i := range n {
		require.NoError(t, d.Audit.Append(t.Context(), auditEntry(i)))
	}
	return whole(t, d)
}

func whole(t *testing.T, d *database) store.AuditMark {
	t.Helper()
	mark, err := d.Audit.Verify(t.Context(), store.AuditMark{})
	require.NoError(t, err)
	return mark
}

func auditKept(t *testing.T, d *database) {
	require.Equal(t, "0:", whole(t, d).String())
	mark := trail(t, d, 7)
	require.Equal(t, int64(7), mark.Seq)
	require.Regexp(t, `^7:[0-9a-f]{64}$`, mark.String())
	parsed, err := store.ParseAuditMark(mark.String())
	require.NoError(t, err)
	require.Equal(t, mark, parsed)

	listed := func(f store.AuditFilter) string {
		t.Helper()
		entries, err := d.Audit.List(t.Context(), f)
		require.NoError(t, err)
		var seqs []int64
		for _, e := range entries {
			want := auditEntry(int(e.Seq) - 1)
			want.Seq = e.Seq
			requireEqual(t, want, e)
			seqs = append(seqs, e.Seq)
		}
		return fmt.Sprint(seqs)
	}
	require.Equal(t, "[7 6 5 4 3 2 1]", listed(store.AuditFilter{Limit: 10}))
	require.Equal(t, "[7 6]", listed(store.AuditFilter{Limit: 2}))
	require.Equal(t, "[5 4]", listed(store.AuditFilter{Limit: 2, Before: 6}))
	require.Equal(t, "[7 4 1]", listed(store.AuditFilter{Limit: 10, AccountID: accountID(0)}))
	require.Equal(t, "[7 4]", listed(store.AuditFilter{Limit: 10, AccountID: accountID(0), Since: at(3 * time.Second)}))
}

func auditClips(t *testing.T, d *database) {
	long := "\xff" + strings.Repeat("长", 100)
	require.NoError(t, d.Audit.Append(t.Context(), app.AuditEntry{
		At: at(1500 * time.Nanosecond), Actor: long, Channel: long, Request: long, Action: long, AccountID: long, SagaID: long, Outcome: long,
	}))
	whole(t, d)
}

// auditTransaction: an entry is there with the change it tells of, or neither.
func auditTransaction(t *testing.T, d *database) {
	audited := func(err error) saga.WriteFunc {
		return writing(running("saga"), func(ctx context.Context) error {
			require.NoError(t, d.Accounts.Reserve(ctx, newAccount(1, "alice", "alice@example.com")))
			require.NoError(t, d.Audit.Append(ctx, auditEntry(1)))
			require.NoError(t, d.Audit.Append(ctx, auditEntry(2)), "a second one follows the first")
			return err
		})
	}
	require.ErrorIs(t, d.Journal.Begin(t.Context(), audited(errOfTest)), errOfTest)
	require.Zero(t, whole(t, d).Seq)
	require.NoError(t, d.Journal.Begin(t.Context(), audited(nil)))
	require.Equal(t, int64(2), whole(t, d).Seq)
	require.ErrorIs(t, d.Journal.Append(t.Context(), "saga", 2, audited(nil)), saga.ErrFenced)
	require.Equal(t, int64(2), whole(t, d).Seq)
}

// auditTampered: whatever is altered behind the store's back is named.
func auditTampered(t *testing.T, d *database) {
	mark := trail(t, d, 6)
	for column, value := range map[string]string{
		"at": "at + 1", "actor": "'somebody else'", "channel": "'cli'", "request": "''", "action": "'edit'",
		"account_id": "'" + accountID(9) + "'", "saga_id": "'another'", "outcome": "'aborted'", "hash": "x''",
	} {
		var row struct {
			Old any `db:"old"`
		}
		require.NoError(t, d.raw.Get(&row, "SELECT "+column+" AS old FROM audit_entries WHERE seq = 4"))
		d.exec(t, "UPDATE audit_entries SET "+column+" = "+value+" WHERE seq = 4")
		faultAt(t, d, store.AuditMark{}, 4, "altered")
		d.exec(t, "UPDATE audit_entries SET "+column+" = ? WHERE seq = 4", row.Old)
		require.Equal(t, mark, whole(t, d), "put back it is whole again: %s", column)
	}
	// Two texts whose border is moved.
	d.exec(t, "UPDATE audit_entries SET actor = 'ab', channel = 'c' WHERE seq = 4")
	faultAt(t, d, store.AuditMark{}, 4, "altered")
}

func auditReordered(t *testing.T, d *database) {
	trail(t, d, 6)
	for _, swap := range [][2]int{{2, 100}, {3, 2}, {100, 3}} {
		d.exec(t, "UPDATE audit_entries SET seq = ? WHERE seq = ?", swap[1], swap[0])
	}
	faultAt(t, d, store.AuditMark{}, 2, "another stood in its place")
}

func auditMissing(t *testing.T, d *database) {
	mark := trail(t, d, 6)
	d.exec(t, "UPDATE audit_head SET hash = x'00'")
	faultAt(t, d, mark, 6, "trail's end")
	d.exec(t, "UPDATE audit_head SET hash = ?, seq = 5", mark.Hash)
	faultAt(t, d, mark, 6, "after the trail's end")
	d.exec(t, "UPDATE audit_head SET seq = 7")
	faultAt(t, d, mark, 7, "missing")
	d.exec(t, "UPDATE audit_head SET seq = 6")
	require.Equal(t, mark, whole(t, d))

	d.exec(t, "DELETE FROM audit_entries WHERE seq = 6")
	faultAt(t, d, store.AuditMark{}, 6, "missing, as is all after it")
	d.exec(t, "DELETE FROM audit_entries WHERE seq = 3")
	faultAt(t, d, store.AuditMark{}, 3, "missing")
	d.exec(t, "DELETE FROM audit_entries WHERE seq = 1")
	faultAt(t, d, store.AuditMark{}, 1, "missing")
	d.exec(t, "DELETE FROM audit_entries")
	faultAt(t, d, store.AuditMark{}, 1, "missing")
	d.exec(t, "DELETE FROM audit_head")
	faultAt(t, d, store.AuditMark{}, 1, "head")
	require.Error(t, d.Audit.Append(t.Context(), auditEntry(1)))
}

// auditRewritten: who can write all of the database can make the hashes anew;
// the mark that was kept elsewhere shows it.
func auditRewritten(t *testing.T, d *database) {
	early := trail(t, d, 3)
	late := trail(t, d, 3)
	for _, kept := range []store.AuditMark{early, late} {
		mark, err := d.Audit.Verify(t.Context(), kept)
		require.NoError(t, err)
		require.Equal(t, late, mark)
	}
	rewrite := func(n int, change func(i int, e *app.AuditEntry)) {
		d.exec(t, "DELETE FROM audit_entries")
		d.exec(t, "UPDATE audit_head SET seq = 0, hash = x''")
		for i := range n {
			e := auditEntry(i % 3)
			change(i, &e)
			require.NoError(t, d.Audit.Append(t.Context(), e))
		}
		whole(t, d)
	}
	rewrite(6, func(int, *app.AuditEntry) {})
	require.Equal(t, late, whole(t, d), "the same entries have the same hashes")
	rewrite(6, func(i int, e *app.AuditEntry) {
		if i == 1 {
			e.Outcome = "aborted"
		}
	})
	faultAt(t, d, early, 3, "another hash than expected")
	faultAt(t, d, late, 6, "another hash than expected")
	rewrite(4, func(int, *app.AuditEntry) {})
	faultAt(t, d, late, 5, "cut off")
}

func faultAt(t *testing.T, d *database, expected store.AuditMark, seq int64, what string) {
	t.Helper()
	_, err := d.Audit.Verify(t.Context(), expected)
	var fault *store.AuditFault
	require.ErrorAs(t, err, &fault)
	require.Equal(t, seq, fault.Seq, fault.What)
	require.Contains(t, fault.What, what)
}

// auditPaged is longer than what is read at once.
func auditPaged(t *testing.T, d *database) {
	const n = 1050
	require.NoError(t, d.Journal.Begin(t.Context(), writing(running("saga"), func(ctx context.Context) error {
		for i := range n {
			if err := d.Audit.Append(ctx, auditEntry(i)); err != nil {
				return err
			}
		}
		return nil
	})))
	require.Equal(t, int64(n), whole(t, d).Seq)
	d.exec(t, "UPDATE audit_entries SET actor = '' WHERE seq = 1002")
	faultAt(t, d, store.AuditMark{}, 1002, "altered")
}

// auditRace appends from two replicas within transactions that lock accounts
// and sagas too, some of which roll back, while others verify.
func auditRace(t *testing.T, d *database) {
	journals := []*store.Store{d.Store, d.replica(t)}
	accounts := []app.Account{normal(t, d, 1, "alice"), normal(t, d, 2, "bob")}
	for i := range racers {
		begin(t, d.Journal, running(fmt.Sprint("saga", i)))
	}
	results := race(racers, func(i int) error {
		s := journals[i%2]
		if i%16 == 0 {
			_, err := s.Audit.Verify(context.Background(), store.AuditMark{})
			return err
		}
		r := running(fmt.Sprint("saga", i))
		r.Phase = saga.Committed
		a := accounts[i/2%2]
		return s.Journal.Append(context.Background(), r.ID, 1, writing(r, func(ctx context.Context) error {
			err := s.Accounts.StillAt(ctx, a.ID, a.CredentialEpoch)
			if err == nil {
				err = s.Audit.Append(ctx, auditEntry(i))
			}
			if err == nil && i%16 == 1 {
				err = errOfTest
			}
			return err
		}))
	})
	appended := 0
	for i, err := range results {
		switch {
		case i%16 == 1:
			require.ErrorIs(t, err, errOfTest)
		default:
			require.NoError(t, err)
		}
		if i%16 > 1 {
			appended++
		}
	}
	require.Equal(t, int64(appended), whole(t, d).Seq)
	entries, err := d.Audit.List(t.Context(), store.AuditFilter{Limit: racers})
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, e := range entries {
		require.False(t, seen[e.SagaID], "%s is there twice", e.SagaID)
		seen[e.SagaID] = true
	}
}
