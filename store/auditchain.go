package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// chainFormat begins what an entry's hash covers, so that the hash of another
// format is another.
const chainFormat = "accord audit 1"

// chained is the hash of an entry that follows one of that hash: SHA-256 over
// format, hash before, place, time in microseconds, and the texts in the order
// of their columns. Numbers have 8 bytes, the most significant first; before
// each text and hash goes its length, so that no two entries are written alike.
func (r auditRow) chained(before []byte) []byte {
	var b []byte
	text := func(s string) {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	text(chainFormat)
	text(string(before))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Seq)) //nolint:gosec // the bits are what counts
	b = binary.BigEndian.AppendUint64(b, uint64(r.At))  //nolint:gosec // the bits are what counts
	for _, s := range []string{r.Actor, r.Channel, r.Request, r.Action, r.AccountID, r.SagaID, r.Outcome} {
		text(s)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// AuditMark names one state of the trail: its last entry and that one's hash.
// Kept elsewhere, it shows later that the trail up to it is what it was.
type AuditMark struct {
	Seq  int64
	Hash []byte
}

// String is SEQ:HASH, the hash in hexadecimal.
func (m AuditMark) String() string { return fmt.Sprintf("%d:%x", m.Seq, m.Hash) }

// ParseAuditMark reads what String wrote.
func ParseAuditMark(text string) (AuditMark, error) {
	number, hash, _ := strings.Cut(text, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	sum, hexErr := hex.DecodeString(hash)
	if err != nil || hexErr != nil || seq < 0 || len(sum) != sha256.Size && (seq > 0 || len(sum) > 0) {
		return AuditMark{}, fmt.Errorf("%q is no SEQ:HASH as `accord audit verify` prints it", text)
	}
	return AuditMark{seq, sum}, nil
}

// AuditFault says where the trail is not what was written.
type AuditFault struct {
	// Seq is the first entry that is at fault.
	Seq  int64
	What string
}

func (f *AuditFault) Error() string {
	return fmt.Sprintf("the audit trail is broken at entry %d: %s", f.Seq, f.What)
}

// verifyPage is how many entries are read at once.
const verifyPage = 1000

// Verify walks the trail from its beginning and returns the mark of its end. It
// returns an *AuditFault for the first entry that was altered or is missing, and
// where the trail is not the one that had the expected mark; the zero mark
// expects nothing. Entries that are added meanwhile are not looked at. It locks
// nothing.
func (a *Audit) Verify(ctx context.Context, expected AuditMark) (AuditMark, error) {
	const op = "verify the audit trail"
	end, err := a.end(ctx)
	if err != nil {
		return AuditMark{}, during(op, err)
	}
	var at AuditMark
	for at.Seq < end.Seq {
		var rows []auditRow
		query := selectAudit + " WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
		if err := a.db.many(ctx, &rows, query, at.Seq, end.Seq, verifyPage); err != nil {
			return at, during(op, err)
		}
		if len(rows) == 0 {
			return at, &AuditFault{at.Seq + 1, fmt.Sprintf("it is missing, as is all after it; the trail's end says there are %d", end.Seq)}
		}
		for _, row := range rows {
			if err := at.follow(row, expected); err != nil {
				return at, err
			}
		}
	}
	switch {
	case !bytes.Equal(at.Hash, end.Hash):
		return at, &AuditFault{end.Seq, "the trail's end does not have its hash: one of the two was altered"}
	case expected.Seq > end.Seq:
		return at, &AuditFault{end.Seq + 1, fmt.Sprintf("it is missing: the trail was cut off, it once reached entry %d", expected.Seq)}
	}
	return at, nil
}

// follow goes on to the next entry.
func (m *AuditMark) follow(row auditRow, expected AuditMark) error {
	switch {
	case row.Seq != m.Seq+1:
		return &AuditFault{m.Seq + 1, "it is missing"}
	case !bytes.Equal(row.Hash, row.chained(m.Hash)):
		return &AuditFault{row.Seq, "it was altered, or another stood in its place"}
	case row.Seq == expected.Seq && !bytes.Equal(row.Hash, expected.Hash):
		return &AuditFault{row.Seq, "it has another hash than expected: it or one before it was altered, and the hashes made anew"}
	}
	m.Seq, m.Hash = row.Seq, row.Hash
	return nil
}

// end reads the head, which has to be that of the last entry; both in one
// statement, since others append.
func (a *Audit) end(ctx context.Context) (auditHead, error) {
	var found struct {
		auditHead
		Last int64 `db:"last"`
	}
	err := a.db.one(ctx, &found, "SELECT seq, hash, (SELECT COALESCE(MAX(seq), 0) FROM audit_entries) AS last FROM audit_head WHERE id = 1")
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return auditHead{}, &AuditFault{1, errNoHead.Error()}
	case err != nil:
		return auditHead{}, err
	case found.Last > found.Seq:
		return auditHead{}, &AuditFault{found.Seq + 1, fmt.Sprintf("it is after the trail's end, which says there are %d", found.Seq)}
	}
	return found.auditHead, nil
}
