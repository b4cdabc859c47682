package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// versionTable is where applied migrations are recorded.
const versionTable = "schema_versions"

// migrateWait is how long one replica waits for another that migrates, in seconds.
const migrateWait = 120

var (
	// ErrUnmigrated says that the database lacks migrations of this program.
	ErrUnmigrated = errors.New("store: the database is not migrated: run `accord migrate`")
	// ErrNewer says that a newer program has migrated the database.
	ErrNewer = errors.New("store: the database belongs to a newer version of accord: run that one")
)

// Migrate applies the migrations that the database lacks. Repeatable; replicas
// that start at once wait for the one that works. ErrNewer where the database
// is ahead of this program.
func (s *Store) Migrate(ctx context.Context) error {
	switch err := s.CheckSchema(ctx); {
	case err == nil:
		return s.complete(ctx) // a run that was cut off may have left it
	case !errors.Is(err, ErrUnmigrated):
		return err
	}
	provider, err := s.provider()
	if err != nil {
		return err
	}
	if s.db.dialect.goose == goose.DialectMySQL {
		err = s.migrateLocked(ctx, provider)
	} else {
		err = s.migrateRacing(ctx, provider)
	}
	if err == nil {
		err = s.plantKeys(ctx)
	}
	if err == nil {
		err = s.complete(ctx)
	}
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return s.checkKeys(ctx)
}

// complete adds what migrations cannot compute. Idempotent.
func (s *Store) complete(ctx context.Context) error {
	if err := s.plantSecrets(ctx); err != nil {
		return err
	}
	return s.foldNicknames(ctx)
}

// migrateLocked holds a server-wide lock for this database, since DDL takes no
// part in transactions. The lock goes with its connection if we die.
func (s *Store) migrateLocked(ctx context.Context, provider *goose.Provider) error {
	conn, err := s.db.write.Connx(ctx)
	if err != nil {
		return faultOf(ctx, err)
	}
	defer conn.Close() //nolint:errcheck // goes back to the pool
	const lock = "CONCAT('accord-migrate-', SHA1(DATABASE()))"
	var got int
	if err := conn.GetContext(ctx, &got, "SELECT COALESCE(GET_LOCK("+lock+", ?), 0)", migrateWait); err != nil {
		return faultOf(ctx, err)
	}
	if got != 1 {
		return fmt.Errorf("another replica has been migrating for %d s", migrateWait)
	}
	if err = s.beginVersions(ctx); err == nil {
		_, err = provider.Up(ctx)
	}
	_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK("+lock+")")
	return errors.Join(faultOf(ctx, err), faultOf(ctx, unlockErr))
}

// beginVersions writes the record of version 0 where a first run was cut off between
// the table of versions and that record: without it no migration is applied any more.
// The caller holds the lock.
func (s *Store) beginVersions(ctx context.Context) error {
	var tables int
	if err := s.db.one(ctx, &tables, s.db.dialect.tableExists, versionTable); err != nil || tables == 0 {
		return err
	}
	_, err := s.db.write.ExecContext(ctx, "INSERT INTO "+versionTable+" (version_id, is_applied) "+
		"SELECT 0, TRUE FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM "+versionTable+")")
	return err
}

// migrateRacing lets processes race: on SQLite a migration and its record are
// one transaction, so the loser of one fails without effect, and goes on with
// what is left. A failure without anybody's progress is a real one.
func (s *Store) migrateRacing(ctx context.Context, provider *goose.Provider) error {
	for {
		before, _, err := s.SchemaVersion(ctx)
		if err != nil {
			return err
		}
		_, upErr := provider.Up(ctx)
		if upErr == nil {
			return nil
		}
		after, _, err := s.SchemaVersion(ctx)
		if err != nil || after == before {
			return errors.Join(faultOf(ctx, upErr), err)
		}
	}
}

// SchemaVersion returns the version of the database, 0 where it is empty, and
// the one that this program works with. It changes nothing.
func (s *Store) SchemaVersion(ctx context.Context) (present, wanted int64, err error) {
	const op = "read the schema version"
	provider, err := s.provider()
	if err != nil {
		return 0, 0, err
	}
	sources := provider.ListSources()
	wanted = sources[len(sources)-1].Version
	var tables int
	if err := s.db.one(ctx, &tables, s.db.dialect.tableExists, versionTable); err != nil || tables == 0 {
		return 0, wanted, during(op, err)
	}
	err = s.db.one(ctx, &present, "SELECT COALESCE(MAX(version_id), 0) FROM "+versionTable)
	return present, wanted, during(op, err)
}

// Pending reports whether the database lacks migrations of this program.
func (s *Store) Pending(ctx context.Context) (bool, error) {
	present, wanted, err := s.SchemaVersion(ctx)
	return present < wanted, err
}

// CheckSchema returns nil where the database is at this program's version and
// was sealed under this key ring, else ErrUnmigrated or ErrNewer with both
// versions, ErrWrongKeys, or a fault of the database.
func (s *Store) CheckSchema(ctx context.Context) error {
	present, wanted, err := s.SchemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case present < wanted:
		return fmt.Errorf("%w (it is at version %d of %d)", ErrUnmigrated, present, wanted)
	case present > wanted:
		return fmt.Errorf("%w (it is at version %d, this program's is %d)", ErrNewer, present, wanted)
	}
	return s.checkKeys(ctx)
}

func (s *Store) provider() (*goose.Provider, error) {
	folder := "migrations/sqlite"
	if s.db.dialect.goose == goose.DialectMySQL {
		folder = "migrations/mysql"
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	provider, err := goose.NewProvider(s.db.dialect.goose, s.db.write.DB, files,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithSlog(s.db.log))
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	return provider, nil
}
