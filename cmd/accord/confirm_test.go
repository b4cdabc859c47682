package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte("y"), len(p))), nil
}

func TestConfirm(t *testing.T) {
	errRead := errors.New("of the test")
	for name, c := range map[string]struct {
		in   io.Reader
		want error
	}{
		"yes":               {strings.NewReader("yes\n"), nil},
		"without a newline": {strings.NewReader(" yes"), nil},
		"no":                {strings.NewReader("no\nyes\n"), errNotConfirmed},
		"nothing":           {strings.NewReader(""), errNotConfirmed},
		"without an end":    {endless{}, errNotConfirmed},
		"cannot be read":    {io.MultiReader(strings.NewReader("yes"), failing{errRead}), errRead},
	} {
		cmd, asked := &cobra.Command{}, new(bytes.Buffer)
		cmd.SetIn(c.in)
		cmd.SetErr(asked)
		require.ErrorIs(t, confirm(t.Context(), cmd, "Really?"), c.want, name)
		require.Equal(t, "Really? Type yes: ", asked.String())
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Ctrl-C at the question ends the command.
func TestConfirmEndsWithItsContext(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	read, write := io.Pipe()
	t.Cleanup(func() { require.NoError(t, write.Close()) })
	cmd := &cobra.Command{}
	cmd.SetIn(read)
	cmd.SetErr(writing(end))
	require.ErrorIs(t, confirm(ctx, cmd, "Really?"), errNotConfirmed)
}

// writing is called when something is written.
type writing func()

func (w writing) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}
