package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// newGroup returns a command that only has subcommands. Alone it prints its
// help; an argument that names no subcommand is an error, whatever flags are
// beside it.
func newGroup(use, short string, subcommands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use:   use,
		Short: short,
		// The flags are a subcommand's: which one is unknown.
		DisableFlagParsing: true, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			var flag string
			for i, arg := range args {
				switch {
				case arg == "-h", arg == "--help":
					return cmd.Help()
				case !strings.HasPrefix(arg, "-"):
					// It may be the value of the flag before it.
					if i == 0 || !takesValue(args[i-1]) {
						return unknownCommand(cmd, arg)
					}
				case flag == "":
					flag = arg
				}
			}
			if flag != "" {
				return fmt.Errorf("unknown flag: %s; %s takes a command first: see %s --help", flag, cmd.CommandPath(), cmd.CommandPath())
			}
			return cmd.Help()
		},
	}
	group.AddCommand(subcommands...)
	return group
}

// takesValue reports whether the argument is a flag whose value may be the next
// argument.
func takesValue(arg string) bool {
	return strings.HasPrefix(arg, "-") && arg != "--" && !strings.Contains(arg, "=")
}

// unknownCommand returns the error for an argument that names no subcommand,
// with those that it resembles.
func unknownCommand(cmd *cobra.Command, arg string) error {
	text := fmt.Sprintf("unknown command %q for %q", arg, cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if like := cmd.SuggestionsFor(arg); len(like) > 0 {
		return fmt.Errorf("%s. Did you mean %s?", text, strings.Join(like, " or "))
	}
	if cmd.HasAvailableSubCommands() {
		text += "; see " + cmd.CommandPath() + " --help"
	}
	return errors.New(text)
}

// noArgs refuses arguments: of a command with subcommands, they are mistyped
// names.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownCommand(cmd, args[0])
}

// flagError returns the error for flags that a command does not have. Beside a
// mistyped subcommand, which the flags may belong to, that name is the error.
func flagError(cmd *cobra.Command, err error) error {
	if cmd.HasSubCommands() && cmd.Flags().NArg() > 0 {
		return unknownCommand(cmd, cmd.Flags().Arg(0))
	}
	return err
}

// repeated returns the command line with those of the flags that were given, for
// a hint.
func repeated(cmd *cobra.Command, flags ...string) string {
	line := cmd.CommandPath()
	for _, name := range flags {
		f := cmd.Flags().Lookup(name)
		if !f.Changed {
			continue
		}
		line += " --" + name
		if f.Value.Type() != "bool" {
			line += " " + shellWord(f.Value.String())
		}
	}
	return plainText(line)
}

// shellWord quotes a text for a POSIX shell if it needs quotes.
func shellWord(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:@%+,=", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// namedArgs demands the arguments that the command's Use line names; those in
// brackets may be missing.
func namedArgs(cmd *cobra.Command, args []string) error {
	names := strings.Fields(cmd.Use)[1:]
	needed := 0
	for needed < len(names) && !strings.HasPrefix(names[needed], "[") {
		needed++
	}
	switch {
	case len(args) < needed:
		return fmt.Errorf("missing %s; usage: %s", strings.Join(names[len(args):needed], " and "), cmd.UseLine())
	case len(args) > len(names):
		return fmt.Errorf("unexpected argument %q; usage: %s", args[len(names)], cmd.UseLine())
	}
	return nil
}
