package store

import "fmt"

// sealing seals single values, each bound to its place: a sealed value that is
// copied to another row, column or table does not open there.
type sealing struct{ sealer Sealer }

// seal returns nil for an empty value.
func (s sealing) seal(plain []byte, table, column, id string) ([]byte, error) {
	if len(plain) == 0 {
		return nil, nil
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
