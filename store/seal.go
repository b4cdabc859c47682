package store

import (
	"fmt"
	"slices"
)

// sealedColumn is a column with sealed values. Its table has the primary key id.
type sealedColumn struct {
	table, column string
	// number: the primary key is a number.
	number bool
	// place are the columns that stand for the row in a value's place, the second
	// after a stroke; id where there are none.
	place [2]string
}

// sealedColumns are all of them: they are what is sealed anew when the
// key changes.
var sealedColumns = []sealedColumn{
	{table: "accounts", column: "attributes"},
	{table: "accounts", column: "storage_secret"},
	{table: "answers", column: "fingerprint", number: true, place: [2]string{"name"}},
	{table: "answers", column: "answer", number: true},
	{table: "challenges", column: "answer", number: true, place: [2]string{"name"}},
	{table: "codes", column: "code", number: true, place: [2]string{"target", "seq"}},
	{table: "key_check", column: "sealed", number: true},
	{table: "sagas", column: "state"},
	{table: "secrets", column: "sealed"},
}

// sealing seals single values, each bound to its place: a sealed value that is
// copied to another row, column or table does not open there.
type sealing struct{ sealer Sealer }

// seal returns nil for an empty value. It refuses what sealedColumns lacks: that
// would be left behind when its key goes.
func (s sealing) seal(plain []byte, table, column, id string) ([]byte, error) {
	if len(plain) == 0 {
		return nil, nil
	}
	if !slices.ContainsFunc(sealedColumns, func(c sealedColumn) bool { return c.table == table && c.column == column }) {
		return nil, fmt.Errorf("store: %s.%s is none of the sealed columns", table, column)
	}
	sealed, err := s.sealer.Seal(plain, place(table, column, id))
	if err != nil {
		return nil, fmt.Errorf("store: seal %s.%s: %w", table, column, err)
	}
	return sealed, nil
}

func (s sealing) open(sealed []byte, table, column, id string) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	plain, err := s.sealer.Open(sealed, place(table, column, id))
	if err != nil {
		return nil, fmt.Errorf("store: open sealed %s.%s of %s: %w", table, column, id, err)
	}
	return plain, nil
}

func place(table, column, id string) []byte {
	return []byte(table + "\x00" + column + "\x00" + id)
}
