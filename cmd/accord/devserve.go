package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"accord/adapters/keyring"
	"accord/cmd/accord/internal/config"
)

const (
	// readyLimit bounds the wait for the API once it serves.
	readyLimit = 30 * time.Second
	readyAgain = 100 * time.Millisecond
)

// configHeading is above what is written into accord.yaml.
var configHeading = []string{
	"Written by `accord dev` at every start, over whatever was here: to change",
	"something, copy this file and change the copy. It holds passwords. mail.port",
	"is that of the running `accord dev` and ends with it.",
}

// prepare makes what the servers lack to work together, and writes down the
// configuration by which they do.
func (d *devRun) prepare(ctx context.Context, s *devServers) (config.Config, error) {
	c, err := d.configuration(s)
	if err != nil {
		return c, err
	}
	if err := errors.Join(c.Validate(), usable(c)); err != nil {
		return c, &configFaults{err}
	}
	ring, err := keyring.LoadOrGenerate(c.Keys.File)
	if err != nil {
		return c, err
	}
	if err := os.MkdirAll(c.SMS.Dir, 0o700); err != nil {
		return c, err
	}
	if err := prepare(ctx, c, ring, d.cmd.ErrOrStderr()); err != nil {
		return c, err
	}
	return c, c.Write(d.path(configFile), configHeading...)
}

// serveUntilEnd lets serve work until life ends, serve fails or a server ends by
// itself. dev.json is there from when everything answers until then.
func (d *devRun) serveUntilEnd(life lifetime, s *devServers, c config.Config, serve service) error {
	ctx, end := context.WithCancel(life.ctx)
	defer end()
	var group errgroup.Group
	group.Go(func() error {
		defer end()
		return serve(lifetime{ctx: ctx, forced: life.forced})
	})
	group.Go(func() error {
		defer end()
		return d.watch(ctx, s)
	})
	group.Go(func() error {
		err := d.tellReady(ctx, s, c)
		if err != nil {
			end()
		}
		if errors.Is(err, context.Canceled) {
			return life.ctx.Err() // where it is not the user, the others tell why
		}
		return err
	})
	return errors.Join(group.Wait(), d.forget())
}

// tellReady writes dev.json and tells the user once everything answers.
func (d *devRun) tellReady(ctx context.Context, s *devServers, c config.Config) error {
	if !d.serversOnly {
		ask := func() (struct{}, error) { return struct{}{}, askReady(ctx, apiURL(c)) }
		_, err := backoff.Retry(ctx, ask,
			backoff.WithBackOff(backoff.NewConstantBackOff(readyAgain)), backoff.WithMaxElapsedTime(readyLimit))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		}
	}
	if err := d.announce(s, c); err != nil {
		return err
	}
	return d.welcome(c)
}

// apiURL is where a client on this machine finds the API.
func apiURL(c config.Config) string { return "http://" + reachable(c.Listen) }
