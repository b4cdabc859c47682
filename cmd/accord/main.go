// Command accord keeps one person's account in accord on three systems: its own
// store, Gitea and object storage. See docs/operating.md.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	_ "time/tzdata" // zones of the wire do not depend on the machine
)

func main() { os.Exit(run()) }

func run() int {
	life := untilSignalled()
	defer life.release()
	if err := newRoot(life).ExecuteContext(life.ctx); err != nil {
		var code interface{ ExitCode() int }
		if errors.As(err, &code) {
			return code.ExitCode()
		}
		fmt.Fprintln(os.Stderr, "accord:", indented(err))
		return 1
	}
	return 0
}

// indented sets the lines of an error after the first off from other output.
func indented(err error) string {
	return strings.ReplaceAll(err.Error(), "\n", "\n  ")
}
