package store

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// pruneBatch is how many rows a writer clears up. It is more than it adds, so
// that a table does not grow with what has run out.
const pruneBatch = 8

// prune deletes a few rows of the table whose column is at or before that time.
// It waits for nobody: rows that others hold are passed over.
func (db *database) prune(ctx context.Context, table, column string, until micros) error {
	var ids []int64
	old := fmt.Sprintf("SELECT id FROM %s WHERE %s <= ? ORDER BY %[2]s LIMIT ?", table, column)
	if err := db.many(ctx, &ids, old+db.dialect.lockFree, until, pruneBatch); err != nil || len(ids) == 0 {
		return err
	}
	query, args, err := sqlx.In("DELETE FROM "+table+" WHERE id IN (?)", ids)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, query, args...)
	return err
}
