package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
)

// database is a pair of pools on one database, and what is particular to it.
// On MySQL both are the same pool. SQLite has one writer at a time, so one
// connection writes, which makes writers queue without busy errors, and the
// others only read.
type database struct {
	write, read *sqlx.DB
	dialect     dialect
	log         *slog.Logger
}

// dialect is what differs between the databases.
type dialect struct {
	goose goose.Dialect
	// lock is the end of a SELECT that locks the rows it finds until the
	// transaction ends; lockFree is one that passes over rows locked by others.
	// SQLite needs none: a transaction locks the whole database.
	lock, lockFree string
	// orElse ends an INSERT with what to set where the row exists already.
	orElse string
	// tableExists counts the tables of a name.
	tableExists string
}

var dialects = map[string]dialect{
	SQLite: {
		goose: goose.DialectSQLite3, orElse: " ON CONFLICT DO UPDATE SET ",
		tableExists: "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?",
	},
	MySQL: {
		goose: goose.DialectMySQL, lock: " FOR UPDATE", lockFree: " FOR UPDATE SKIP LOCKED", orElse: " ON DUPLICATE KEY UPDATE ",
		tableExists: "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
	},
}

func connect(ctx context.Context, o Options) (*database, error) {
	db := &database{dialect: dialects[o.Driver], log: o.Logger}
	var err error
	switch o.Driver {
	case SQLite:
		db.write, db.read, err = openSQLite(o.DSN)
	case MySQL:
		db.write, err = openMySQL(o.DSN, o.Logger)
		db.read = db.write
	default:
		err = errors.New("unknown driver: it is sqlite or mysql")
	}
	if err != nil {
		return nil, err
	}
	// Processes that switch a fresh SQLite file to WAL at once can meet a busy
	// error that the busy time-out does not cover.
	if err := db.retry(ctx, "connect", func() error { return db.ping(ctx) }); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

func (db *database) ping(ctx context.Context) error {
	for _, pool := range db.pools() {
		if err := pool.PingContext(ctx); err != nil {
			return fmt.Errorf("store: ping: %w", faultOf(ctx, err))
		}
	}
	return nil
}

func (db *database) close() error {
	var faults []error
	for _, pool := range db.pools() {
		faults = append(faults, pool.Close())
	}
	return errors.Join(faults...)
}

func (db *database) pools() []*sqlx.DB {
	if db.read == db.write {
		return []*sqlx.DB{db.write}
	}
	return []*sqlx.DB{db.write, db.read}
}
