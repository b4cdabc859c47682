package main

import (
	"github.com/spf13/cobra"
)

func newServe(life lifetime) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API",
		Long: "Serve the API until SIGTERM or Ctrl-C: then running requests are finished and the rest is left to recovery.\n" +
			"A second signal ends at once.",
		Args: noArgs,
	}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		listener, err := listen(cmd.Context(), c.Listen)
		if err != nil {
			return err
		}
		p, err := newProgram(cmd.Context(), c, listener, newLogger(cmd.ErrOrStderr(), c.Log))
		if err != nil {
			return err
		}
		return p.run(life)
	}
	return cmd
}
