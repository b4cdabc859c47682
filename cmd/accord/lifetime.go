package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// lifetime is how long a command may run: ctx ends with the first signal, which
// asks for an orderly end, and forced with the second, which does not wait.
type lifetime struct {
	ctx, forced context.Context
	release     func()
}

// untilSignalled ends with SIGINT and SIGTERM. The caller releases it.
func untilSignalled() lifetime {
	ctx, end := context.WithCancel(context.Background())
	forced, force := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for _, act := range []func(){end, force} {
			select {
			case <-signals:
				act()
			case <-done:
				return
			}
		}
	}()
	return lifetime{ctx: ctx, forced: forced, release: func() {
		signal.Stop(signals)
		close(done)
		end()
		force()
	}}
}
