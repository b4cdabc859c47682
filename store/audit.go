package store

import (
	"context"
	"errors"
	"time"

	"accord/app"
)

// Audit is the audit trail: entries in a chain, each with a hash over itself and
// the hash before it. It implements app.Audit. Safe for concurrent use.
type Audit struct{ db *database }

const auditColumns = "seq at actor channel request action account_id saga_id outcome hash"

type auditRow struct {
	Seq       int64  `db:"seq"`
	At        micros `db:"at"`
	Actor     string `db:"actor"`
	Channel   string `db:"channel"`
	Request   string `db:"request"`
	Action    string `db:"action"`
	AccountID string `db:"account_id"`
	SagaID    string `db:"saga_id"`
	Outcome   string `db:"outcome"`
	Hash      []byte `db:"hash"`
}

// The longest texts of an entry, in bytes: what their columns hold.
const (
	maxAction  = 128
	maxAccount = 64
	maxSaga    = 128
	maxOutcome = 64
)

func auditRowOf(e app.AuditEntry) auditRow {
	return auditRow{
		At: microsOf(e.At), Actor: clip(e.Actor, maxActor), Channel: clip(e.Channel, maxChannel), Request: clip(e.Request, maxRequest),
		Action: clip(e.Action, maxAction), AccountID: clip(e.AccountID, maxAccount), SagaID: clip(e.SagaID, maxSaga),
		Outcome: clip(e.Outcome, maxOutcome),
	}
}

func (r auditRow) entry() app.AuditEntry {
	return app.AuditEntry{
		Seq: r.Seq, At: r.At.time(), Actor: r.Actor, Channel: r.Channel, Request: r.Request,
		Action: r.Action, AccountID: r.AccountID, SagaID: r.SagaID, Outcome: r.Outcome,
	}
}

var (
	insertAudit = "INSERT INTO audit_entries (" + columns(auditColumns, "%") + ") VALUES (" + columns(auditColumns, ":%") + ")"
	selectAudit = "SELECT " + columns(auditColumns, "%") + " FROM audit_entries"
)

type auditHead struct {
	Seq  int64  `db:"seq"`
	Hash []byte `db:"hash"`
}

const selectHead = "SELECT seq, hash FROM audit_head WHERE id = 1"

// errNoHead says that the trail has been tampered with: migrations make the row.
var errNoHead = errors.New("store: the head of the audit trail is missing")

// Append implements app.Audit. Writers queue at the head row, which is hence
// locked last: after the saga's row and those of accounts.
func (a *Audit) Append(ctx context.Context, e app.AuditEntry) error {
	return a.db.atomically(ctx, "append to the audit trail", func(ctx context.Context) error {
		var head auditHead
		if err := a.db.one(ctx, &head, selectHead+a.db.dialect.lock); err != nil {
			return inPlaceOfNone(err, errNoHead)
		}
		row := auditRowOf(e)
		row.Seq = head.Seq + 1
		row.Hash = row.chained(head.Hash)
		if _, err := a.db.named(ctx, insertAudit, row); err != nil {
			return err
		}
		_, err := a.db.exec(ctx, "UPDATE audit_head SET seq = ?, hash = ? WHERE id = 1", row.Seq, row.Hash)
		return err
	})
}

// AuditFilter says which entries are wanted; fields that are set have to hold
// together.
type AuditFilter struct {
	AccountID string
	Since     time.Time
	// Before wants only entries before that place in the trail; zero for all.
	Before int64
	// Limit is how many entries are returned at most.
	Limit int
}

// List returns entries of the trail, the last first.
func (a *Audit) List(ctx context.Context, f AuditFilter) ([]app.AuditEntry, error) {
	var where conditions
	where.add(f.AccountID != "", "account_id = ?", f.AccountID)
	where.add(!f.Since.IsZero(), "at >= ?", microsOf(f.Since))
	where.add(f.Before != 0, "seq < ?", f.Before)
	var rows []auditRow
	err := a.db.many(ctx, &rows, selectAudit+where.sql()+" ORDER BY seq DESC LIMIT ?", append(where.args, f.Limit)...)
	if err != nil {
		return nil, during("list the audit trail", err)
	}
	entries := make([]app.AuditEntry, len(rows))
	for i, row := range rows {
		entries[i] = row.entry()
	}
	return entries, nil
}
