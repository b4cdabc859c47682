package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"

	"accord/api"
)

// listenMetrics is nil where metrics are not to be read.
func listenMetrics(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil //nolint:nilnil // no listener is no fault
	}
	return listenBy(ctx, address, "the setting metrics.listen (ACCORD_METRICS_LISTEN)")
}

// serveMetrics answers until ctx ends; who reads just then is cut off.
func (p *program) serveMetrics(ctx context.Context) error {
	server := api.NewHTTPServer(p.metrics.Handler(), p.log)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	p.log.Info("serving metrics", "url", "http://"+reachable(p.metricsListener.Addr().String())+"/metrics")
	if err := server.Serve(p.metricsListener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// observeItself serves metrics and watches over drift, each if it is configured.
func (p *program) observeItself(ctx context.Context, work *sync.WaitGroup, stop context.CancelCauseFunc) {
	if p.metricsListener != nil {
		work.Go(func() {
			if err := p.serveMetrics(ctx); err != nil {
				stop(err)
			}
		})
	}
	if watch := p.newWatch(); watch != nil {
		work.Go(func() { watch.Run(ctx) })
	}
}
