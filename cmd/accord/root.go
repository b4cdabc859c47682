package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"accord/cmd/accord/internal/config"
)

// newRoot assembles the command line.
func newRoot(life lifetime) *cobra.Command {
	root := &cobra.Command{
		Use:           "accord",
		Short:         "One account on three systems: Accord's own store, Gitea and object storage",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		newDev(life), newServe(life), newConfig(), newMigrate(), newKeys(), newAccount(), newInvite(), newSaga(), newAudit(), newSync(), newDoctor(), newReady(), newVersion(),
	)
	return root
}

// configFlag gives a command the flag that names its configuration file. The
// command's Args are set before.
func configFlag(cmd *cobra.Command) *string {
	cmd.Args = suggestConfig(cmd.Args)
	return cmd.Flags().String("config", "", "configuration `file`; settings also come from ACCORD_… variables")
}

// suggestConfig adds the flag to what is said against an argument that looks
// like a configuration file.
func suggestConfig(judge cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := judge(cmd, args)
		for _, arg := range args {
			if ext := filepath.Ext(arg); err != nil && (ext == ".yaml" || ext == ".yml") {
				return fmt.Errorf("%s takes no argument %s: did you mean --config %s?", cmd.CommandPath(), arg, arg)
			}
		}
		return err
	}
}

// loadConfig reads the configuration of a command and tells of variables that
// look like settings and are none.
func loadConfig(cmd *cobra.Command, path string) (config.Config, error) {
	c, ignored, err := config.Load(path, os.Environ())
	if err == nil {
		err = usable(c)
	}
	if err != nil {
		return c, &configFaults{err}
	}
	for _, name := range ignored {
		cmd.PrintErrf("accord: the variable %s is no setting and has no effect\n", name)
	}
	return c, nil
}

// configFaults heads the lines of all that is wrong with a configuration.
type configFaults struct{ err error }

func (f *configFaults) Error() string {
	return "the configuration cannot be used:\n" + f.err.Error()
}

func (f *configFaults) Unwrap() error { return f.err }
