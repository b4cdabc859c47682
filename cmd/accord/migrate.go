package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"accord/adapters/keyring"
	"accord/adapters/minio"
	"accord/cmd/accord/internal/config"
)

func newMigrate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database and the storage to this version",
		Args:  noArgs,
	}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		ring, err := keyring.Load(c.Keys.File)
		if err != nil {
			return err
		}
		return prepare(cmd.Context(), c, ring, cmd.OutOrStdout())
	}
	return cmd
}

// prepare leaves the database and the storage as serve needs them, and tells
// what it did. Repeatable.
func prepare(ctx context.Context, c config.Config, ring *keyring.Ring, out io.Writer) error {
	if err := migrate(ctx, c, ring, out); err != nil {
		return err
	}
	storage, err := newStorage(c.Storage, nil)
	if err != nil {
		return err
	}
	defer storage.Close()
	if err := ensureStorage(ctx, storage); err != nil {
		return fmt.Errorf("the database is migrated, the storage is not: %w; fix what `accord doctor` reports, then run it again", err)
	}
	if _, err := fmt.Fprintf(out, "storage: policy %s and bucket %s-public are up to date\n", c.Storage.Policy, c.Storage.Bucket); err != nil {
		return err
	}
	return upgradeStorage(ctx, c, ring, storage, out)
}

// upgradeStorage brings what an earlier version kept in one common bucket to
// this version: the access keys of sessions' credentials go into the sessions'
// rows, and homes into buckets of their own. Repeatable.
func upgradeStorage(ctx context.Context, c config.Config, ring *keyring.Ring, storage *minio.Storage, out io.Writer) (err error) {
	s, err := openStore(ctx, c, ring, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	grants := 0
	err = storage.OldGrants(ctx, func(session, accessKey string) error {
		grants++
		return s.Sessions.RecordGrant(ctx, session, accessKey, "")
	})
	if err == nil && grants > 0 {
		_, err = fmt.Fprintf(out, "storage: moved the records of %d grants into the database\n", grants)
	}
	if err != nil {
		return err
	}
	var printed error
	err = storage.MoveHomes(ctx, func(key string, objects int) {
		_, failed := fmt.Fprintf(out, "storage: moved %d objects of %s into a bucket of its own\n", objects, key)
		printed = errors.Join(printed, failed)
	})
	return errors.Join(err, printed)
}

func migrate(ctx context.Context, c config.Config, ring *keyring.Ring, out io.Writer) (err error) {
	s, err := openStore(ctx, c, ring, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	before, _, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	after, _, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "database: at version %d, was at %d\n", after, before)
	return err
}
