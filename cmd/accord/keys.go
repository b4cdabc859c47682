package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"accord/adapters/keyring"
)

func newKeys() *cobra.Command {
	keys := &cobra.Command{Use: "keys", Short: "Look after the key ring"}
	create := &cobra.Command{
		Use:   "create",
		Short: "Make the key ring that keys.file names, unless there is one",
		Args:  cobra.NoArgs,
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
			_, err = keyring.LoadOrGenerate(c.Keys.File)
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
	keys.AddCommand(create)
	return keys
}
