package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"

	"accord/api"
)

// listenMetrics opens the operators' listener; nil if none is configured.
func listenMetrics(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil //nolint:nilnil // no listener is no fault
	}
	return listenBy(ctx, address, "the setting metrics.listen (ACCORD_METRICS_LISTEN)")
}

// serveMetrics serves metrics and the details of readiness to operators until
// ctx ends; requests under way are cut off then.
func (p *program) serveMetrics(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.Handle("/", p.metrics.Handler())
	mux.Handle("GET /readyz", p.ready)
	server := api.NewHTTPServer(mux, p.log)
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
