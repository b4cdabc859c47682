package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/spf13/cobra"

	"accord/adapters/keyring"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

func newKeys() *cobra.Command {
	create := &cobra.Command{
		Use:   "create",
		Short: "Make the key ring that keys.file names, unless there is one",
		Args:  noArgs,
	}
	path := configFlag(create)
	create.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		_, err = keyring.Load(c.Keys.File)
		found := err == nil
		if errors.Is(err, fs.ErrNotExist) {
			if err = mayHaveNewKeys(cmd.Context(), c); err == nil {
				_, err = keyring.LoadOrGenerate(c.Keys.File)
			}
		}
		if err != nil {
			return err
		}
		did := "made; keep a copy of it: without it nothing that is sealed can be opened"
		if found {
			did = "is there already and stays as it is"
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), c.Keys.File, did)
		return err
	}
	return newGroup("keys", "Look after the key ring", create, newKeysRotate(), newKeysList(), newKeysPrune())
}

// mayHaveNewKeys refuses where the database was sealed under a key ring that is
// missing now. A database that is not there yet has nothing to lose.
func mayHaveNewKeys(ctx context.Context, c config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, machineLimit)
	defer cancel()
	ring, err := keyring.Generate()
	if err != nil {
		return err
	}
	s, err := openStore(ctx, c, ring, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil // see above
	}
	defer func() { _ = s.Close() }() // only asked
	if err := s.CheckSchema(ctx); errors.Is(err, store.ErrWrongKeys) {
		return fmt.Errorf("%s is missing: %w", c.Keys.File, err)
	}
	return nil
}
