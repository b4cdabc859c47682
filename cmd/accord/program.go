package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"accord/api"
	"accord/cmd/accord/internal/config"
)

// prepareAgain is the pause before the storage is asked again.
const prepareAgain = 5 * time.Second

// errForced tells of an end that did not wait for running sagas.
var errForced = errors.New("forced to end: what was running is left to recovery")

// program is one Accord server as a value: it listens once made, and serves
// while run works.
type program struct {
	*parts
	config   config.Config
	log      *slog.Logger
	listener net.Listener
	// metricsListener is nil where metrics are not to be read.
	metricsListener net.Listener
}

// newProgram wires a server that takes the listener over, also on an error.
func newProgram(ctx context.Context, c config.Config, listener net.Listener, log *slog.Logger) (*program, error) {
	wired, err := wire(ctx, c, log)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	metricsListener, err := listenMetrics(ctx, c.Metrics.Listen)
	if err != nil {
		return nil, errors.Join(err, listener.Close(), wired.close(ctx))
	}
	return &program{parts: wired, config: c, log: log, listener: listener, metricsListener: metricsListener}, nil
}

// url is where a client on this machine finds the server.
func (p *program) url() string { return "http://" + reachable(listensOn(p.listener, p.config.Listen)) }

// run serves until life ends or a part fails, then stops accepting, finishes
// what runs within the configured grace, hands the rest to recovery, and closes
// everything. It runs once.
func (p *program) run(life lifetime) error {
	ctx, stop := context.WithCancelCause(life.ctx)
	defer stop(nil)
	background, endBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer endBackground()

	server := api.NewHTTPServer(p.handler, p.log)
	var work sync.WaitGroup
	work.Go(func() {
		if err := server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			stop(err)
		}
	})
	work.Go(func() {
		if err := p.runner.Run(background); err != nil {
			p.log.Warn("handing sagas to recovery", "error", err)
		}
	})
	work.Go(func() { p.prepareStorage(ctx) })
	work.Go(func() {
		every(p.config.Session.SweepEvery, func(ticks <-chan time.Time) { p.service.Sweep(ctx, ticks) })
	})
	work.Go(func() {
		every(p.config.Sweep.Every, func(ticks <-chan time.Time) { p.service.ClearUp(ctx, ticks) })
	})
	work.Go(func() {
		every(p.config.Keys.Poll, func(ticks <-chan time.Time) { p.keys.Keep(ctx, ticks) })
	})
	work.Go(func() {
		reseal := resealer{store: p.store, keys: p.keys, now: time.Now, log: p.log}
		every(p.config.Keys.Poll, func(ticks <-chan time.Time) { reseal.run(ctx, ticks) })
	})
	work.Go(func() {
		every(machineRenew, func(ticks <-chan time.Time) {
			if err := p.machine.keep(background, ticks); err != nil {
				stop(err)
			}
		})
	})
	p.observeItself(ctx, &work, stop)
	p.log.Info("serving", "url", p.url(), "version", versionText(), "owner", p.machine.owner)

	<-ctx.Done()
	p.log.Info("stopping")
	p.shutDown(life.forced, server)
	endBackground()
	if !waited(life.forced, &work) {
		return errForced
	}
	return errors.Join(failure(ctx, life), p.close(life.forced))
}

// prepareStorage creates the public bucket with the generated pictures and the
// policy, or replaces a policy of another version, as soon as the storage answers.
// It logs an error if homes of an earlier version wait for `accord migrate`.
func (p *program) prepareStorage(ctx context.Context) {
	ensure := func() (struct{}, error) { return struct{}{}, ensureStorage(ctx, p.storage) }
	_, _ = backoff.Retry(ctx, ensure, // ends well, or with ctx
		backoff.WithBackOff(backoff.NewConstantBackOff(prepareAgain)), backoff.WithMaxElapsedTime(0),
		backoff.WithNotify(func(err error, _ time.Duration) {
			p.log.Warn("the storage cannot be prepared yet; this is tried again", "error", err)
		}))
	if old, err := p.storage.OldHomes(ctx); err == nil && old > 0 {
		p.log.Error("homes of an earlier version are out of their users' reach: run `accord migrate`", "homes", old)
	}
}

// shutDown lets running requests end within the grace, or until ctx does, then
// cuts them off.
func (p *program) shutDown(ctx context.Context, server *http.Server) {
	ctx, cancel := context.WithTimeout(ctx, p.config.HTTP.ShutdownGrace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		p.log.Warn("requests are cut off", "error", errors.Join(err, server.Close()))
	}
}

// waited reports whether the work ended before ctx did.
func waited(ctx context.Context, work *sync.WaitGroup) bool {
	ended := make(chan struct{})
	go func() {
		work.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return true
	case <-ctx.Done():
		return false
	}
}

// failure is why ctx ended, or nil where life itself did.
func failure(ctx context.Context, life lifetime) error {
	if life.ctx.Err() == nil {
		return context.Cause(ctx)
	}
	return nil
}

// every gives do a tick at each interval.
func every(interval time.Duration, do func(ticks <-chan time.Time)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	do(ticker.C)
}
