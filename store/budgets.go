package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"accord/app/verify"
)

const (
	// budgetsPruneEvery and budgetsPruneBatch say how often a charge clears up, and
	// how many rows: more than were added since, as long as a request has no more
	// than eight charges.
	budgetsPruneEvery, budgetsPruneBatch = 64, 512
	// budgetsKeep is how long a row stays after the end of its count: the last
	// charge of a count can lock for as long as the longest lock lasts.
	budgetsKeep = 24 * time.Hour
)

// budgets implements verify.Budgets.
type budgets struct {
	db      *database
	charged atomic.Int64
}

type budgetRow struct {
	Name   string `db:"name"`
	Spent  int    `db:"spent"`
	LastAt micros `db:"last_at"`
	EndsAt micros `db:"ends_at"`
}

func (r budgetRow) count() verify.Count {
	return verify.Count{Spent: r.Spent, Last: r.LastAt.time(), Ends: r.EndsAt.time()}
}

func (b *budgets) Charge(ctx context.Context, charges []verify.Charge, now time.Time) ([]verify.Hold, error) {
	const op = "charge"
	statement := b.db.chargeStatement(charges, now)
	err := b.db.alone(ctx, op, statement.text.String(), statement.args...)
	switch {
	case err == nil:
		b.prune(ctx, now)
		return nil, nil
	case !isViolated(err):
		return nil, during(op, err)
	}
	holds, err := b.holds(ctx, charges, now, "")
	if err != nil || len(holds) > 0 {
		return holds, during(op, err)
	}
	return b.chargeLocked(ctx, charges, now)
}

// chargeLocked charges under a lock on the rows: a refusal may end before Charge reads
// why.
func (b *budgets) chargeLocked(ctx context.Context, charges []verify.Charge, now time.Time) (holds []verify.Hold, err error) {
	const op = "charge alone"
	statement := b.db.chargeStatement(charges, now)
	err = b.db.atomically(ctx, op, func(ctx context.Context) error {
		holds, err = b.holds(ctx, charges, now, b.db.dialect.lock)
		if err != nil || len(holds) > 0 {
			return err
		}
		_, err := b.db.exec(ctx, statement.text.String(), statement.args...)
		if isViolated(err) { // of rows that others have added since
			return b.db.again(ctx, "a charge met others")
		}
		return err
	})
	return holds, during(op, err)
}

// holds returns the charges that have to wait; lock ends its statement.
func (b *budgets) holds(ctx context.Context, charges []verify.Charge, now time.Time, lock string) ([]verify.Hold, error) {
	var s statement
	s.add("SELECT name, spent, last_at, ends_at FROM budgets WHERE name IN (")
	for i, c := range charges {
		s.addIf(i > 0, ", ")
		s.add("?", c.Key)
	}
	s.add(") ORDER BY name" + lock)
	var rows []budgetRow
	if err := b.db.many(ctx, &rows, s.text.String(), s.args...); err != nil {
		return nil, err
	}
	var holds []verify.Hold
	for _, c := range charges {
		at := slices.IndexFunc(rows, func(r budgetRow) bool { return r.Name == c.Key })
		if at < 0 {
			continue
		}
		if _, wait := rows[at].count().Next(c.Limit, now); wait > 0 {
			holds = append(holds, verify.Hold{Charge: c, Wait: wait})
		}
	}
	return holds, nil
}

// prune removes old rows now and then. A charge within a transaction does not.
func (b *budgets) prune(ctx context.Context, now time.Time) {
	if b.charged.Add(1)%budgetsPruneEvery != 0 || b.db.in(ctx) != nil {
		return
	}
	err := b.db.atomically(ctx, "clear budgets up", func(ctx context.Context) error {
		return b.db.pruneBy(ctx, "budgets", "name", "ends_at", microsOf(now.Add(-budgetsKeep)), budgetsPruneBatch)
	})
	if err != nil { // the sweeper does it too
		b.db.log.WarnContext(ctx, "clearing up what was charged", "error", err)
	}
}

func (b *budgets) Settle(ctx context.Context, forget []string, back []verify.Receipt) error {
	const op = "settle charges"
	var s statement
	s.add("UPDATE budgets SET spent = CASE WHEN name IN (''")
	for _, key := range forget {
		s.add(", ?", key)
	}
	s.add(") THEN 0 ELSE spent - 1 END WHERE spent > 0 AND (name IN (''")
	for _, key := range forget {
		s.add(", ?", key)
	}
	s.add(")")
	for _, r := range back {
		s.add(" OR (name = ? AND ends_at > ?", r.Key, microsOf(r.At))
		if !r.Until.IsZero() {
			s.add(" AND ends_at <= ?", microsOf(r.Until))
		}
		s.add(")")
	}
	s.add(")")
	err := b.db.alone(ctx, op, s.text.String(), s.args...)
	return during(op, err)
}

// chargeStatement adds a row for every charge, or counts in the one that is
// there. The assignments read no column that one before them has changed: MySQL
// would show them its new value, and SQLite its old one.
func (db *database) chargeStatement(charges []verify.Charge, now time.Time) *statement {
	// Rows are locked in one order everywhere.
	charges = slices.SortedFunc(slices.Values(charges), func(a, b verify.Charge) int { return cmp.Compare(a.Key, b.Key) })
	at, s := microsOf(now), &statement{}
	s.add("INSERT INTO budgets (name, spent, last_at, ends_at, refused) VALUES ")
	for i, c := range charges {
		s.addIf(i > 0, ", ")
		s.add("(?, 1, ?, ?, 0)", c.Key, at, microsOf(now.Add(c.Limit.LockFor)))
	}
	s.add(db.dialect.orElse + "refused = CASE name")
	for _, c := range charges {
		s.add(" WHEN ? THEN ", c.Key)
		s.held(c.Limit, at)
	}
	s.add(" ELSE 0 END, spent = CASE WHEN ends_at <= ? THEN 1 ELSE spent + 1 END", at)
	s.add(", ends_at = CASE name")
	for _, c := range charges {
		s.add(" WHEN ? THEN ", c.Key)
		if c.Limit.InARow {
			s.add("?", microsOf(now.Add(c.Limit.LockFor)))
			continue
		}
		s.add("CASE WHEN ends_at <= ? THEN ? ELSE ends_at END", at, microsOf(now.Add(c.Limit.LockFor)))
	}
	s.add(" ELSE ends_at END, last_at = CASE WHEN last_at < ? THEN ? ELSE last_at END", at, at)
	return s
}

// held writes whether a count holds the next charge up, as verify.Count.Next
// decides: 1 or 0.
func (s *statement) held(l verify.Limit, at micros) {
	s.add("CASE WHEN spent < ? THEN 0", l.Free)
	if l.FromFirst {
		s.add(" WHEN ends_at > ? THEN 1 ELSE 0 END", at)
		return
	}
	s.add(" WHEN last_at + CASE")
	if l.LockAfter > 0 {
		s.add(" WHEN spent >= ? THEN ?", l.LockAfter, l.LockFor.Microseconds())
	}
	for n := l.Free; l.Wait(n) < l.MaxDelay && (l.LockAfter == 0 || n < l.LockAfter); n++ {
		s.add(" WHEN spent <= ? THEN ?", n, l.Wait(n).Microseconds())
	}
	s.add(" WHEN 1 = 1 THEN ? END > ? THEN 1 ELSE 0 END", l.MaxDelay.Microseconds(), at)
}

// statement is a statement that is written piece by piece.
type statement struct {
	text strings.Builder
	args []any
}

func (s *statement) add(text string, args ...any) {
	s.text.WriteString(text)
	s.args = append(s.args, args...)
}

func (s *statement) addIf(really bool, text string) {
	if really {
		s.add(text)
	}
}
