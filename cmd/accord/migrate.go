package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"accord/adapters/keyring"
	"accord/cmd/accord/internal/config"
)

func newMigrate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database to this version, and make the bucket and policy where they are missing",
		Args:  cobra.NoArgs,
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
	if err := storage.EnsureHome(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "storage: bucket %s and its policy are there\n", c.Storage.Bucket)
	return err
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
