package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"accord/cmd/accord/internal/config"
)

// nextSteps says how a fresh configuration becomes a running server.
const nextSteps = `wrote %[1]s. Next:
  1. in it, set what is in capitals; put each secret into the file that it names, mode 0600
  2. accord keys create --config %[1]s
  3. accord migrate --config %[1]s
  4. accord doctor --production --config %[1]s
  5. accord serve --config %[1]s
`

func newConfig() *cobra.Command {
	return newGroup("config", "Begin a configuration", newConfigInit())
}

func newConfigInit() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented configuration for production",
		Long: "Write a commented configuration for production to FILE, which must not exist, or to the standard\n" +
			"output. Set in it what is in capitals; `accord doctor --production` reports what is left to do.",
		Args: namedArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := cmd.OutOrStdout().Write(config.Production())
				return err
			}
			err := writeNew(args[0], config.Production())
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s exists already: choose another name, or remove it", args[0])
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), nextSteps, args[0])
			return err
		},
	}
}

// writeNew writes a file of mode 0600 that must not exist.
func writeNew(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(path) // the first error is the one to report
	}
	return err
}
