package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// errNotConfirmed says that nothing was done.
var errNotConfirmed = errors.New("not confirmed: nothing was changed; --yes does not ask")

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 100

// confirm asks whether to go on: nil where the answer is yes, errNotConfirmed
// where it is anything else, or there is none before ctx ends.
func confirm(ctx context.Context, cmd *cobra.Command, question string) error {
	type answer struct {
		line string
		err  error
	}
	cmd.PrintErr(question + " Type yes: ")
	answers := make(chan answer, 1)
	go func() { // ends with the process where nobody answers
		line, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), maxAnswer)).ReadString('\n')
		answers <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return errNotConfirmed
	case a := <-answers:
		if a.err != nil && !errors.Is(a.err, io.EOF) {
			return a.err
		}
		if strings.TrimSpace(a.line) != "yes" {
			return errNotConfirmed
		}
		return nil
	}
}
