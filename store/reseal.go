package store

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"github.com/jmoiron/sqlx"
)

const (
	// resealPage is how many rows are looked at at once. As many may be written
	// in one transaction.
	resealPage = 100
	// keyMark is how long the part of a sealed value is, in bytes, that names its
	// key.
	keyMark = 5
)

// ResealOptions say what is to be sealed anew. Both are required.
type ResealOptions struct {
	// Stale are the first bytes, all of one length, of the values to seal anew.
	Stale [][]byte
	// Pace is called after each page of rows with what was done so far, and
	// returns when the next page may come; its error ends the work.
	Pace func(ctx context.Context, done Resealed) error
}

// Resealed counts values.
type Resealed struct {
	// Pages of rows were looked at.
	Pages int
	// Values sealed anew, by table and column; every sealed column is named.
	Values map[string]int
	// Overtaken were changed by somebody else at the same time, and so sealed by
	// him. Unreadable ones could not be opened and stay as they are.
	Overtaken, Unreadable int
}

// Total is the number of values sealed anew.
func (r Resealed) Total() int {
	total := 0
	for n := range maps.Values(r.Values) {
		total += n
	}
	return total
}

// Reseal goes through every sealed column once and seals anew what begins with
// one of the stale marks. A value is replaced only where it is still the one
// that was read, so that it may run beside everything else, itself on other
// replicas included; it may be cut short and repeated. What cannot be opened is
// logged and passed over. Where all was sealed anew that there was, a repeat
// comes to nothing.
func (s *Store) Reseal(ctx context.Context, o ResealOptions) (Resealed, error) {
	done := Resealed{Values: map[string]int{}}
	for _, c := range sealedColumns {
		done.Values[c.name()] = 0
	}
	if len(o.Stale) == 0 {
		return done, nil
	}
	for _, c := range sealedColumns {
		if err := s.resealColumn(ctx, c, o, &done); err != nil {
			return done, during("seal "+c.name()+" anew", err)
		}
	}
	return done, nil
}

func (s *Store) resealColumn(ctx context.Context, c sealedColumn, o ResealOptions, done *Resealed) error {
	for last := c.first(); ; {
		rows, err := s.staleRows(ctx, c, last, o.Stale)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := s.resealRows(ctx, c, rows, done); err != nil {
			return err
		}
		done.Pages++
		if err := o.Pace(ctx, *done); err != nil {
			return err
		}
		if last, err = c.key(rows[len(rows)-1].ID); err != nil {
			return err
		}
	}
}

// sealedRow is what is known of a row to seal one of its values anew.
type sealedRow struct {
	ID     string `db:"id"`
	Place  string `db:"place"`
	Part   string `db:"part"`
	Sealed []byte `db:"sealed"` // nil unless stale
}

// staleRows reads the page of rows after that key, whether there is anything
// stale in them or not: so it is bounded.
func (s *Store) staleRows(ctx context.Context, c sealedColumn, last any, stale [][]byte) ([]sealedRow, error) {
	place, part := c.place[0], c.place[1]
	if place == "" {
		place = "id"
	}
	if part == "" {
		part = "''"
	}
	query, args, err := sqlx.In(fmt.Sprintf(`SELECT id, %s AS place, %s AS part,
			CASE WHEN SUBSTR(%s, 1, ?) IN (?) THEN %[3]s END AS sealed
		FROM %[4]s WHERE id > ? ORDER BY id LIMIT ?`, place, part, c.column, c.table), len(stale[0]), stale, last, resealPage)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var rows []sealedRow
	return rows, s.db.many(ctx, &rows, query, args...)
}

func (s *Store) resealRows(ctx context.Context, c sealedColumn, rows []sealedRow, done *Resealed) error {
	var stale []sealedRow
	var fresh [][]byte
	for _, row := range rows {
		if row.Sealed == nil {
			continue
		}
		sealed, err := s.sealAnew(c, row)
		if err != nil {
			// The error is left out: the place in it may be somebody's address.
			s.db.log.ErrorContext(ctx, "a sealed value cannot be opened and stays as it is",
				"column", c.name(), "id", row.ID, "begins", fmt.Sprintf("%x", row.Sealed[:min(keyMark, len(row.Sealed))]))
			done.Unreadable++
			continue
		}
		stale, fresh = append(stale, row), append(fresh, sealed)
	}
	if len(stale) == 0 {
		return nil
	}
	replaced := 0
	err := s.db.atomically(ctx, "seal anew", func(ctx context.Context) error {
		replaced = 0
		for i, row := range stale {
			key, err := c.key(row.ID)
			if err != nil {
				return err
			}
			n, err := s.db.exec(ctx, fmt.Sprintf("UPDATE %s SET %s = ? WHERE id = ? AND %[2]s = ?", c.table, c.column), fresh[i], key, row.Sealed)
			if err != nil {
				return err
			}
			replaced += int(n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	done.Values[c.name()] += replaced
	done.Overtaken += len(stale) - replaced
	return nil
}

func (s *Store) sealAnew(c sealedColumn, row sealedRow) ([]byte, error) {
	place := row.Place
	if c.place[1] != "" {
		place += "/" + row.Part
	}
	plain, err := s.sealing.open(row.Sealed, c.table, c.column, place)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return s.sealing.seal(plain, c.table, c.column, place)
}

func (c sealedColumn) name() string { return c.table + "." + c.column }

// first is before every key of the table.
func (c sealedColumn) first() any {
	if c.number {
		return int64(0)
	}
	return ""
}

// key is a primary key as the database compares it without converting its
// column.
func (c sealedColumn) key(id string) (any, error) {
	if !c.number {
		return id, nil
	}
	return strconv.ParseInt(id, 10, 64)
}

// SealedUnder counts the sealed values of the database by the mark of their
// key, their first five bytes. It looks at every row.
func (s *Store) SealedUnder(ctx context.Context) (map[[keyMark]byte]int, error) {
	count := map[[keyMark]byte]int{}
	for _, c := range sealedColumns {
		var found []struct {
			Mark []byte `db:"mark"`
			N    int    `db:"n"`
		}
		query := fmt.Sprintf("SELECT SUBSTR(%s, 1, ?) AS mark, COUNT(*) AS n FROM %s WHERE %[1]s IS NOT NULL GROUP BY SUBSTR(%[1]s, 1, ?)",
			c.column, c.table)
		if err := s.db.many(ctx, &found, query, keyMark, keyMark); err != nil {
			return nil, during("count the sealed values", err)
		}
		for _, f := range found {
			var mark [keyMark]byte
			copy(mark[:], f.Mark)
			count[mark] += f.N
		}
	}
	return count, nil
}
