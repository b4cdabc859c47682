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
	return db.pruneBy(ctx, table, "id", column, until, pruneBatch)
}

// pruneBy does the same for a table with another primary key, and another number
// of rows.
func (db *database) pruneBy(ctx context.Context, table, key, column string, until micros, batch int) error {
	var ids []any
	old := fmt.Sprintf("SELECT %s FROM %s WHERE %s <= ? ORDER BY %[3]s LIMIT ?", key, table, column)
	if err := db.many(ctx, &ids, old+db.dialect.lockFree, until, batch); err != nil || len(ids) == 0 {
		return err
	}
	query, args, err := sqlx.In("DELETE FROM "+table+" WHERE "+key+" IN (?)", ids)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, query, args...)
	return err
}
